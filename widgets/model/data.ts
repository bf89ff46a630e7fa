/**
 * What a model is drawn from.
 *
 * @module
 */
import type { ModelConfig } from "../../src/models/config.ts";
import { nameOf } from "../kit/expect.ts";

/** What a model is drawn from; a `LanguageModel` fits. */
export interface DrawnModel {
  /** The name of the model. */
  readonly id?: string;
  /** Its settings. */
  readonly config: ModelConfig;
}

const SIZES = ["vocabSize", "nPositions", "nEmbd", "nLayer", "nHead", "nInner"] as const;

/**
 * A model, or the settings of one, as it is drawn.
 *
 * @throws {TypeError | RangeError} When it is none, or a size is not a whole number of at least 1.
 */
export function checkModel(model: DrawnModel | ModelConfig): DrawnModel {
  const fields = (model ?? {}) as Partial<DrawnModel>;
  const drawn = (fields.config === undefined ? { config: model } : model) as DrawnModel;
  const config = (drawn.config ?? {}) as Partial<Record<(typeof SIZES)[number], unknown>>;
  if (config.nLayer === undefined && config.nEmbd === undefined) {
    throw new TypeError(
      `Cannot draw ${nameOf(model)} as a model; pass what await LanguageModel.fromPretrained() returned`,
    );
  }
  const wrong = SIZES.find((name) => !Number.isSafeInteger(config[name]) || Number(config[name]) < 1);
  if (wrong) {
    throw new RangeError(`Cannot draw the model as its ${wrong} must be a whole number >= 1: ${config[wrong]}`);
  }
  return drawn;
}
