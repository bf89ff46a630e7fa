import { deepEqual, equal, rejects } from "@std/assert";
import { readSettings } from "../../src/hub/settings.ts";
import { findSnapshot } from "../../src/hub/snapshot.ts";
import { temporaryCache } from "../support/hub_model.ts";
import { HubServer, repository } from "../support/hub_server.ts";

const VARIABLES = [
  ...["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HOME", "HF_ENDPOINT", "HF_TOKEN"],
  ...["HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"],
  ...["HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_DOWNLOAD_TIMEOUT"],
];

/** Sets the environment until the scope ends; variables that are not named are not set. */
function environment(values: Readonly<Record<string, string>>): Disposable {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of VARIABLES) Deno.env.delete(name);
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]: () =>
      before.forEach(([name, value]) => value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value)),
  };
}

for (
  const [env, cacheDir] of [
    [{ HOME: "/home/me" }, "/home/me/.cache/huggingface/hub"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "/xdg" }, "/xdg/huggingface/hub"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "/xdg", HF_HOME: "~/hf" }, "/home/me/hf/hub"],
    [{ HOME: "/home/me", HF_HOME: "$HOME/a/${HOME}" }, "/home/me/a//home/me/hub"],
    [{ HF_HOME: "/hf", HUGGINGFACE_HUB_CACHE: "/old" }, "/old"],
    [{ HF_HOME: "/hf", HUGGINGFACE_HUB_CACHE: "/old", HF_HUB_CACHE: "/new/" }, "/new"],
    [{}, "./.cache/huggingface/hub"],
  ] as const
) {
  Deno.test(`readSettings() finds the cache by ${JSON.stringify(env)}`, async () => {
    using _env = environment(env);
    equal((await readSettings({})).cacheDir, cacheDir);
    equal((await readSettings({ cacheDir: "/mine" })).cacheDir, "/mine");
  });
}

Deno.test("readSettings() takes options before the environment, and that before the defaults", async () => {
  await using folder = await temporaryCache();
  using _env = environment({ HF_HOME: folder.path });
  const { endpoint, token, offline, revision } = await readSettings({});
  deepEqual([endpoint, token, offline, revision], ["https://huggingface.co", undefined, false, "main"]);
  await Deno.writeTextFile(`${folder.path}/token`, "hf_file\n");
  equal((await readSettings({})).token, "hf_file");
  Deno.env.set("HF_TOKEN", " hf_env\n");
  equal((await readSettings({})).token, "hf_env");
  equal((await readSettings({ token: "hf_option" })).token, "hf_option");
  Deno.env.set("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
  equal((await readSettings({})).token, undefined);
  Deno.env.set("HF_ENDPOINT", "https://mirror.example/");
  equal((await readSettings({})).endpoint, "https://mirror.example");
  for (const [value, expected] of [["1", true], ["on", true], ["True", true], ["0", false], ["", false]] as const) {
    Deno.env.set("HF_HUB_OFFLINE", value);
    equal((await readSettings({})).offline, expected);
  }
  Deno.env.set("HF_HUB_OFFLINE", "1");
  equal((await readSettings({ localFilesOnly: false })).offline, false);
});

Deno.test("readSettings() waits as long as HF_HUB_DOWNLOAD_TIMEOUT says", async () => {
  using _env = environment({});
  equal((await readSettings({})).patience, 20_000);
  Deno.env.set("HF_HUB_DOWNLOAD_TIMEOUT", "1.5");
  equal((await readSettings({})).patience, 1500);
  for (const value of ["0", "-1", "soon", "1e9"]) {
    Deno.env.set("HF_HUB_DOWNLOAD_TIMEOUT", value);
    await rejects(readSettings({}), {
      name: "TypeError",
      message: `Cannot use HF_HUB_DOWNLOAD_TIMEOUT as it is no number of seconds: "${value}"`,
    });
  }
});

Deno.test({
  name: "readSettings() has defaults where the environment may not be read",
  permissions: { env: false },
  async fn() {
    const { endpoint, cacheDir, token } = await readSettings({});
    deepEqual([endpoint, cacheDir, token], ["https://huggingface.co", "./.cache/huggingface/hub", undefined]);
  },
});

const FILES = { "config.json": "{}", "tokenizer.json": "{}", "model.safetensors": "weights" };
const BYTES = Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, new TextEncoder().encode(text)]));

Deno.test("findSnapshot() uses the environment: the mirror, the cache, and then offline", async () => {
  await using hub = new HubServer({ "owner/tiny": repository(BYTES) });
  await using folder = await temporaryCache();
  using _env = environment({ HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: folder.path });
  const path = await findSnapshot("owner/tiny", {});
  const { length } = hub.seen;
  Deno.env.set("HF_HUB_OFFLINE", "1");
  equal(await findSnapshot("owner/tiny", {}), path);
  equal(hub.seen.length, length);
});

Deno.test({
  name: "findSnapshot() says what to permit where the network or the disk may not be used",
  permissions: { read: true },
  async fn() {
    const options = { cacheDir: "/nowhere", endpoint: "http://127.0.0.1:54321" };
    await rejects(findSnapshot("owner/tiny", options), {
      name: "Error",
      message: /^Cannot load "owner\/tiny" as config\.json may not be fetched: .*; run Deno with --allow-net, or/,
    });
  },
});

Deno.test({
  name: "findSnapshot() needs to read and write no more than the cache",
  permissions: { read: true, write: true, net: true, run: [Deno.execPath()] },
  async fn() {
    await using hub = new HubServer({ "owner/tiny": repository(BYTES) });
    await using folder = await temporaryCache();
    const script = new URL("../support/download_model.ts", import.meta.url);
    const sources = new URL("../../", import.meta.url).pathname;
    const run = async (...permissions: string[]) => {
      const args = [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-check",
        ...permissions,
        script.pathname,
        hub.endpoint,
        folder.path,
      ];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: sources }).output();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    };
    const read = `--allow-read=${folder.path}`;
    equal((await run(read, "--allow-net")).includes("may not be stored"), true);
    equal((await run(read, `--allow-write=${folder.path}`, "--allow-net")).includes("/snapshots/"), true);
    const fetched = hub.seen.length;
    equal((await run(read)).includes("/snapshots/"), true);
    equal(hub.seen.length, fetched);
  },
});
