import { shown } from "../../../base/words.ts";
import type { BeamSearchOptions } from "./types.ts";
import type { GenerationFile } from "../generation_lists.ts";

/**
 * How a file says that texts are searched for. Without `num_beams`, what it says about a search counts for nothing, as in
 * Hugging Face's `generate`.
 *
 * @throws {TypeError | RangeError} When a field has a value that means nothing; the message names it.
 */
export function readBeams({ name: file, fields }: GenerationFile): BeamSearchOptions {
  const beams = fields.num_beams ?? 1;
  const lengthPenalty = fields.length_penalty ?? undefined;
  const earlyStopping = fields.early_stopping ?? undefined;
  const best = fields.num_return_sequences ?? undefined;
  const cannotUse = (name: string, must: string) => {
    return `Cannot use ${name} ${shown(fields[name])} of ${file} as it must be ${must}`;
  };
  if (!isCount(beams)) throw new RangeError(cannotUse("num_beams", "a whole number >= 1"));
  if (beams === 1) return {};
  if (lengthPenalty !== undefined && !(typeof lengthPenalty === "number" && Number.isFinite(lengthPenalty))) {
    throw new TypeError(cannotUse("length_penalty", "a number"));
  }
  if (earlyStopping !== undefined && typeof earlyStopping !== "boolean" && earlyStopping !== "never") {
    throw new TypeError(cannotUse("early_stopping", 'true, false or "never"'));
  }
  if (best !== undefined && !(isCount(best) && best <= beams)) {
    throw new RangeError(cannotUse("num_return_sequences", `a whole number from 1 to num_beams, ${beams}`));
  }
  return {
    beams,
    ...lengthPenalty !== undefined && { lengthPenalty },
    ...earlyStopping !== undefined && { earlyStopping },
    ...best !== undefined && { best },
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 1;
}
