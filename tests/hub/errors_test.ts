import { equal, ok, rejects } from "@std/assert";
import { LanguageModel, type LoadOptions } from "../../mod.ts";
import { modelFiles, temporaryCache } from "../support/hub_model.ts";
import { HubServer, type Intervention, problem, repository } from "../support/hub_server.ts";

const FILES = await modelFiles();
const { "model.safetensors": _weights, ...WITHOUT_WEIGHTS } = FILES;
const { "tokenizer.json": _tokenizer, ...WITHOUT_TOKENIZER } = FILES;
const ONE = new Uint8Array(1);
const REPOSITORIES = {
  "owner/tiny": repository(FILES),
  "owner/gated": repository(FILES, { token: "hf_right" }),
  "owner/pickled": repository({ ...WITHOUT_WEIGHTS, "pytorch_model.bin": ONE }),
  "owner/empty": repository({ "README.md": ONE }),
  "owner/weightless": repository(WITHOUT_WEIGHTS),
  "owner/mute": repository(WITHOUT_TOKENIZER),
};

const CASES: readonly {
  readonly name: string;
  readonly id: string;
  readonly options?: LoadOptions;
  readonly intervene?: Intervention;
  readonly message: RegExp;
}[] = [
  {
    name: "the id is unknown",
    id: "owner/typo",
    message:
      /^Cannot load "owner\/typo" as config\.json could not .* answered 401 \("Repository not found"\); check that http:.*\/owner\/typo is the model that you mean, and pass a token/,
  },
  {
    name: "the revision is unknown",
    id: "owner/tiny",
    options: { revision: "v9" },
    message: /answered 404 \("Invalid rev id: v9"\); "owner\/tiny" has no revision "v9"; pass a branch/,
  },
  {
    name: "the model is gated and there is no token",
    id: "owner/gated",
    message: /answered 401 .*; the model is gated: accept its terms at http:.*\/owner\/gated then pass a token/,
  },
  {
    name: "the token is wrong",
    id: "owner/gated",
    options: { token: "hf_wrong" },
    message: /answered 401 \("Invalid credentials in Authorization header"\); the token was not accepted/,
  },
  {
    name: "the terms are not accepted",
    id: "owner/tiny",
    options: { token: "hf_other" },
    intervene: () => problem(403, "GatedRepo"),
    message: /answered 403; the model is gated: accept its terms at .* with the account of your token$/,
  },
  {
    name: "the weights alone are refused",
    id: "owner/tiny",
    intervene: ({ path }) => path.endsWith("model.safetensors") ? problem(403) : undefined,
    message: /^Cannot load "owner\/tiny" as model\.safetensors could not be fetched: .* answered 403;/,
  },
  {
    name: "it has pickled weights only",
    id: "owner/pickled",
    message:
      /owner\/pickled has its weights as pytorch_model\.bin only, .*; convert it with Python .*\npython -c 'from transformers import .*save_pretrained\("model"\)/,
  },
  {
    name: "it has no configuration",
    id: "owner/empty",
    message: /owner\/empty has no config\.json; it is no transformers model$/,
  },
  {
    name: "it has no weights",
    id: "owner/weightless",
    message: /owner\/weightless has no model\.safetensors; load it from/,
  },
  {
    name: "it has no tokenizer",
    id: "owner/mute",
    message: /has neither tokenizer\.json nor vocab\.json with merges\.txt/,
  },
  {
    name: "it is not in the cache and the network is not to be used",
    id: "owner/tiny",
    options: { localFilesOnly: true },
    message:
      /^Cannot load "owner\/tiny" offline as config\.json of revision "main" is not in the cache .*; load it once without/,
  },
  {
    name: "the server is no hub",
    id: "owner/tiny",
    intervene: () => new Response("<html>"),
    message: /config\.json came without a usable X-Repo-Commit and ETag; check that http:.* is the address of a hub$/,
  },
  {
    name: "the server redirects in circles",
    id: "owner/tiny",
    intervene: ({ path }) => new Response(null, { status: 302, headers: { location: path } }),
    message: /config\.json was redirected 11 times, at last to .*; check the address of the hub$/,
  },
];

for (const { name, id, options, intervene, message } of CASES) {
  Deno.test(`fromPretrained() says so when ${name}`, async () => {
    await using hub = new HubServer(REPOSITORIES);
    await using cache = await temporaryCache();
    if (intervene) hub.intervene = intervene;
    const all = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm", ...options } as const;
    await rejects(LanguageModel.fromPretrained(id, all), { name: "Error", message });
    ok(hub.fetched.every(({ path }) => !path.startsWith("/cdn/")), "weights were fetched");
  });
}

