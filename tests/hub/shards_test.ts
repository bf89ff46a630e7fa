import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { checkpointCopy, openGolden } from "../support/goldens.ts";
import { modelFiles, temporaryCache } from "../support/hub_model.ts";
import { HubServer, repository } from "../support/hub_server.ts";
import { split } from "../support/shards.ts";

const { "model.safetensors": whole, ...rest } = await modelFiles();
const SHARDS = split(whole!, 3);
const IDS = (await openGolden("f32")).prompts.long!.tokenIds;

/** A directory with the weights in three files; `change` may damage them. */
function shardedCopy(change: (files: Record<string, Uint8Array>) => void = () => {}) {
  return checkpointCopy("f32", async (directory) => {
    const files: Record<string, Uint8Array> = { ...SHARDS };
    change(files);
    await Deno.remove(`${directory}/model.safetensors`);
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${directory}/${name}`, bytes);
  });
}

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`fromPretrained() loads weights in several files on ${backend}, from a directory and from a hub`, async () => {
    await using copy = await shardedCopy();
    await using local = await LanguageModel.fromPretrained(copy.directory, { backend });
    deepEqual((await local.generate(IDS.slice(0, 20), { maxNewTokens: 8 })).tokenIds, IDS);
    await using hub = new HubServer({ "owner/sharded": repository({ ...rest, ...SHARDS }) });
    await using cache = await temporaryCache();
    const options = { backend, endpoint: hub.endpoint, cacheDir: cache.path };
    await using model = await LanguageModel.fromPretrained("owner/sharded", options);
    deepEqual((await model.generate(IDS.slice(0, 20), { maxNewTokens: 8 })).tokenIds, IDS);
    hub.seen.length = 0;
    await using _again = await LanguageModel.fromPretrained("owner/sharded", options);
    deepEqual(hub.seen.map(({ method }) => method), ["HEAD"]);
    await using _offline = await LanguageModel.fromPretrained("owner/sharded", { ...options, localFilesOnly: true });
    equal(hub.seen.length, 1);
  });
}

const [FIRST, SECOND] = Object.keys(SHARDS) as [string, string];
const INDEX = "model.safetensors.index.json";
const setIndex = (change: (map: Record<string, unknown>) => void) => (files: Record<string, Uint8Array>) => {
  const index = JSON.parse(new TextDecoder().decode(files[INDEX]));
  change(index.weight_map);
  files[INDEX] = new TextEncoder().encode(JSON.stringify(index));
};

for (
  const [what, change, name, message] of [
    [
      "a file is missing",
      (files) => delete files[SECOND],
      "Error",
      /as model-00002-of-00003\.safetensors is missing from file:.*; it must be there$/,
    ],
    [
      "two files hold the same weight",
      (files) => files[SECOND] = files[FIRST]!,
      "RangeError",
      /as both .*00001.* and .*00002.* have it$/,
    ],
    [
      "the index names the wrong file",
      setIndex((map) => map["transformer.wpe.weight"] = FIRST),
      "RangeError",
      /says that it is in model-00001/,
    ],
    [
      "the index leaves the folder",
      setIndex((map) => map["a"] = "../a.safetensors"),
      "SyntaxError",
      /"a" is in no such file: "\.\.\/a/,
    ],
    [
      "the index is empty",
      (files) => files[INDEX] = new TextEncoder().encode("{}"),
      "SyntaxError",
      /weight_map is not an object/,
    ],
  ] satisfies [string, (files: Record<string, Uint8Array>) => unknown, string, RegExp][]
) {
  Deno.test(`fromPretrained() refuses weights in several files when ${what}`, async () => {
    await using copy = await shardedCopy((files) => void change(files));
    await rejects(LanguageModel.fromPretrained(copy.directory, { backend: "wasm" }), { name, message });
  });
}

Deno.test("fromPretrained() says which of several files a repository lacks, before it fetches any", async () => {
  const { [SECOND]: _, ...others } = SHARDS;
  await using hub = new HubServer({ "owner/sharded": repository({ ...rest, ...others }) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path };
  await rejects(
    LanguageModel.fromPretrained("owner/sharded", options),
    /has no model-00002-of-00003\.safetensors, which/,
  );
  ok(hub.fetched.every(({ path }) => !path.startsWith("/cdn/")));
});
