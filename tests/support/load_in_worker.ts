/**
 * Loads and disposes a model in a worker 140 times and prints what the process held after the first 80 and holds at the
 * end.
 *
 * @module
 */
import { type Backend, LanguageModel } from "../../mod.ts";

const [directory, backend] = Deno.args as [string, Backend];

function holdings(): { rss: number; files: number; threads: number } {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss } = Deno.memoryUsage();
  if (Deno.build.os !== "linux") return { rss, files: 0, threads: 0 };
  const files = [...Deno.readDirSync("/proc/self/fd")].length;
  return { rss, files, threads: [...Deno.readDirSync("/proc/self/task")].length };
}

async function cycle(count: number): Promise<void> {
  for (let i = 0; i < count; ++i) {
    const model = await LanguageModel.fromPretrained(directory, { backend, worker: true });
    if (i % 10 === 0) await model.generate([1, 2, 3], { maxNewTokens: 1 });
    await model.dispose();
  }
}

await cycle(80);
const settled = holdings();
await cycle(60);
// deno-lint-ignore no-console -- the result of this script
console.log(JSON.stringify({ settled, ended: holdings() }));
