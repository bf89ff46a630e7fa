import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { findSnapshot, type SnapshotOptions } from "../../src/hub/snapshot.ts";
import { blob, listing, temporaryCache } from "../support/hub_model.ts";
import { COMMIT, cut, HubServer, type Intervention, repository, sha256 } from "../support/hub_server.ts";

const DATA = blob(1_000_000);
const SHA = sha256(DATA);
const text = (content: string) => new TextEncoder().encode(content);
const FILES = { "config.json": text("{}"), "tokenizer.json": text('{"a":1}'), "model.safetensors": DATA };
const BLOB = `models--owner--tiny/blobs/${SHA}`;

/** A hub, a cache and a way to load the model from one into the other. */
async function setUp(intervene: Intervention = () => undefined) {
  const hub = new HubServer({ "owner/tiny": repository(FILES) });
  const cache = await temporaryCache();
  hub.intervene = intervene;
  return {
    hub,
    path: cache.path,
    load: (options: SnapshotOptions = {}) =>
      findSnapshot("owner/tiny", { endpoint: hub.endpoint, cacheDir: cache.path, ...options }),
    /** Expects the model to be in the cache, right and without remains. */
    expectWhole: async () => {
      const folder = await findSnapshot("owner/tiny", { cacheDir: cache.path, localFilesOnly: true });
      equal(sha256(await Deno.readFile(`${folder}/model.safetensors`)), SHA);
      deepEqual((await listing(cache.path)).filter((name) => /\.(incomplete|tmp)$/.test(name)), []);
    },
    /** The bytes that are kept of the weights. */
    kept: () => Deno.stat(`${cache.path}/${BLOB}.incomplete`).then(({ size }) => size, () => 0),
    [Symbol.asyncDispose]: async () => {
      await hub[Symbol.asyncDispose]();
      await cache[Symbol.asyncDispose]();
    },
  };
}

/** Acts on the requests for the bytes of the weights: the first one, the second one, and so on; then no more. */
function onBytes(
  ...actions: ((answer: Response, range: string | null) => Response | Promise<Response>)[]
): Intervention {
  return async ({ method, path, range }, answer) => {
    const action = method === "GET" && path.startsWith("/cdn/") ? actions.shift() : undefined;
    return action && await action(answer(), range);
  };
}

const ranges = (hub: HubServer) => hub.fetched.filter(({ path }) => path.startsWith("/cdn/")).map(({ range }) => range);

Deno.test("findSnapshot() goes on after cut connections where they were cut", async () => {
  const third = (answer: Response) => cut(answer, { after: 300_000 });
  await using test = await setUp(onBytes(third, third, third));
  await test.load();
  await test.expectWhole();
  deepEqual(ranges(test.hub), [null, "bytes=300000-", "bytes=600000-", "bytes=900000-"]);
});

Deno.test("findSnapshot() begins anew when a server sends the whole file, or another part, for a range", async () => {
  for (
    const answer of [
      () => new Response(DATA),
      () => new Response(DATA, { status: 206, headers: { "content-range": "bytes 0-999999/1000000" } }),
      () => new Response(DATA.subarray(4), { status: 206 }),
      () => new Response(null, { status: 416 }),
    ]
  ) {
    await using test = await setUp(onBytes((whole) => cut(whole, { after: 300_000 }), answer));
    await test.load();
    await test.expectWhole();
    equal(ranges(test.hub)[1], "bytes=300000-");
  }
});

