/**
 * Says what a view was given when it was not what it draws; most often an `await` is missing.
 *
 * @module
 */
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { FloatTensor } from "../../src/base/tensor.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { visibleText } from "./glyphs.ts";

/** Checks that `value` is a sequence. */
export function expectSequence(value: Sequence): void {
  if (isSequence(value)) return;
  throw new TypeError(
    `Cannot draw ${nameOf(value)} as tokens; pass what model.sequence() or await model.generate() returned`,
  );
}

/** Checks that `value` is a saliency map. */
export function expectSaliency(value: Saliency): void {
  const fields = (value ?? {}) as Partial<Saliency>;
  const isMap = isSequence(fields.sequence) && Array.isArray(fields.positions) && fields.scores?.data !== undefined;
  if (isMap && fields.options) return;
  if (isMap) {
    throw new TypeError("Cannot draw what groupScores() returned; pass groupSaliency(map, by), or the option by");
  }
  throw new TypeError(`Cannot draw ${nameOf(value)} as a saliency map; pass what await model.saliency() returned`);
}

/** The attention of a trace, which must have recorded it. */
export function expectAttention(trace: Trace): FloatTensor {
  if (!isSequence((trace as Partial<Trace> | null)?.sequence)) {
    throw new TypeError(`Cannot draw ${nameOf(trace)} as attention; pass what await model.trace() returned`);
  }
  if (trace.attention !== undefined) return trace.attention;
  throw new TypeError(
    'Cannot draw attention as the trace holds none; call model.trace(sequence, { capture: ["attention"] })',
  );
}

/** Whether `value` holds tokens. */
export function isSequence(value: unknown): boolean {
  return Array.isArray((value as Partial<Sequence> | undefined)?.tokens);
}

/** What `value` is, for the message of an error. */
export function nameOf(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  return visibleText(
    value === null || typeof value !== "object"
      ? String(value)
      : `an object with ${Object.keys(value).join(", ") || "no keys"}`,
  );
}
