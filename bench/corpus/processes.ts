/**
 * Two processes in the place of two worker threads: each explains its part of the shards, with a model of its own.
 *
 * @module
 */
import { explainCorpus, LanguageModel } from "../../mod.ts";
import type { AskName } from "../../src/corpus/types.ts";
import { cpuSeconds, type Row } from "./row.ts";
import { CHECKPOINT, textsFor } from "./texts.ts";

/** Runs two processes side by side; the time is from when the first begins to read until the second has read. */
export async function measureProcesses(row: string, ask: string, program: string): Promise<Row> {
  const out = await Deno.makeTempDir({ prefix: "looking-glass-" });
  try {
    const children = [0, 1].map((part) => {
      const args = ["run", "-A", "--no-check", program, "--row", `${ask} process ${part}/2:${out}`];
      return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" }).output();
    });
    const outputs = await Promise.all(children);
    const rows = outputs.map(({ stdout }) => JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!));
    const sum = (name: "cpu" | "resident" | "anonymous" | "shared" | "tokens") =>
      (rows as Required<Row>[]).reduce((all, one) => all + one[name], 0);
    const seconds = Math.max(...(rows as Row[]).map((one) => one.seconds));
    const bytes = { resident: sum("resident"), anonymous: sum("anonymous"), shared: sum("shared") };
    return { row, tokens: sum("tokens"), seconds, cpu: sum("cpu"), ...bytes };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/** One of the two: `where` is its part of the shards, and the folder that both write to. */
export async function measureProcess(row: string, ask: string, where: string): Promise<Row> {
  const [shard, out] = where.split(":") as [string, string];
  const texts = textsFor(ask);
  const threads = Math.max(1, Math.floor(navigator.hardwareConcurrency / 2));
  await using model = await LanguageModel.fromPretrained(CHECKPOINT, { backend: "native", threads });
  await model.surprise(model.sequence(texts[0]!)); // the first run is slower
  const cpu = cpuSeconds();
  const options = { model, ask: ask as AskName, out, shard, shardSize: texts.length / 2, progress: false };
  const { computed, tokensPerSecond } = await explainCorpus(texts, options);
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(pages())![1]) * 1024;
  const { tokens } = computed;
  return {
    ...{ row, tokens, seconds: tokens / tokensPerSecond, cpu: cpuSeconds() - cpu },
    ...{ resident: bytes("Rss"), anonymous: bytes("Anonymous"), shared: bytes("Pss") },
  };
}

/** What the pages of this process are, now that its shard is done; a page of two processes is half of each. */
function pages(): string {
  return Deno.readTextFileSync("/proc/self/smaps_rollup");
}
