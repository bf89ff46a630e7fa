import { inPage } from "../../base/platform.ts";
import { free, normalizeL1 } from "../../base/numbers.ts";
import { costOf, explainBytes, FLOAT, int8Bytes, memoryLimit } from "../../model/memory.ts";
import type { Explanation, ScoreKind } from "../../model/requests.ts";
import type { Reader } from "../../model/reader.ts";
import type { KeptReading } from "../../model/kept_reading.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { type Sequence, withSource } from "../../model/sequence.ts";
import { KEY_BLOCKS } from "../../models/key_blocks.ts";
import { expectOwnEmbeddings } from "../changed.ts";
import { checkedPositions } from "../positions.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import {
  type Saliency,
  SALIENCY_OPTIONS,
  type SaliencyDefinition,
  saliencyDefinition,
  type SaliencyOptions,
  scoreOf,
} from "./definition.ts";
import { gain, integrate, reduced, rowValue } from "./integrate.ts";
import { type Chunk, groupTargets, mostRows, type RunSize, runSize } from "./target_groups.ts";

/** The most logits of one run, 32 MiB for each of the tensors of that size. */
export const CHUNK_LOGITS = 2 ** 23;

/** How a map is computed. */
interface SaliencyPlan extends Plan {
  readonly sequence: Sequence;
  readonly positions: readonly number[];
  readonly definition: SaliencyDefinition;
  /** Whether completeness gaps are wanted. */
  readonly completeness: boolean;
  readonly chunks: readonly Chunk[];
  /** Whether the text is read once, before its chunks go back. */
  readonly once: boolean;
}

/** The question that {@linkcode LanguageModel.saliency} asks. */
export const SALIENCY: Question<Sequence, SaliencyOptions, SaliencyPlan, Saliency> = {
  label: "Saliency",
  options: SALIENCY_OPTIONS,
  needs: "next token",
  plan: planSaliency,
  run: explainSequence,
};

/** Groups the targets, early ones first as they need fewer tokens, so that no run takes more memory than it may. */
function planSaliency(
  { runner: machine, reader }: AskedModel,
  given: Sequence,
  options: SaliencyOptions,
): SaliencyPlan {
  reader.expectSequence(given);
  if (options.precision === "int8") expectInt8(machine);
  const sequence = options.next === undefined ? given : appended(reader, given, options.next);
  const contrast = options.contrast === undefined ? undefined : reader.word(options.contrast);
  const definition = saliencyDefinition(options, contrast);
  const { together, method, steps = 0 } = definition;
  const { nEmbd, vocabSize } = machine.config;
  const integrated = method === "integratedGradients";
  const completeness = integrated || options.completeness === true;
  if (integrated) expectOwnEmbeddings("integrate gradients", machine, 'use method: "gradientXInput"');
  if (completeness) expectOwnEmbeddings("say how complete a map is", machine, "leave completeness out");
  const last = options.next === undefined ? undefined : [given.tokenIds.length];
  const positions = checkedPositions("explain", sequence, options.positions ?? last);
  const maxMemory = memoryLimit(machine, options.maxMemory);
  const E = sequence.source?.tokenIds.length ?? 0;
  const result = FLOAT * (E + sequence.tokenIds.length) * (together ? 1 : positions.length);
  const bytes = ({ count, length: T, rows }: RunSize, read?: number) => {
    const N = together ? 1 : count;
    const sums = integrated ? 3 * FLOAT * N * T * nEmbd : 0; // products, added up in float64
    const codes = definition.precision ? int8Bytes(machine.config, rows + 1 + N * E) : 0;
    const R = contrast ? 2 * count : count;
    return explainBytes(machine, { N, T, R, M: rows + 1, E, read }) + sums + codes;
  };
  // Targets that are explained together go back through the model as one row, whatever their number.
  const fits = (size: RunSize, read?: number) => {
    const few = together ? size.count * vocabSize <= CHUNK_LOGITS : size.rows <= mostRows(size.length, machine.backend);
    return few && bytes(size, read) + result <= maxMemory;
  };
  const most = (chunks: readonly Chunk[], read?: number) => {
    return Math.max(...chunks.map((chunk) => bytes(runSize(chunk, positions, together), read)));
  };
  const each = groupTargets(positions, together, (size) => fits(size));
  const canKeep = machine.keepsReadings === true && !completeness; // which is told by texts that are read anew
  const read = each.length > 1 && canKeep ? Math.max(...positions) : undefined;
  const after = read === undefined ? each : groupTargets(positions, together, (size) => fits(size, read));
  const once = read !== undefined && most(after, read) + result <= maxMemory;
  const chunks = once ? after : each;
  const runs = integrated ? steps + 2 : completeness ? 2 : 1;
  return {
    ...{ sequence, positions, definition, completeness, chunks, once, maxMemory },
    task: `explain position ${chunks.at(-1)!.length}`,
    cost: costOf(chunks.length * runs + Number(once), most(chunks, once ? read : undefined), result),
    advice: "explain earlier positions",
  };
}

