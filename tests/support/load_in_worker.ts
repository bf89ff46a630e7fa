/**
 * Loads and disposes a model in a worker 80 times and prints what the process held after the first 50 and holds at the
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
  // Those that read files come and go by themselves: there are as many as reads at the same time.
  const names = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => threadName(name));
  return { rss, files, threads: names.filter((name) => name !== undefined && name !== "tokio-runtime-w").length };
}

/** What a thread is called; undefined when it has just ended. */
function threadName(id: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/self/task/${id}/comm`).trim();
  } catch {
    return undefined;
  }
}

async function cycle(count: number): Promise<void> {
  for (let i = 0; i < count; ++i) {
    const model = await LanguageModel.fromPretrained(directory, { backend, worker: true });
    if (i % 10 === 0) await model.generate([1, 2, 3], { maxNewTokens: 1 });
    await model.dispose();
  }
}

await cycle(50);
const settled = holdings();
await cycle(30);
// deno-lint-ignore no-console -- the result of this script
console.log(JSON.stringify({ settled, ended: holdings() }));
