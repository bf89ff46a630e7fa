/**
 * Makes one call in a process of its own and prints what it was estimated to take and how far the resident memory rose
 * meanwhile: `measure_memory.ts <checkpoint> <backend> <call>`. Linux only.
 *
 * @module
 */
import { type Backend, LanguageModel } from "../../mod.ts";
import { openCHeap } from "../../src/runtime/c_heap.ts";

const [directory, backend, call] = Deno.args as [string, Backend, string];

/** Resident memory, now (VmRSS) or at most (VmHWM). */
function residentBytes(field: "VmRSS" | "VmHWM"): number {
  const line = Deno.readTextFileSync("/proc/self/status").split("\n").find((line) => line.startsWith(field));
  return Number(line!.split(/\s+/)[1]) * 1024;
}

const model = await LanguageModel.fromPretrained(directory, { backend });
const { nPositions: T, vocabSize } = model.config;
const ids = Array.from({ length: T }, (_, i) => (7 * i * i + 3 * i) % vocabSize);
/** Models with an encoder read a source as long as the text. */
const sourceOf = (text: readonly number[]) => "encoderLayers" in model.config ? { source: text.toReversed() } : {};
const sequence = model.sequence(ids, sourceOf(ids));
const short = model.sequence(ids.slice(0, 4), sourceOf(ids.slice(0, 4)));
const other = model.sequence(ids.map((id, t) => t === 3 ? (id + 1) % vocabSize : id), sourceOf(ids));
const patched = { metric: "logProb", positions: [0, T - 1], method: "both" } as const;
const neurons = { at: "neurons" } as const;
const last = { positions: [T - 1] };
const lastEight = { positions: ids.keys().toArray().slice(-8) };
const many = Array.from({ length: 4 }, (_, i) => ids.slice(i, i + T - 20));
const together = { preset: "lit", positions: Array.from({ length: 200 }, (_, i) => 20 + i) } as const;
const few = { maxNewTokens: 3 };
const wide = { ...few, beams: 100 };
const attention = { capture: ["attention"] } as const;
const cross = { capture: ["crossAttention", "sourceAttention"] } as const;
const calls: Record<string, readonly [() => { bytes: number }, () => Promise<unknown>]> = {
  saliency: [() => model.cost.saliency(sequence, last), () => model.saliency(sequence, last)],
  // In two runs, before which native reads the text once.
  saliencyInRuns: [() => model.cost.saliency(sequence, lastEight), () => model.saliency(sequence, lastEight)],
  trace: [() => model.cost.trace(sequence, attention), () => model.trace(sequence, attention)],
  traceOfSource: [() => model.cost.trace(sequence, cross), () => model.trace(sequence, cross)],
  generate: [
    () => model.cost.generate(ids.slice(0, -1), { maxNewTokens: 1 }),
    () => model.generate(ids.slice(0, -1), { maxNewTokens: 1 }),
  ],
  generateBatch: [() => model.cost.generateBatch(many, few), () => model.generateBatch(many, few)],
  beams: [() => model.cost.generate(many[0]!, wide), () => model.generate(many[0]!, wide)],
  rankings: [() => model.cost.rankings(sequence, last), () => model.rankings(sequence, last)],
  patch: [() => model.cost.patch(sequence, other, patched), () => model.patch(sequence, other, patched)],
  importance: [() => model.cost.importance(sequence, neurons), () => model.importance(sequence, neurons)],
  // Of many tokens in one run: where the vocabulary is large, what is as large as the logits counts.
  saliencyOfMany: [() => model.cost.saliency(sequence, together), () => model.saliency(sequence, together)],
  rankingsOfAll: [() => model.cost.rankings(sequence), () => model.rankings(sequence)],
};
const [estimate, run] = calls[call]!;
await model.saliency(short); // touches the weights and compiles what JavaScript needs
await model.trace(short, attention);
openCHeap()?.trim(); // what loading has freed would be filled first, and not show
const before = residentBytes("VmRSS");
const estimated = estimate().bytes;
await run();
// deno-lint-ignore no-console -- the result of this script
console.log(JSON.stringify({ estimated, grown: residentBytes("VmHWM") - before }));
await model.dispose();
