/**
 * What a queue adds to a shard: the bundled model, one text a shard, with a Redis server on this machine and without.
 *
 * @module
 */
import { explainCorpus, LanguageModel } from "../../mod.ts";
import { RedisServer } from "../../tests/support/redis.ts";
import type { Row } from "./row.ts";

/** How many shards, of one short text each. */
const SHARDS = 100;

/** Measures seconds with a queue and without, each with a model that has run before. */
export async function measureEngine(row: string): Promise<Row> {
  await using server = await RedisServer.start();
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "native" });
  const texts = Array.from({ length: SHARDS }, (_, i) => `The ${i}th key is on the table.`);
  const explain = async (more: { readonly queue?: string }) => {
    const out = await Deno.makeTempDir({ prefix: "looking-glass-" });
    try {
      const options = { model, ask: "surprise", out, shardSize: 1, progress: false } as const;
      const { seconds, computed } = await explainCorpus(texts, { ...options, ...more });
      if (computed.shards !== SHARDS) throw new Error(`${computed.shards} shards were computed of ${SHARDS}`);
      return seconds;
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  };
  await explain({});
  const [alone, queued] = [await explain({}), await explain({ queue: server.url })];
  const each = (seconds: number) => `${(1000 * seconds / SHARDS).toFixed(1)} ms`;
  const note = `${SHARDS} shards: ${each(alone)} each without, ${each(queued)} with the queue, ` +
    `which adds ${each(queued - alone)}`;
  return { row, tokens: 0, seconds: queued, cpu: 0, note };
}
