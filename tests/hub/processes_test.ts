/** What other processes do to a download: kill it, run beside it, or share its cache. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { findSnapshot } from "../../src/hub/snapshot.ts";
import { OPTIONAL } from "../../src/hub/wanted.ts";
import { blob, listing, temporaryCache } from "../support/hub_model.ts";
import { cut, HubServer, repository, sha256 } from "../support/hub_server.ts";

const DATA = blob(1_000_000);
const text = (content: string) => new TextEncoder().encode(content);
const FILES = { "config.json": text("{}"), "tokenizer.json": text('{"a":1}'), "model.safetensors": DATA };
const BLOBS = "models--owner--tiny/blobs";

function start(hub: HubServer, cacheDir: string): Deno.ChildProcess {
  const script = new URL("../support/download_model.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", "--no-check", script, hub.endpoint, cacheDir];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
}

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 30_000; !await reached();) {
    ok(performance.now() < end, "the download does not get there");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Checks that the cache holds the model, and nothing that an interrupted process left. */
async function expectWhole(cacheDir: string): Promise<void> {
  const folder = await findSnapshot("owner/tiny", { cacheDir, localFilesOnly: true });
  equal(sha256(await Deno.readFile(`${folder}/model.safetensors`)), sha256(DATA));
  equal(await Deno.readTextFile(`${folder}/tokenizer.json`), '{"a":1}');
  deepEqual((await listing(cacheDir)).filter((path) => /\.(incomplete|tmp)$/.test(path)), []);
}

Deno.test("a download that is killed anywhere looks unfinished, and the next one goes on from there", async () => {
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  await using cache = await temporaryCache();
  hub.intervene = async ({ path, method }, answer) => {
    return path.startsWith("/cdn/") && method === "GET" ? await cut(answer(), { pause: 10 }) : undefined;
  };
  const kept = () => {
    const path = `${cache.path}/${BLOBS}/${sha256(DATA)}.incomplete`;
    return Deno.stat(path).then(({ size }) => size, () => -1);
  };
  const points = [
    () => hub.seen.length > 0,
    () => hub.fetched.length > 0,
    async () => await kept() >= 0,
    async () => await kept() > 300_000,
    async () => await kept() > 600_000,
    async () =>
      await kept() >= 1_000_000 ||
      await Deno.stat(`${cache.path}/${BLOBS}/${sha256(DATA)}`).then(() => true, () => false),
  ];
  let most = 0;
  for (const reached of points) {
    hub.seen.length = 0;
    const child = start(hub, cache.path);
    await until(reached);
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (reached !== points.at(-1)) throw error; // the file is whole there, and the process may have ended
    }
    await child.output();
    for (const path of await listing(cache.path)) {
      const whole = new RegExp(`${BLOBS}/([0-9a-f]{64})$`).exec(path)?.[1];
      if (whole) equal(sha256(await Deno.readFile(`${cache.path}/${path}`)), whole);
    }
    ok(await kept() >= most || await kept() === -1, "bytes were thrown away");
    most = Math.max(most, await kept());
    if (most < 1_000_000 && await kept() >= 0) {
      await rejects(findSnapshot("owner/tiny", { cacheDir: cache.path, localFilesOnly: true }), /not in the cache/);
    }
  }
  ok(most > 600_000, `the last one was to go on from ${most} bytes`);
  hub.intervene = () => undefined;
  hub.seen.length = 0;
  const { success, stderr } = await start(hub, cache.path).output();
  ok(success, new TextDecoder().decode(stderr));
  await expectWhole(cache.path);
  ok(hub.fetched.every(({ path, range }) => !path.startsWith("/cdn/") || range !== null), "it began anew");
});

Deno.test("processes that download the same model at the same time share one download", async () => {
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  await using cache = await temporaryCache();
  hub.intervene = async ({ path }, answer) => path.startsWith("/cdn/") ? await cut(answer(), { pause: 5 }) : undefined;
  const results = await Promise.all([1, 2, 3].map(() => start(hub, cache.path).output()));
  for (const { success, stderr } of results) ok(success, new TextDecoder().decode(stderr));
  equal(new Set(results.map(({ stdout }) => new TextDecoder().decode(stdout))).size, 1);
  equal(hub.fetched.filter(({ path }) => path.startsWith("/cdn/")).length, 1);
  await expectWhole(cache.path);
});

const PYTHON = new URL("../../.venv-oracle/bin/python", import.meta.url).pathname;
const hasPython = await Deno.stat(PYTHON).then(() => true, () => false);

/** Runs a line of Python with the hub and the cache in its environment. */
async function python(code: string, env: Record<string, string>): Promise<string> {
  const clean = { HF_TOKEN: "", HF_HUB_DISABLE_XET: "1", HF_HUB_DISABLE_PROGRESS_BARS: "1" };
  const command = new Deno.Command(PYTHON, {
    args: ["-c", `from huggingface_hub import *\n${code}`],
    env: { ...clean, ...env },
  });
  const { success, stdout, stderr } = await command.output();
  ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test({
  name: "a cache that Python's huggingface_hub wrote is used without fetching a byte",
  ignore: !hasPython,
  async fn() {
    await using hub = new HubServer({ "owner/tiny": repository(FILES) });
    await using cache = await temporaryCache();
    const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache.path };
    const names = JSON.stringify(Object.keys(FILES));
    const path = await python(`print([hf_hub_download("owner/tiny", name) for name in ${names}][0])`, env);
    hub.seen.length = 0;
    const options = { endpoint: hub.endpoint, cacheDir: cache.path };
    equal(await findSnapshot("owner/tiny", options), path.replace(/\/[^/]*$/, ""));
    deepEqual(hub.seen.map(({ method }) => method), ["HEAD"]);
    await findSnapshot("owner/tiny", { ...options, localFilesOnly: true });
    equal(hub.seen.length, 1);
  },
});

Deno.test({
  name: "Python's huggingface_hub uses what is downloaded here, and both lay the same files out alike",
  ignore: !hasPython,
  async fn() {
    await using hub = new HubServer({ "owner/tiny": repository(FILES) });
    await using ours = await temporaryCache();
    await using theirs = await temporaryCache();
    const folder = await findSnapshot("owner/tiny", { endpoint: hub.endpoint, cacheDir: ours.path });
    hub.seen.length = 0;
    const offline = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: ours.path, HF_HUB_OFFLINE: "1" };
    equal(await python('print(snapshot_download("owner/tiny", local_files_only=True))', offline), folder);
    equal(await python("print(scan_cache_dir().warnings)", offline), "[]");
    deepEqual(hub.seen, []);
    const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: theirs.path };
    const names = JSON.stringify([...Object.keys(FILES), ...OPTIONAL]);
    await python(`for name in ${names}:\n  try: hf_hub_download("owner/tiny", name)\n  except Exception: pass`, env);
    const layout = async (path: string) => (await listing(path)).filter((name) => name !== "CACHEDIR.TAG");
    deepEqual(await layout(ours.path), await layout(theirs.path));
  },
});
