/** Documents of web servers and of data sets of a hub, both on the loopback. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { openSource } from "../../../src/corpus/sources/open.ts";
import { writeParquet } from "../../../src/corpus/parquet/write.ts";
import { COMMIT, HubServer, repository } from "../../support/hub_server.ts";
import { listing, temporaryCache } from "../../support/hub_model.ts";
import { bytesOf, PACKED, recordsOf, told } from "./support.ts";

const LINES = Array.from({ length: 3000 }, (_, i) => `{"text":"text ${i}"}\n`).join("");
const TOLD = Array.from({ length: 3000 }, (_, i) => `${i} a.jsonl:${i + 1} "text ${i}"`);
const ROWS = await writeParquet({
  table: { name: "t", columns: [{ name: "text", type: "string", about: "" }] },
  columns: { text: ["one", "two"] },
});

/** A web server that does what a test says. */
async function withServer(
  answer: (request: Request) => Response,
  task: (address: string, seen: string[]) => Promise<void>,
) {
  const seen: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(`${request.method} ${request.headers.get("range") ?? "all"}`);
    return answer(request);
  });
  try {
    await task(`http://127.0.0.1:${server.addr.port}`, seen);
  } finally {
    await server.shutdown();
  }
}

/** What servers of files answer. */
function send(bytes: Uint8Array, { headers }: Request, { most = Infinity, etag = '"1"' } = {}): Response {
  const [, first, last = ""] = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  const from = Number(first ?? 0);
  const body = bytes.slice(from, last === "" ? undefined : Number(last) + 1);
  const length = { etag, "content-length": String(body.length) };
  if (body.length <= most) return new Response(body, { status: first === undefined ? 200 : 206, headers: length });
  const cut = new Blob([body.subarray(0, most)]).stream();
  return new Response(cut, { status: first === undefined ? 200 : 206, headers: { etag } });
}

Deno.test("openSource() reads a file of a web server, packed or not", async () => {
  for (const [ending, pack] of Object.entries(PACKED)) {
    await withServer((request) => send(pack(bytesOf(LINES)), request), async (address) => {
      const source = await openSource(`${address}/some/a.jsonl${ending}?signed=1`);
      deepEqual(told(await recordsOf(source)), TOLD.map((line) => line.replace("a.jsonl", `a.jsonl${ending}`)));
      const { read, total } = source.progress()!;
      equal(read, total);
      equal(await source.fingerprint(), await (await openSource(`${address}/some/a.jsonl${ending}`)).fingerprint());
    });
  }
});

Deno.test("openSource() goes on where a web server broke off", async () => {
  const bytes = bytesOf(LINES);
  const cut = (request: Request) => send(bytes, request, { most: request.method === "HEAD" ? Infinity : 30_000 });
  await withServer(cut, async (address, seen) => {
    deepEqual(told(await recordsOf(await openSource(`${address}/a.jsonl`))), TOLD);
    deepEqual(seen, ["HEAD all", "GET all", "GET bytes=30000-", "GET bytes=60000-"]);
  });
});

Deno.test("openSource() reads Parquet of a web server by parts", async () => {
  await withServer((request) => send(ROWS, request), async (address, seen) => {
    deepEqual(told(await recordsOf(await openSource(`${address}/a.parquet`))), [
      ...['0 a.parquet#0 "one"', '1 a.parquet#1 "two"'],
    ]);
    ok(seen.every((request) => request !== "GET all"), seen.join());
  });
  const whole = ({ method }: Request) => send(ROWS, new Request("http://x", { method }));
  await withServer(whole, async (address) => {
    await rejects(recordsOf(await openSource(`${address}/a.parquet`)), {
      name: "Error",
      message: `Cannot read ${address}/a.parquet: the server sends no parts of it; download the file`,
    });
  });
});

Deno.test("openSource() says what a web server does not give", async () => {
  await withServer(() => new Response(null, { status: 404 }), (address) =>
    rejects(openSource(`${address}/a.jsonl`), {
      name: "Error",
      message: `Cannot read ${address}/a.jsonl as the server answered 404; check the address, or download the file`,
    }));
  await rejects(openSource("http://me:secret@127.0.0.1/a.jsonl"), {
    name: "TypeError",
    message: "Cannot read http://127.0.0.1/a.jsonl as a name or a password stands in it, which would be shown; " +
      "download the file",
  });
  await withServer(
    () => Response.redirect("file:///etc/passwd"),
    (address) =>
      rejects(openSource(`${address}/a.txt`), {
        name: "Error",
        message: /^Cannot read .* as it was redirected to file:/,
      }),
  );
});

