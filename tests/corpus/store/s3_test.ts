/** A bucket as the place of a corpus, over a server that checks signatures. */
import { deepEqual, equal, rejects, throws } from "@std/assert";
import { explainCorpus } from "../../../src/corpus/explain_corpus.ts";
import { openCorpus } from "../../../src/corpus/open/open.ts";
import { s3Store, type S3StoreOptions } from "../../../src/corpus/store/s3.ts";
import { KEY, S3Server } from "../../support/s3_server.ts";
import { memoryStore } from "../support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const storeOf = ({ endpoint }: S3Server, more: Partial<S3StoreOptions> = {}) =>
  s3Store({ endpoint, bucket: "bucket", prefix: "some/tales", ...KEY, ...more });

Deno.test("s3Store() writes, reads and lists objects below its prefix", async () => {
  await using server = new S3Server();
  server.pageSize = 2;
  const store = storeOf(server);
  equal(store.name, "s3://bucket/some/tales/");
  const names = ["shards/000000.json", "shards/000001.json", "shards/000002.json", "shards/a=b/x.json"];
  for (const name of names) await store.write(name, bytesOf(name));
  await storeOf(server, { prefix: "" }).write("shards/elsewhere.json", bytesOf("x"));
  deepEqual(await store.list("shards"), names);
  deepEqual(await store.read(names[1]!), bytesOf(names[1]!));
  deepEqual(await store.readRange(names[1]!, 7, 13), bytesOf("000001"));
  deepEqual(await store.readRange(names[1]!, 7, 7), new Uint8Array(0));
  equal(await store.size(names[1]!), names[1]!.length);
  deepEqual([...server.objects.keys()].sort()[1], "bucket/some/tales/shards/000000.json");
  equal(await store.read("manifest.json"), undefined);
  equal(await store.size("manifest.json"), undefined);
  deepEqual(await store.list("nothing"), []);
  await rejects(store.readRange("manifest.json", 0, 4), {
    name: "Error",
    message: "Cannot read manifest.json in s3://bucket/some/tales/ as there is no such file",
  });
  await rejects(store.readRange(names[0]!, 10, 30), {
    name: "RangeError",
    message: "Cannot read bytes 10 to 30 of shards/000000.json as it has 18 bytes",
  });
  await rejects(store.read("../x"), {
    name: "TypeError",
    message: /^Cannot read "\.\.\/x" of a corpus as it is no such/,
  });
});

Deno.test("s3Store() tries again while the service is busy, and says what it answered", async () => {
  await using server = new S3Server();
  const store = storeOf(server);
  let busy = 2;
  server.intervene = () => busy-- > 0 ? new Response(null, { status: 503 }) : undefined;
  await store.write("a.json", bytesOf("one"));
  equal(server.seen.length, 3);
  deepEqual(await store.read("a.json"), bytesOf("one"));
  await rejects(storeOf(server, { secretAccessKey: "wrong" }).read("a.json"), {
    name: "Error",
    message: 'Cannot read a.json in s3://bucket/some/tales/ as the service answered 403 ("The request signature we ' +
      'calculated does not match"); check the key, the bucket and the region',
  });
  await rejects(storeOf(server, { bucket: "other" }).write("a.json", bytesOf("x")), {
    name: "Error",
    message: "Cannot write a.json in s3://other/some/tales/ as there is no such bucket",
  });
  server.intervene = () => Response.redirect("http://127.0.0.1:1/");
  await rejects(store.read("a.json"), {
    name: "Error",
    message: /^Cannot read a\.json in s3:\/\/bucket\/some\/tales\/ as /,
  });
});

const REFUSED: [object, RegExp][] = [
  [{ endpoint: "here" }, /^Cannot open a store at "here" as it is no address$/],
  [{ endpoint: "file:///etc" }, /^Cannot open a store at file:… as it is file: rather than https: or http:$/],
  [{ endpoint: "http://me:key@host" }, /^Cannot open a store at http:\/\/host\/ as a name or a password stands in it/],
  [{ bucket: "a/b" }, /^Cannot open a store in "a\/b" as it is no name of a bucket$/],
  [{ prefix: "../x" }, /^Cannot open "\.\.\/x" of a corpus as it is no such name/],
  [
    { accessKeyId: "" },
    /^Cannot open a store without a key; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or pass them$/,
  ],
  [{ key: "x" }, /^Cannot open a store with "key" as there is no such option/],
];
Deno.test("s3Store() refuses what is no store", () => {
  equal(REFUSED.length, 7);
  for (const [more, message] of REFUSED) {
    throws(() => s3Store({ endpoint: "http://127.0.0.1:9000", bucket: "b", ...KEY, ...more }), {
      name: "TypeError",
      message,
    });
  }
});

Deno.test("explainCorpus() and openCorpus() use a bucket as they use a folder", async () => {
  await using server = new S3Server();
  const texts = ["The keys to the cabinet are on the table.", "Once upon a time there was a fox."];
  const [out, alone] = [storeOf(server), memoryStore()];
  await explainCorpus(texts, { ask: "surprise", out, shardSize: 1, progress: false });
  await explainCorpus(texts, { ask: "surprise", out: alone, shardSize: 1, progress: false });
  for (const [name, bytes] of alone.files) deepEqual(server.objects.get(`bucket/some/tales/${name}`), bytes, name);
  equal(server.objects.size, alone.files.size);
  const rows = await Array.fromAsync((await openCorpus(out)).rows("documents", { columns: ["text"] }));
  deepEqual(rows.map(({ text }) => text), texts);
  const again = await explainCorpus(texts, { ask: "surprise", out, shardSize: 1, progress: false });
  equal(again.computed.shards, 0);
});
