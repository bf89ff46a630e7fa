/** One of several machines of a test: explains the texts of a file over a queue, and says how many shards it computed. */
import { explainCorpus } from "../../../src/corpus/explain_corpus.ts";

const [source, out, url] = Deno.args as [string, string, string];
const { computed, total } = await explainCorpus(source, {
  ...{ ask: "surprise", out, shardSize: 2, progress: false },
  read: { format: "lines" },
  load: { backend: "native", threads: 1 },
  queue: { url, lease: 1500 },
});
// deno-lint-ignore no-console -- the test reads it
console.log(JSON.stringify({ shards: computed.shards, documents: total?.documents }));
Deno.exit(0);
