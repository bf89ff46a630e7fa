/**
 * Maps of several short texts by one run.
 *
 * @module
 */
import { normalizeL1 } from "../../base/numbers.ts";
import type { Explanation } from "../../model/requests.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { type SaliencyDefinition, scoreOf } from "./definition.ts";
import { CHUNK_LOGITS, differentiate } from "./saliency.ts";
import { mostRows } from "./target_groups.ts";

/**
 * The most tokens of texts that stand side by side. The attention of N scalars over T tokens goes back as `[N, T, T]` for
 * each head, which is mostly nothing where texts do not see each other: on the bundled model, texts of 6 tokens are
 * explained 1.9 times as fast in runs of 40, and 0.2 times in runs of 256; texts of 16 tokens are as fast as one by one.
 */
const PACKED_TOKENS = 40;

/** A text whose tokens at some positions are explained. */
export interface ExplainedText {
  readonly tokenIds: readonly number[];
  readonly positions: readonly number[];
}

/** Whether some texts can be explained in one run: together they are no more than one long text would have in it. */
export function fitOneRun({ config: { vocabSize }, backend }: ModelRunner, texts: readonly ExplainedText[]): boolean {
  const sum = (count: (text: ExplainedText) => number) => texts.reduce((all, text) => all + count(text), 0);
  const rows = sum(({ positions }) => positions.reduce((all, position) => all + position, 0));
  const fits = sum(({ tokenIds }) => tokenIds.length) <= PACKED_TOKENS && rows <= mostRows(0, backend);
  return fits && sum(({ positions }) => positions.length) * vocabSize <= CHUNK_LOGITS;
}

/**
 * Explains tokens of several short texts, which are read side by side in one run and do not see each other: what
 * `saliency` says of each by itself. The definition's method is a gradient, and its rows are of single targets.
 *
 * @returns The scores of each text, `[N, T]`.
 */
export async function explainTexts(
  runner: ModelRunner,
  texts: readonly ExplainedText[],
  definition: SaliencyDefinition,
  signal?: AbortSignal,
): Promise<readonly Float32Array[]> {
  const { method, reduce, normalize, of } = definition;
  if (method === "integratedGradients" || definition.together) throw new TypeError("Cannot explain texts side by side");
  const starts = texts.map((_, i) => texts.slice(0, i).reduce((sum, { tokenIds }) => sum + tokenIds.length, 0));
  const targets = texts.flatMap(({ tokenIds, positions }, i) => {
    return positions.map((position) => ({ row: starts[i]! + position - 1, target: tokenIds[position]! }));
  });
  const R = targets.length;
  const explanation: Explanation = {
    tokenIds: texts.flatMap(({ tokenIds }) => tokenIds),
    texts: texts.flatMap(({ tokenIds }, i) => tokenIds.map(() => i)),
    rows: targets.map(({ row }) => row),
    targets: targets.map(({ target }) => target),
    mix: Float32Array.from({ length: R * R }, (_, i) => i % (R + 1) === 0 ? 1 : 0),
    ofLogit: of === "logit",
  };
  const options = { fetch: scoreOf(method, reduce), completeness: false };
  const { numbers } = await differentiate(runner, { explanation, onStep: () => {}, signal }, definition, options);
  let target = 0;
  return texts.map(({ tokenIds: { length: T }, positions }, i) => {
    const scores = new Float32Array(positions.length * T);
    for (const [n, position] of positions.entries()) {
      const start = target++ * explanation.tokenIds.length + starts[i]!;
      const row = numbers.subarray(start, start + position);
      scores.set(normalize ? normalizeL1(row) : row, n * T);
    }
    return scores;
  });
}
