/**
 * Explains a corpus from the command line; see `docs/corpus.md`.
 *
 *     deno task corpus SOURCE --ask surprise,neurons --out FOLDER [options]
 *
 * @module
 */
import { explainCorpus } from "../mod.ts";
import { messageOf } from "../src/base/words.ts";
import { dryRun } from "./corpus/dry_run.ts";
import { HELP, parseArguments } from "./corpus/arguments.ts";

const say = (text: string) => {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(text);
};

/** Explains what the command line says. */
async function main(args: readonly string[]): Promise<void> {
  const { help, dry, source, options } = parseArguments(args);
  if (help) return say(HELP);
  const stop = new AbortController();
  for (const signal of Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stop.abort(new DOMException(`Stopped by ${signal}`, "AbortError")));
  }
  if (dry) return say(await dryRun(source, { ...options, signal: stop.signal }));
  const { out, computed, there, mended, total, seconds, tokensPerSecond } = await explainCorpus(source, {
    ...options,
    signal: stop.signal,
  });
  for (const one of mended) say(`Computed once more: ${one}`);
  const rates = computed.shards > 0 ? `, ${Math.round(tokensPerSecond)} tokens/s` : "";
  say(`Explained ${computed.documents} documents in ${computed.shards} shards, ${seconds.toFixed(1)} s${rates}`);
  say(`${out} has ${there.documents} documents, ${there.tokens} tokens, ${there.problems} problems`);
  if (!total) say("Other shards are still missing; whoever computes the last one puts all together");
}

try {
  await main(Deno.args);
  Deno.exit(0);
} catch (error) {
  // deno-lint-ignore no-console -- this is what the command is for
  console.error(messageOf(error));
  Deno.exit(error instanceof DOMException && error.name === "AbortError" ? 130 : 1);
}
