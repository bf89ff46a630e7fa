/**
 * Compares a GPU with the CPU on a tiny model before a real one is trusted to it. Drivers differ, and an operator that
 * the library has no GPU kernel for gave NaN in a branch, without an error.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";
import { openBytes } from "../checkpoint/byte_source.ts";
import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { type AnyConfig, familyOf } from "../models/families.ts";
import { Program } from "../models/program.ts";
import { weightLocation, weightsOf } from "../models/weights.ts";
import type { Backend } from "../runtime/backend.ts";
import { Session } from "../runtime/session.ts";
import { streamOf } from "./places.ts";
import { ModelRunner } from "./runner.ts";
import { lookThroughLens } from "./survey.ts";

/** Relative to the greatest number of a tensor; llvmpipe is at 1e-6, and a fault is not near. */
const BOUND = 1e-3;

/**
 * Runs a tiny model with the settings of `config` on WebGPU and on the CPU: from the cache, through the lens, with
 * another text beside, and backwards.
 *
 * @param config The settings of the real model.
 * @param worker Whether it runs in a worker.
 * @throws {Error} When the numbers differ.
 */
export async function checkWebgpu(config: AnyConfig, worker = false): Promise<void> {
  const tiny = familyOf(config).tiny(config) as AnyConfig;
  const expected = await tinyNumbers(tiny, { backend: "webgpu", onCpu: true, worker });
  const actual = await tinyNumbers(tiny, { backend: "webgpu", onCpu: false, worker })
    .catch((error) => fail(error instanceof Error ? error.message : error));
  expected.forEach((numbers, i) => {
    const difference = relativeDifference(actual[i]!, numbers);
    if (!(difference <= BOUND)) fail(`on a tiny model it is ${difference.toExponential(1)} away from the CPU`);
  });
}

function fail(reason: unknown): never {
  const others = inPage ? '"wasm"' : '"native" or "wasm"';
  throw new Error(`Cannot trust this system's WebGPU: ${reason}; use backend ${others}, or another driver`);
}

/** Numbers of each kind: states, logits, ranks and scores. */
export async function tinyNumbers(
  config: AnyConfig,
  where: { readonly backend: Backend; readonly onCpu?: boolean; readonly worker?: boolean },
): Promise<readonly Float32Array[]> {
  const weights = tinyWeights(config);
  const program = new Program(config, weights);
  const [first] = weights.values();
  const files = new Map([[weightLocation(first!), first!.source]]);
  const session = await Session.create(program.graph, files, where);
  await using runner = new ModelRunner(config, program, session, weights);
  const read = runner.family.mask === "full" ? await readWhole(runner) : await readOn(runner);
  const explained = await runner.explain({
    ...{ tokenIds: [3, 41, 5, 96, 0], rows: [2, 4], targets: [1, 2], mix: Float32Array.of(1, 0, 0, 1), ofLogit: false },
    ...(runner.family.hasSource && { source: SOURCE }),
    fetch: ["gradientXInputL2"],
  });
  return [...read, ...explained.numbers, explained.logits];
}

const SOURCE = [7, 50, 9, 12];

/** Reads a text, more of it with the cache and through the lens, and another text beside. */
async function readOn(runner: ModelRunner): Promise<Float32Array[]> {
  const { hasSource } = runner.family;
  const sourceOf = (text: number) =>
    hasSource ? { source: { tokenIds: SOURCE, texts: SOURCE.map(() => text) } } : undefined;
  const cache = runner.emptyCache();
  const fetches = runner.program.outputs.hiddenStates;
  const read = await runner.read([3, 41, 5], cache, [0, 2], { fetches, ...sourceOf(0) });
  const depths = [1, 3].map((index) => ({ index, normed: true })); // after each of the two blocks
  const question = { tokenIds: [96, 0], cache, rows: [0, 1], targets: [7, 9], best: 3, depths };
  const seen = Object.values(await lookThroughLens(runner, question));
  const beside = await runner.read([2, 90, 11], cache, [0, 1, 2], { texts: [1, 0, 1], ...sourceOf(1) });
  return [...read, ...seen, ...beside];
}

/** Reads two texts side by side where a token sees all of its text, and there is no cache. */
async function readWhole(runner: ModelRunner): Promise<Float32Array[]> {
  const reading = { tokenIds: [3, 41, 5, 96, 0], texts: [0, 1, 0, 1, 1] };
  return [await runner.logits({ ...reading, rows: [0, 3] }), await streamOf(runner, reading)];
}

/** Weights without a pattern that an error could hide in: `sin(k²)` is about as good as random. */
function tinyWeights(config: AnyConfig): ReadonlyMap<string, TensorEntry> {
  const shapes = [...weightsOf(config)];
  const counts = shapes.map(([, { shape }]) => shape.reduce((a, b) => a * b, 1));
  const numbers = Float32Array.from({ length: counts.reduce((a, b) => a + b, 0) }, (_, k) => Math.sin(k * k) / 4);
  const source = openBytes("the tiny model", new Uint8Array(numbers.buffer));
  let end = 0;
  return new Map(shapes.map(([name, { shape }], i) => {
    const start = end;
    end += 4 * counts[i]!;
    return [name, { name, dtype: "F32", shape, start, end, source }];
  }));
}

/** The greatest difference by the greatest number, and NaN where one is NaN. */
function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  let [difference, greatest] = [0, 1e-30];
  expected.forEach((number, i) => {
    difference = Math.max(difference, Math.abs(actual[i]! - number)); // Math.max keeps NaN
    greatest = Math.max(greatest, Math.abs(number));
  });
  return difference / greatest;
}