/**
 * Refuses 8-bit gradients where they cannot be computed.
 *
 * @throws {TypeError} By the name of the place, with the reason.
 */
function expectInt8({ backend }: AskedModel["runner"]): void {
  if (backend === "webgpu") {
    throw new TypeError('Cannot explain in int8 on webgpu as it has no such products; use precision: "float32"');
  }
  if (inPage) {
    throw new TypeError('Cannot explain in int8 in a page as its weights are kept in a file; use precision: "float32"');
  }
}

/** The text with one more token. How it was decoded is true of it no longer. */
function appended(reader: Reader, sequence: Sequence, next: string | number): Sequence {
  const tokenId = reader.single(next, "explain", "as the next token");
  const longer = { ...reader.continuation(sequence, [tokenId]), promptLength: sequence.promptLength };
  reader.expectSequence(longer);
  return longer;
}

/** A part of what is explained, and what is told and heard meanwhile. */
interface Part {
  readonly chunk: Chunk;
  readonly explanation: Explanation;
  /** The text, where it was read before. */
  readonly kept?: KeptReading | undefined;
  /** Called after each step, of which integrated gradients have several. */
  readonly onStep: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** The numbers of M rows, and how far each is from complete, if that is wanted. */
interface Rows<Numbers = Float32Array> {
  readonly numbers: Numbers;
  readonly gaps?: readonly number[];
}

/** Explains tokens of a sequence by the gradient with respect to the embeddings of those before them. */
async function explainSequence(
  model: AskedModel<ModelRunner>,
  plan: SaliencyPlan,
  { onProgress, signal }: Watch,
): Promise<Saliency> {
  const { sequence, positions, definition, completeness, chunks, once } = plan;
  const { precision } = definition;
  const program = { ...precision && { precision }, ...once && { blocks: KEY_BLOCKS } };
  const total = positions.length;
  const say = (message: string) => onProgress?.({ task: "saliency", completed: 0, total, message });
  const runner = precision || once ? await model.inside(program, say) : model.runner;
  const kept = once
    ? await runner.keep({ tokenIds: sequence.tokenIds.slice(0, chunks.at(-1)!.length) }, signal)
    : undefined;
  let done = 0; // in targets times steps
  const parts = chunks.map((chunk): Part => {
    const onStep = () => {
      done += chunk.targets.length;
      const completed = done / (definition.steps ?? 1);
      const message = `Explained ${Math.floor(completed)} of ${total} tokens`;
      onProgress?.({ task: "saliency", completed, total, message });
    };
    return { chunk, explanation: explanationOf(sequence, chunk, positions, definition), kept, onStep, signal };
  });
  const mapped = withSource(sequence);
  const [E, T] = [sequence.source?.tokenIds.length ?? 0, mapped.tokenIds.length];
  const explain = definition.together ? explainTogether : explainEach;
  const { numbers: data, gaps } = await explain(runner, plan, parts, { E, T }).finally(() => kept?.free());
  const saliency = {
    sequence: mapped,
    positions: positions.map((position) => E + position),
    scores: { data, shape: [data.length / T, T] },
    options: definition,
  };
  return completeness ? { ...saliency, convergenceGaps: gaps! } : saliency;
}

/** The columns of a map: E tokens of the source and those of the text after them, T in all. */
interface Columns {
  readonly E: number;
  readonly T: number;
}

/** A row for each target, `[N, T]`. */
async function explainEach(
  runner: ModelRunner,
  { positions, definition, completeness }: SaliencyPlan,
  parts: readonly Part[],
  { E, T }: Columns,
): Promise<Required<Rows>> {
  const { method, normalize, reduce } = definition;
  const numbers = new Float32Array(positions.length * T);
  const gaps = positions.map(() => 0);
  const fetch = method === "integratedGradients" ? undefined : scoreOf(method, reduce);
  const scoresOf = async (part: Part): Promise<Rows> => {
    if (fetch) return await differentiate(runner, part, definition, { fetch, completeness });
    const { vectors, gaps } = await integrate(runner, part.explanation, definition, part);
    return { numbers: reduced(vectors, runner.config.nEmbd, reduce), gaps };
  };
  for (const part of parts) {
    const { targets, length } = part.chunk;
    const seen = await scoresOf(part);
    targets.forEach((target, n) => {
      const start = n * (E + length);
      const row = seen.numbers.subarray(start, start + E + positions[target]!);
      numbers.set(normalize ? normalizeL1(row) : row, target * T);
      gaps[target] = seen.gaps?.[n] ?? 0;
    });
  }
  return { numbers, gaps };
}

/** One row for all targets, `[1, T]`: gradients add up as vectors, before they become scores. */
async function explainTogether(
  runner: ModelRunner,
  { definition, completeness }: SaliencyPlan,
  parts: readonly Part[],
  { T }: Columns,
): Promise<Required<Rows>> {
  const { method, normalize, reduce } = definition;
  const C = runner.config.nEmbd;
  const sums = new Float64Array(T * C);
  let gap = 0;
  const vectorsOf = async (part: Part): Promise<Rows<Float32Array | Float64Array>> => {
    if (method !== "integratedGradients") {
      const fetch = method === "gradient" ? "gradients" : "products";
      return await differentiate(runner, part, definition, { fetch, completeness });
    }
    const { vectors, gaps } = await integrate(runner, part.explanation, definition, part);
    return { numbers: vectors, gaps };
  };
  for (const part of parts) {
    const seen = await vectorsOf(part);
    for (let i = 0; i < seen.numbers.length; ++i) sums[i]! += seen.numbers[i]!;
    gap += seen.gaps?.[0] ?? 0;
  }
  const row = reduced(sums, C, reduce);
  return { numbers: normalize ? normalizeL1(row) : row, gaps: [gap] };
}

/** What is fetched of the gradient at the text itself, and how far its products are from complete. */
export async function differentiate(
  runner: ModelRunner,
  { explanation, kept, onStep, signal }: Omit<Part, "chunk">,
  { of, normalize }: SaliencyDefinition,
  { fetch, completeness }: { readonly fetch: ScoreKind; readonly completeness: boolean },
): Promise<Rows> {
  const names = new Set<ScoreKind>(completeness ? [fetch, "gradientXInputSum"] : [fetch]);
  const { numbers: all, logits } = await runner.explain({ ...explanation, kept, fetch: [...names] }, signal);
  const [numbers, sums] = [all[0]!, all.at(-1)!];
  // dp = p dlogp. A normalised row does not need it, and it may underflow.
  const factor = (n: number) => of === "probability" ? rowValue(explanation, logits, of, n) : 1;
  const M = explanation.mix.length / explanation.rows.length;
  const factors = Array.from({ length: M }, (_, n) => normalize ? 1 : factor(n));
  const scaled = numbers.map((number, i) => number * factors[Math.floor(i / (numbers.length / M))]!);
  const T = sums.length / M;
  const gained = completeness ? await gain(runner, explanation, logits, of, signal) : undefined;
  const gaps = gained?.map((value, n) => {
    return factor(n) * sums.subarray(n * T, (n + 1) * T).reduce((a, b) => a + b, 0) - value;
  });
  free(logits, ...all);
  onStep();
  return { numbers: scaled, ...(gaps && { gaps }) };
}

/** What is differentiated: a scalar for each target, or their sum; less that of the contrast, if there is one. */
function explanationOf(
  { tokenIds, source }: Sequence,
  { length, targets }: Chunk,
  positions: readonly number[],
  { of, together, contrast }: SaliencyDefinition,
): Explanation {
  const ends = targets.map((target) => positions[target]!);
  const N = ends.length;
  const own = ends.map((end) => ({ row: end - 1, target: tokenIds[end]! }));
  const all = contrast ? [...own, ...own.map(({ row }) => ({ row, target: contrast.tokenIds[0]! }))] : own;
  const R = all.length;
  // A token less itself is nothing at all, where the difference of two gradients would leave what was rounded.
  const isItself = (r: number) => contrast !== undefined && own[r % N]!.target === contrast.tokenIds[0];
  // LIT's scalar is a loss: the sum of the targets' negative log-probabilities.
  const sign = (r: number) => isItself(r) ? 0 : (together ? -1 : 1) * (r < N ? 1 : -1);
  const mix = Float32Array.from({ length: (together ? 1 : N) * R }, (_, i) => {
    const [n, r] = [Math.floor(i / R), i % R];
    return together || r % N === n ? sign(r) : 0;
  });
  return {
    tokenIds: tokenIds.slice(0, length),
    source: source?.tokenIds,
    rows: all.map(({ row }) => row),
    targets: all.map(({ target }) => target),
    mix,
    ofLogit: of === "logit" || contrast !== undefined,
  };
}
