/**
 * Does one thing over and over in a process of its own and prints what the process holds a few times on the way:
 * `soak.ts <checkpoint> <damaged checkpoint> <backend> <activity> <rounds>`.
 *
 * @module
 */
import { type Backend, LanguageModel } from "../../mod.ts";

/** What a process holds, after garbage was collected. */
export interface Holdings {
  /** Resident memory, in bytes. */
  readonly rss: number;
  /** Open files; 0 where that cannot be asked. */
  readonly files: number;
}

/** How often {@linkcode Holdings} are taken, evenly over the rounds. */
export const SAMPLES = 10;

const [directory, damaged, backend] = Deno.args as [string, string, Backend];
const TEXT = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

const load = (from = directory) => LanguageModel.fromPretrained(from, { backend });

/** Whatever a call ends with. */
const ended = (call: Promise<unknown>) => call.then(() => {}, () => {});

/** One round of each activity; `model` is loaded once, where it is asked for. */
const ACTIVITIES: Readonly<Record<string, (model: () => Promise<LanguageModel>, round: number) => Promise<void>>> = {
  async load(_, round) {
    const own = await load();
    if (round % 50 === 0) await own.generate([1, 2, 3], { maxNewTokens: 1 });
    await own.dispose();
  },
  // Ten steps: to the end of the context and over again, the loop is left rather than ended.
  async steps(model) {
    let count = 0;
    for await (const _ of (await model()).steps(TEXT, { maxNewTokens: 30, candidates: 3 })) if (++count === 10) break;
  },
  async explain(model, round) {
    const sequence = (await model()).sequence(TEXT.slice(0, 4 + round % 9));
    await (await model()).saliency(sequence, round % 2 ? { preset: "captum" } : {});
    await (await model()).trace(sequence, { capture: ["hiddenStates", "attention", "activations", "logits"] });
    await (await model()).rankings(sequence);
  },
  async tree(model) {
    const tree = await (await model()).tree(TEXT, { maxNewTokens: 4 });
    const [first, second] = tree.data.branches[0]!.steps;
    for (const step of [first!, second!]) await tree.fork(step, step.candidates[1]!.tokenId);
  },
  async cancelled(model, round) {
    const controller = new AbortController();
    const { signal } = controller;
    const own = await model();
    const calls = [own.generate(TEXT, { maxNewTokens: 30, signal }), own.saliency(own.sequence(TEXT), { signal })];
    const all = Promise.all(calls.map(ended));
    if (round % 2) await own.generate([1], { maxNewTokens: 1 }); // between two of their runs
    controller.abort(new Error("enough"));
    await all;
  },
  async refused(model) {
    const own = await model();
    await ended(own.generate([-1]));
    await ended(own.generate([1], { temperature: -1 }));
    await ended(own.saliency(own.sequence(TEXT), { positions: [99] }));
    await ended(own.trace(own.sequence(TEXT), { layers: [99] }));
    await ended(own.saliency(own.sequence(TEXT), { maxMemory: 1 }));
  },
  // The programs that patches and importance run in end with their model.
  async inside(_, round) {
    const own = await load();
    const sequence = own.sequence(TEXT);
    const calls = [ended(own.patch(sequence, sequence, { metric: "kl" })), ended(own.importance(sequence))];
    if (round % 2) await Promise.all(calls);
    await own.dispose();
    await Promise.all(calls);
  },
  async failedLoad() {
    await ended(load(damaged));
    await ended(load(`${directory}/nowhere`));
    await ended(LanguageModel.fromPretrained(directory, { backend, signal: AbortSignal.abort() }));
  },
  async disposedWhileRunning() {
    const own = await load();
    const running = [ended(own.generate(TEXT, { maxNewTokens: 5 })), ended(own.saliency(own.sequence(TEXT)))];
    await own.dispose();
    await Promise.all(running);
  },
};

function holdings(): Holdings {
  (globalThis as { gc?: () => void }).gc?.();
  const files = Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : 0;
  return { rss: Deno.memoryUsage().rss, files };
}

if (import.meta.main) {
  const [activity, rounds] = [ACTIVITIES[Deno.args[3]!]!, Number(Deno.args[4])];
  let loaded: Promise<LanguageModel> | undefined;
  const samples: Holdings[] = [];
  await new Promise((resolve) => setTimeout(resolve, 1000)); // Deno opens two sockets after half a second
  for (let round = 1; round <= rounds; ++round) {
    await activity(() => loaded ??= load(), round);
    if (round % (rounds / SAMPLES) === 0) samples.push(holdings());
  }
  await (await loaded)?.dispose();
  // deno-lint-ignore no-console -- the result of this script
  console.log(JSON.stringify(samples));
}