Deno.test("findSnapshot() takes what an earlier process left, and nothing that cannot be the beginning", async () => {
  for (
    const [left, range] of [
      [DATA.subarray(0, 400_000), "bytes=400000-"],
      [DATA, undefined],
      [blob(1_000_001), null],
    ] as const
  ) {
    await using test = await setUp();
    await Deno.mkdir(`${test.path}/models--owner--tiny/blobs`, { recursive: true });
    await Deno.writeFile(`${test.path}/${BLOB}.incomplete`, left);
    await test.load();
    await test.expectWhole();
    deepEqual(ranges(test.hub), range === undefined ? [] : [range]);
  }
  await using test = await setUp();
  await Deno.mkdir(`${test.path}/models--owner--tiny/blobs`, { recursive: true });
  await Deno.writeFile(`${test.path}/${BLOB}.incomplete`, blob(400_000)); // of something else
  await test.load();
  await test.expectWhole();
  deepEqual(ranges(test.hub), ["bytes=400000-", null]);
});

Deno.test("findSnapshot() waits and tries again when the hub is busy or broken", async () => {
  let answers = 0;
  await using test = await setUp(({ path }) => {
    if (!path.endsWith("config.json") || ++answers > 4) return undefined;
    return new Response(null, { status: [429, 500, 502, 503][answers - 1]!, headers: { "retry-after": "0" } });
  });
  await test.load();
  await test.expectWhole();
});

Deno.test("findSnapshot() gives up on a hub that stays broken, and says its status", async () => {
  await using test = await setUp(() => new Response(null, { status: 503, headers: { "retry-after": "0" } }));
  await rejects(test.load(), {
    name: "Error",
    message: `Cannot load "owner/tiny" as config.json could not be fetched: ` +
      `the hub at ${test.hub.endpoint} answered 503; try again later`,
  });
  equal(test.hub.seen.length, 5);
});

Deno.test("findSnapshot() does not ask again for what is refused", async () => {
  for (const status of [400, 401, 403, 404]) {
    await using test = await setUp(() => new Response(null, { status }));
    await rejects(test.load(), new RegExp(`config\\.json could not be fetched: .* answered ${status};`));
    equal(test.hub.seen.length, 1);
  }
});

Deno.test("findSnapshot() fetches damaged bytes again, and never shows them", async () => {
  const damaged = () => new Response(blob(1_000_000).map((byte, i) => i === 500 ? byte ^ 1 : byte));
  await using once = await setUp(onBytes(damaged));
  await once.load();
  await once.expectWhole();
  await using always = await setUp(onBytes(damaged, damaged));
  await rejects(
    always.load(),
    /model\.safetensors was damaged on its way twice: its SHA-256 is .{64} where the hub says/,
  );
  deepEqual((await listing(always.path)).filter((name) => name.includes(SHA)), [
    `.locks/models--owner--tiny/${SHA}.lock`,
  ]);
});

Deno.test("findSnapshot() believes no Content-Length that is not the size of the file", async () => {
  const short = (_: Response, range: string | null) => {
    const start = Number(/\d+/.exec(range ?? "0")![0]);
    const headers = { "content-range": `bytes ${start}-999999/1000000` };
    return new Response(DATA.subarray(start, start + 200_000), { status: range === null ? 200 : 206, headers });
  };
  await using less = await setUp(onBytes(short, short));
  await less.load();
  await less.expectWhole();
  await using more = await setUp(onBytes(() => new Response(new Uint8Array([...DATA, 1, 2, 3]))));
  await more.load();
  await more.expectWhole();
});

Deno.test("findSnapshot() refuses a file of another size than the hub says", async () => {
  await using test = await setUp(({ path }, answer) => {
    const response = answer();
    if (path.endsWith("model.safetensors")) response.headers.set("x-linked-size", "999999");
    return response;
  });
  await rejects(test.load(), /model\.safetensors could not be fetched: 1000000 bytes came where 999999 were announced/);
  deepEqual((await listing(test.path)).filter((name) => name.includes("safetensors ->")), []);
});

Deno.test("findSnapshot() takes small files of a mirror whose ETag is no hash of Git", async () => {
  for (const etag of ['W/"5f7-abc"', `"${"e".repeat(40)}"`, `"${"f".repeat(32)}"`]) {
    await using test = await setUp(({ path }, answer) => {
      const response = answer();
      if (path.endsWith("tokenizer.json")) response.headers.set("etag", etag);
      return response;
    });
    const folder = await test.load();
    equal(await Deno.readTextFile(`${folder}/tokenizer.json`), '{"a":1}');
  }
});

