import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../mod.ts";
import { openGolden } from "../support/goldens.ts";
import { listing, modelFiles, temporaryCache } from "../support/hub_model.ts";
import { COMMIT, gitHash, HubServer, repository, sha256 } from "../support/hub_server.ts";

const FILES = await modelFiles();
const { prompts } = await openGolden("f32");
const IDS = prompts.long!.tokenIds;
const WEIGHTS = sha256(FILES["model.safetensors"]!);

Deno.test("fromPretrained() downloads a model by its id, and the next time asks once and fetches nothing", async () => {
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  for (const again of [false, true]) {
    hub.seen.length = 0;
    await using model = await LanguageModel.fromPretrained("owner/tiny", options);
    equal(model.id, "owner/tiny");
    deepEqual((await model.generate(IDS.slice(0, 20), { maxNewTokens: 8 })).tokenIds, IDS);
    if (!again) continue;
    deepEqual(hub.seen.map(({ method, path }) => `${method} ${path}`), ["HEAD /owner/tiny/resolve/main/config.json"]);
  }
  hub.seen.length = 0;
  await using _offline = await LanguageModel.fromPretrained("owner/tiny", { ...options, localFilesOnly: true });
  await using _pinned = await LanguageModel.fromPretrained("owner/tiny", { ...options, revision: COMMIT });
  deepEqual(hub.seen, []);
});

Deno.test("fromPretrained() lays the cache out as Python's huggingface_hub does", async () => {
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  await using _model = await LanguageModel.fromPretrained("owner/tiny", options);
  const [config, tokenizer] = ["config.json", "tokenizer.json"].map((name) => gitHash(FILES[name]!));
  const model = "models--owner--tiny";
  deepEqual(
    await listing(cache.path),
    [
      ...[config, tokenizer, WEIGHTS].map((etag) => `.locks/${model}/${etag}.lock`),
      `${model}/.no_exist/${COMMIT}/chat_template.jinja`,
      `${model}/.no_exist/${COMMIT}/generation_config.json`,
      `${model}/.no_exist/${COMMIT}/tokenizer_config.json`,
      ...[config, tokenizer, WEIGHTS].map((etag) => `${model}/blobs/${etag}`),
      `${model}/refs/main`,
      `${model}/snapshots/${COMMIT}/config.json -> ../../blobs/${config}`,
      `${model}/snapshots/${COMMIT}/model.safetensors -> ../../blobs/${WEIGHTS}`,
      `${model}/snapshots/${COMMIT}/tokenizer.json -> ../../blobs/${tokenizer}`,
    ].sort(),
  );
  equal(await Deno.readTextFile(`${cache.path}/${model}/refs/main`), COMMIT);
});

Deno.test('fromPretrained("gpt2") follows the hub to where the model is, and keeps the name', async () => {
  await using hub = new HubServer({ "openai-community/gpt2": repository(FILES) });
  await using cache = await temporaryCache();
  const options = { endpoint: `${hub.endpoint}/`, cacheDir: cache.path, backend: "wasm" } as const;
  await using model = await LanguageModel.fromPretrained("gpt2", options);
  equal(model.id, "gpt2");
  ok((await listing(cache.path)).includes("models--gpt2/refs/main"));
});

Deno.test("fromPretrained() takes a directory before a model of the hub of the same name", async () => {
  await using hub = new HubServer({});
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  await using model = await LanguageModel.fromPretrained("models", options);
  equal(model.config.nLayer, 6);
  deepEqual(hub.seen, []);
});

Deno.test("fromPretrained() loads another revision beside the first, and shares what is the same", async () => {
  const [first, second] = ["a", "b"].map((digit) => digit.repeat(40)) as [string, string];
  const changed = {
    ...FILES,
    "config.json": new TextEncoder().encode(new TextDecoder().decode(FILES["config.json"]) + " "),
  };
  await using hub = new HubServer({
    "owner/tiny": { revisions: { main: first, "refs/pr/1": second }, commits: { [first]: FILES, [second]: changed } },
  });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  await using _first = await LanguageModel.fromPretrained("owner/tiny", options);
  hub.seen.length = 0;
  await using _second = await LanguageModel.fromPretrained("owner/tiny", { ...options, revision: "refs/pr/1" });
  deepEqual(hub.fetched.map(({ path }) => path), ["/owner/tiny/resolve/refs%2Fpr%2F1/config.json"]);
  equal(await Deno.readTextFile(`${cache.path}/models--owner--tiny/refs/refs/pr/1`), second);

  hub.repositories["owner/tiny"] = { ...hub.repositories["owner/tiny"]!, revisions: { main: second } };
  hub.seen.length = 0;
  await using _moved = await LanguageModel.fromPretrained("owner/tiny", options);
  deepEqual(hub.fetched, []);
  equal(await Deno.readTextFile(`${cache.path}/models--owner--tiny/refs/main`), second);
});

Deno.test("fromPretrained() uses the cache when the hub fails, and not when the revision is gone", async () => {
  await using cache = await temporaryCache();
  const hub = new HubServer({ "owner/tiny": repository(FILES) });
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  {
    await using _hub = hub;
    await using _model = await LanguageModel.fromPretrained("owner/tiny", options);
    for (const status of [401, 403, 429, 500, 503]) {
      hub.intervene = () => new Response(null, { status });
      await using _again = await LanguageModel.fromPretrained("owner/tiny", options);
    }
    hub.intervene = () => undefined;
    hub.repositories["owner/tiny"] = { revisions: {}, commits: {} };
    await rejects(LanguageModel.fromPretrained("owner/tiny", options), /has no revision "main"/);
  }
  await using _unreachable = await LanguageModel.fromPretrained("owner/tiny", options);
});

Deno.test("fromPretrained() sends the token to the hub and to nobody else", async () => {
  await using hub = new HubServer({ "owner/gated": repository(FILES, { token: "hf_right" }) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm", token: "hf_right\n" } as const;
  await using _model = await LanguageModel.fromPretrained("owner/gated", options);
  const sent = Map.groupBy(hub.seen, ({ path }) => path.startsWith("/cdn/"));
  ok(sent.get(true)!.length > 0 && sent.get(true)!.every(({ authorization }) => authorization === null));
  ok(sent.get(false)!.every(({ authorization }) => authorization === "Bearer hf_right"));
});

Deno.test("fromPretrained() reports the bytes of a download, and then the loading", async () => {
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  await using cache = await temporaryCache();
  const seen: Progress[] = [];
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  await using _model = await LanguageModel.fromPretrained("owner/tiny", {
    ...options,
    onProgress: (p) => seen.push(p),
  });
  const downloads = seen.filter(({ task }) => task === "download");
  const { completed, total, message, secondsLeft } = downloads.at(-1)!;
  equal(total, FILES["tokenizer.json"]!.length + FILES["model.safetensors"]!.length);
  equal(completed, total);
  equal(secondsLeft, 0);
  match(message, /^owner\/tiny: model\.safetensors 39 KiB of 39 KiB/);
  deepEqual(
    seen.slice(downloads.length).map(({ task, completed }) => [task, completed]),
    [0, 1, 2, 3, 4].map((n) => ["load", n]),
  );
});
