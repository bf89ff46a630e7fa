/**
 * Loads and disposes a model a thousand times and prints what the process holds after the first 600 and at the end.
 *
 * @module
 */
import { type Backend, LanguageModel } from "../../mod.ts";

const [directory, backend] = Deno.args as [string, Backend];

function holdings(): { rss: number; files: number } {
  (globalThis as { gc?: () => void }).gc?.();
  const files = Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : 0;
  return { rss: Deno.memoryUsage().rss, files };
}

async function cycle(count: number): Promise<void> {
  for (let i = 0; i < count; ++i) {
    const model = await LanguageModel.fromPretrained(directory, { backend });
    if (i % 50 === 0) await model.generate([1, 2, 3], { maxNewTokens: 1 });
    await model.dispose();
  }
}

await cycle(600); // until caches and the heap have their size: V8 makes its young generation larger before
const settled = holdings();
await cycle(400);
// deno-lint-ignore no-console -- the result of this script
console.log(JSON.stringify({ settled, ended: holdings() }));