Deno.test("findSnapshot() refuses names of the hub that would leave the cache", async () => {
  for (const [header, value] of [["etag", '"../../x"'], ["x-repo-commit", "../x"], ["x-repo-commit", ".."]] as const) {
    await using test = await setUp((_, answer) => {
      const response = answer();
      response.headers.set(header, value);
      return response;
    });
    await rejects(test.load(), /config\.json came without a usable X-Repo-Commit and ETag/);
    deepEqual(await listing(test.path), []);
  }
});

Deno.test("findSnapshot() stops at once when it is aborted, and goes on from there the next time", async () => {
  await using test = await setUp(onBytes((answer) => cut(answer, { pause: 5 })));
  const controller = new AbortController();
  const reason = new Error("enough");
  const onDownload = ({ completed }: { completed: number }) => {
    if (completed > 100_000) controller.abort(reason);
  };
  await rejects(test.load({ signal: controller.signal, onDownload }), reason);
  const kept = await test.kept();
  ok(kept > 90_000 && kept < 1_000_000, `${kept} bytes kept`);
  await test.load();
  await test.expectWhole();
  deepEqual(ranges(test.hub), [null, `bytes=${kept}-`]);
});

Deno.test("findSnapshot() can be aborted while it waits for the hub", async () => {
  await using test = await setUp(() => new Response(null, { status: 503, headers: { "retry-after": "30" } }));
  const signal = AbortSignal.timeout(100);
  await rejects(test.load({ signal }), { name: "TimeoutError" });
});

Deno.test({
  name: "findSnapshot() says when the disk is full, and goes on when there is room",
  ignore: Deno.build.os !== "linux", // the only one with /dev/full
  async fn() {
    await using test = await setUp();
    await Deno.mkdir(`${test.path}/models--owner--tiny/blobs`, { recursive: true });
    await Deno.symlink("/dev/full", `${test.path}/${BLOB}.incomplete`);
    await rejects(test.load(), {
      name: "Error",
      message:
        /^Cannot load "owner\/tiny" as model\.safetensors does not fit: no space is left in .*; make room, or pass another cacheDir \(HF_HOME, HF_HUB_CACHE\); it goes on/,
    });
    await Deno.remove(`${test.path}/${BLOB}.incomplete`);
    await test.load();
    await test.expectWhole();
  },
});

Deno.test("findSnapshot() downloads once when the same model is loaded twice at the same time", async () => {
  await using test = await setUp();
  const [first, second] = await Promise.all([test.load(), test.load()]);
  equal(first, second);
  match(first, new RegExp(`/models--owner--tiny/snapshots/${COMMIT}$`));
  equal(ranges(test.hub).length, 1);
});

Deno.test("findSnapshot() replaces a content of the wrong size", async () => {
  await using test = await setUp();
  await Deno.mkdir(`${test.path}/models--owner--tiny/blobs`, { recursive: true });
  await Deno.writeFile(`${test.path}/${BLOB}`, DATA.subarray(0, 10));
  await test.load();
  await test.expectWhole();
});

Deno.test("findSnapshot() refuses what the disk cannot take before it fetches any of it", async () => {
  await using test = await setUp(({ path }, answer) => {
    const response = answer();
    if (path.endsWith("model.safetensors")) response.headers.set("x-linked-size", String(2 ** 50));
    return response;
  });
  await rejects(test.load(), {
    name: "Error",
    message: new RegExp(
      `^Cannot load "owner/tiny" as it does not fit: 1048576\\.0 GiB are still to be downloaded and [\\d.]+ [GM]iB are ` +
        `free in ${test.path}/models--owner--tiny; make room, or pass another cacheDir \\(HF_HOME, HF_HUB_CACHE\\)$`,
    ),
  });
  deepEqual(ranges(test.hub), []);
});