Deno.test("openSource() refuses a file of a web server that changes while it is read", async () => {
  const bytes = bytesOf(LINES);
  const changing = (request: Request) =>
    send(bytes, request, { most: 30_000, etag: request.headers.has("range") ? '"2"' : '"1"' });
  const answer = (request: Request) => request.method === "HEAD" ? send(bytes, request) : changing(request);
  await withServer(answer, async (address) => {
    await rejects(recordsOf(await openSource(`${address}/a.jsonl`)), {
      name: "Error",
      message: `Cannot read ${address}/a.jsonl: it has changed meanwhile`,
    });
  });
});

const DATASET = {
  "README.md": bytesOf("about"),
  ".gitattributes": bytesOf("x"),
  "data/train-0.jsonl": bytesOf('{"text":"one"}\n'),
  "data/train-1.jsonl.gz": PACKED[".gz"]!(bytesOf('{"text":"two"}\n')) as Uint8Array<ArrayBuffer>,
  "data/test.parquet": ROWS as Uint8Array<ArrayBuffer>,
};
const hub = () => new HubServer({ "datasets/owner/name": repository(DATASET) });

Deno.test("openSource() reads files of a data set of a hub, fetched when they are reached", async () => {
  await using server = hub();
  await using cache = await temporaryCache();
  const options = { endpoint: server.endpoint, cacheDir: cache.path };
  const source = await openSource("hf://datasets/owner/name/data/train-*", options);
  equal(server.fetched.length, 1); // the list
  const records = source.records(0, new AbortController().signal)[Symbol.asyncIterator]();
  await records.next();
  deepEqual(server.fetched.map(({ path }) => path.split("/").at(-1)), ["main", "train-0.jsonl"]);
  await records.return?.();
  deepEqual(told(await recordsOf(source)), ['0 data/train-0.jsonl:1 "one"', '1 data/train-1.jsonl.gz:1 "two"']);
  deepEqual(told(await recordsOf(await openSource("hf://datasets/owner/name@main/data", options))), [
    '0 data/test.parquet#0 "one"',
    '1 data/test.parquet#1 "two"',
    '2 data/train-0.jsonl:1 "one"',
    '3 data/train-1.jsonl.gz:1 "two"',
  ]);
});

Deno.test("openSource() lays files of a data set where Python's huggingface_hub does, and reads them offline", async () => {
  await using cache = await temporaryCache();
  const path = "hf://datasets/owner/name/data/train-0.jsonl";
  let fingerprint = "";
  {
    await using server = hub();
    const source = await openSource(path, { endpoint: server.endpoint, cacheDir: cache.path });
    await recordsOf(source);
    fingerprint = await source.fingerprint();
  }
  const files = await listing(`${cache.path}/datasets--owner--name`);
  ok(
    files.some((file) => file.startsWith(`snapshots/${COMMIT}/data/train-0.jsonl -> ../../../blobs/`)),
    files.join("\n"),
  );
  equal(await Deno.readTextFile(`${cache.path}/datasets--owner--name/refs/main`), COMMIT);
  const offline = await openSource(path, { localFilesOnly: true, cacheDir: cache.path });
  deepEqual(told(await recordsOf(offline)), ['0 data/train-0.jsonl:1 "one"']);
  equal(await offline.fingerprint(), fingerprint);
  await rejects(openSource("hf://datasets/owner/other/x", { localFilesOnly: true, cacheDir: cache.path }), {
    name: "Error",
    message: /^Cannot read hf:\/\/datasets\/owner\/other offline as revision "main" is not in the cache/,
  });
});

Deno.test("openSource() says what a hub does not have", async () => {
  await using server = hub();
  await using cache = await temporaryCache();
  const options = { endpoint: server.endpoint, cacheDir: cache.path };
  await rejects(openSource("hf://datasets/owner/name/nothing.jsonl", options), {
    name: "Error",
    message: 'Cannot read "nothing.jsonl" of hf://datasets/owner/name as it has no such files; ' +
      "there are README.md, .gitattributes, data/train-0.jsonl, data/train-1.jsonl.gz, data/test.parquet",
  });
  await rejects(openSource("hf://datasets/owner/other/a.jsonl", options), {
    name: "Error",
    message: /^Cannot load "datasets\/owner\/other" as README\.md could not be fetched: the hub at .* answered 401/,
  });
});

Deno.test("openSource() takes no file of a hub whose name leads out of the cache", async () => {
  const files = { ...DATASET, "../../evil.jsonl": bytesOf('{"text":"evil"}'), "data/../evil.jsonl": bytesOf("{}") };
  await using server = new HubServer({ "datasets/owner/name": repository(files) });
  await using cache = await temporaryCache();
  const source = await openSource("hf://datasets/owner/name/**/*.jsonl", {
    endpoint: server.endpoint,
    cacheDir: cache.path,
  });
  deepEqual(told(await recordsOf(source)), ['0 data/train-0.jsonl:1 "one"']);
});
