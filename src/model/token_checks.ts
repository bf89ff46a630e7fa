/**
 * What the tokens of a text must be for a model to read it.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import type { ModelConfig } from "../models/config.ts";
import { familyOf } from "../models/families.ts";
import type { Sequence } from "./sequence.ts";

/**
 * Refuses ids that do not fit a model.
 *
 * @throws {RangeError} When there are none, more than the context holds, or one is not in the vocabulary.
 */
export function expectTokenIds(config: ModelConfig, tokenIds: readonly number[]): void {
  if (tokenIds.length === 0) throw new RangeError("Cannot read a sequence without tokens");
  const { vocabSize, nPositions } = config;
  for (const id of tokenIds) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
      throw new RangeError(`Cannot read token id ${id} as the vocabulary holds ${vocabSize} tokens`);
    }
  }
  if (tokenIds.length > nPositions) {
    throw new RangeError(
      `Cannot read ${tokenIds.length} tokens as the context holds ${nPositions}; shorten the text`,
    );
  }
}

/** A text of a model with an encoder has the source that was read for it, and others have none. */
export function expectSource(config: ModelConfig, source: Sequence | undefined): void {
  const { name, hasSource = false } = familyOf(config);
  if (hasSource !== (source !== undefined)) {
    throw new TypeError(
      hasSource
        ? `Cannot use a text without its source as ${name} reads one; pass what generate() returned, or { source }`
        : `Cannot use a text with a source as ${name} has no encoder; pass the text alone`,
    );
  }
  if (source) expectTokenIds(config, source.tokenIds);
}

/**
 * The types of tokens that a caller gives.
 *
 * @throws {TypeError | RangeError} When there is not one for each token, or the model does not have it.
 */
export function expectTypes(config: ModelConfig, tokenIds: readonly number[], types: readonly number[]): void {
  const count = familyOf(config).tokenTypes?.(config) ?? 0;
  if (!Array.isArray(types)) {
    throw new TypeError(`Cannot use tokenTypes ${shown(types)}; pass a number for each token`);
  }
  if (count === 0) {
    throw new TypeError(
      `Cannot use tokenTypes as ${familyOf(config).name} has no types of tokens; leave them out`,
    );
  }
  if (types.length !== tokenIds.length) {
    throw new RangeError(
      `Cannot use ${types.length} tokenTypes as there are ${tokenIds.length} tokens; pass one for each`,
    );
  }
  const wrong = types.find((type) => !Number.isInteger(type) || type < 0 || type >= count);
  if (wrong === undefined) return;
  throw new RangeError(`Cannot use the token type ${shown(wrong)} as the model has the types 0 to ${count - 1}`);
}