Deno.test("findSnapshot() gives a server that falls silent several tries, and goes on where it stopped", async () => {
  const silent = (after: number) => (answer: Response) => cut(answer, { after, hang: true });
  await using test = await setUp(onBytes(silent(300_000), silent(200_000)));
  await test.load({ patience: 1_000 });
  await test.expectWhole();
  deepEqual(ranges(test.hub), [null, "bytes=300000-", "bytes=500000-"]);
});

Deno.test("findSnapshot() gives up on a server that stays silent, and says for how long it waited", async () => {
  const { promise: late, resolve } = Promise.withResolvers<Response>();
  await using test = await setUp(() => late);
  try {
    await rejects(test.load({ patience: 50 }), {
      name: "Error",
      message:
        /^Cannot load "owner\/tiny" as config\.json could not be fetched from http.*: nothing came for 0\.05 seconds;/,
    });
    equal(test.hub.seen.length, 5);
  } finally {
    resolve(new Response()); // so that the server can end
  }
});

Deno.test("findSnapshot() never joins the parts of two states of a file", async () => {
  // The file changes between two requests: a server that knows If-Range sends all of it, another one tells by the ETag.
  const old = (answer: Response) => {
    const changed = new Response(DATA.map((byte) => byte ^ 1), { headers: answer.headers });
    changed.headers.set("etag", '"old"');
    return cut(changed, { after: 300_000 });
  };
  await using knows = await setUp(onBytes(old));
  await knows.load();
  await knows.expectWhole();
  deepEqual(
    knows.hub.fetched.filter(({ path }) => path.startsWith("/cdn/")).map(({ range, ifRange }) => [range, ifRange]),
    [[null, null], ["bytes=300000-", '"old"']],
  );
  const ignores = (_: Response, range: string | null) =>
    new Response(DATA.subarray(300_000), {
      status: 206,
      headers: { "content-range": `${range!.replace("=", " ")}999999/1000000`, etag: '"new"' },
    });
  await using tells = await setUp(onBytes(old, ignores));
  await tells.load();
  await tells.expectWhole();
  deepEqual(ranges(tells.hub), [null, "bytes=300000-", null]);
});

Deno.test("findSnapshot() takes files that a proxy compresses on the way", async () => {
  const gzip = async (bytes: Uint8Array<ArrayBuffer>) => {
    return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
  };
  await using test = await setUp(async ({ method, path }, answer) => {
    const response = answer();
    if (method !== "GET" || !response.ok) return response;
    const { headers } = response;
    const bytes = await gzip(await response.bytes());
    headers.set("content-encoding", "gzip");
    headers.set("content-length", String(bytes.length));
    ok(path.length > 0);
    return new Response(bytes, { headers });
  });
  const folder = await test.load();
  await test.expectWhole();
  equal(await Deno.readTextFile(`${folder}/tokenizer.json`), '{"a":1}');
});

Deno.test("findSnapshot() does not take the page of a captive portal for a file", async () => {
  const page = () => new Response("<html>Please log in</html>", { headers: { "content-type": "text/html" } });
  await using weights = await setUp(onBytes(page, page, page, page, page));
  await rejects(
    weights.load(),
    /model\.safetensors could not be fetched: 26 bytes came where 1000000 were announced; try again$/,
  );
  await weights.load();
  await weights.expectWhole();
  await using everything = await setUp(page);
  await rejects(everything.load(), /config\.json came without a usable X-Repo-Commit and ETag; check that/);
});

Deno.test("findSnapshot() refuses a model whose weights changed after its config.json was read", async () => {
  await using test = await setUp(({ path }, answer) => {
    const response = answer();
    if (path.endsWith("model.safetensors")) response.headers.set("x-repo-commit", "f".repeat(40));
    return response;
  });
  await rejects(test.load(), /model\.safetensors changed on the hub meanwhile; run it again/);
});