Deno.test("fromPretrained() says so when there is no network", async () => {
  await using cache = await temporaryCache();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  listener.close();
  const options = { endpoint, cacheDir: cache.path };
  await rejects(LanguageModel.fromPretrained("gpt2", options), {
    name: "Error",
    message:
      /^Cannot load "gpt2" as config\.json could not be fetched from http:\/\/127\.0\.0\.1:\d+: .*refused.*; check the connection/,
  });
});

Deno.test("fromPretrained() refuses options that cannot be meant", async () => {
  const refuses = (options: LoadOptions, message: RegExp) =>
    rejects(LanguageModel.fromPretrained("gpt2", { localFilesOnly: true, ...options }), { name: "TypeError", message });
  await refuses({ endpoint: "huggingface.co" }, /^Cannot use "huggingface\.co" as the address of a hub; pass an http/);
  await refuses({ revision: "../main" }, /^Cannot use "\.\.\/main" as a revision/);
  await refuses({ token: "hf _" }, /^Cannot use the token of the hub as it has a space/);
  await refuses({ cacheDir: "" }, /^Cannot use "" as cacheDir/);
});

for (const id of ["a/b/c", "-gpt2", "gpt2-", "owner/", "my--model", "a..b", "gpt 2"]) {
  Deno.test(`fromPretrained() does not ask a hub for ${JSON.stringify(id)}`, async () => {
    await using hub = new HubServer({});
    const options = { endpoint: hub.endpoint };
    await rejects(
      LanguageModel.fromPretrained(id, options),
      /^Error: Cannot load ".*" as there is no such directory; pass the id/,
    );
    equal(hub.seen.length, 0);
  });
}

Deno.test("fromPretrained() takes no page of the hub for a directory", async () => {
  for (const page of ["gpt2", "openai-community/gpt2", "openai-community/gpt2/tree/main"]) {
    const name = page.replace("/tree/main", "");
    await rejects(LanguageModel.fromPretrained(new URL(page, "https://huggingface.co/")), {
      name: "Error",
      message: `Cannot load "https://huggingface.co/${page}" as it is a page of the hub; ` +
        `pass the id of the model, "${name}"`,
    });
  }
});

/** A configuration of the shape of gpt2-xl, whose weights take 6.2 GB. */
const XL = new TextEncoder().encode(JSON.stringify({ model_type: "gpt2", n_embd: 1600, n_layer: 48, n_head: 25 }));

Deno.test("fromPretrained() refuses what cannot fit into wasm before its weights are fetched", async () => {
  await using hub = new HubServer({ "gpt2-xl": repository({ ...FILES, "config.json": XL }) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  await rejects(LanguageModel.fromPretrained("gpt2-xl", options), {
    name: "RangeError",
    message: 'Cannot load "gpt2-xl" on wasm as its weights take 5.8 GiB and wasm can address 4.0 GiB; ' +
      'pass backend: "native", or take a smaller model',
  });
  equal(hub.fetched.length, 1);
});

Deno.test("fromPretrained() refuses what fits into wasm only without prepack", async () => {
  const large = { "model_type": "gpt2", "n_embd": 1280, "n_layer": 36, "n_head": 20 };
  const config = new TextEncoder().encode(JSON.stringify(large));
  await using hub = new HubServer({ "gpt2-large": repository({ ...FILES, "config.json": config }) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm", prepack: true } as const;
  await rejects(LanguageModel.fromPretrained("gpt2-large", options), {
    name: "RangeError",
    message: 'Cannot load "gpt2-large" on wasm as its weights take 2.9 GiB, stored twice 8.4 GiB, and wasm can ' +
      'address 4.0 GiB; leave out prepack, or pass backend: "native", or take a smaller model',
  });
  equal(hub.fetched.length, 1);
});

Deno.test({
  name: "fromPretrained() refuses what only fits natively where native is not permitted",
  permissions: { read: true, write: true, net: true, ffi: false },
  async fn() {
    await using hub = new HubServer({ "gpt2-xl": repository({ ...FILES, "config.json": XL }) });
    await using cache = await temporaryCache();
    const options = { endpoint: hub.endpoint, cacheDir: cache.path };
    await rejects(
      LanguageModel.fromPretrained("gpt2-xl", options),
      /run Deno with --allow-ffi and backend "native" or "auto"/,
    );
    equal(hub.fetched.length, 1);
  },
});
