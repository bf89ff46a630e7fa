/**
 * The families that can be loaded. A new one is a page of its own and a line here.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { BART, type BartConfig, MARIAN } from "./bart.ts";
import { BERT, type BertConfig, DISTILBERT, ROBERTA } from "./bert.ts";
import { fieldsOf, type ModelConfig } from "./config.ts";
import type { Family } from "./family.ts";
import { GPT2, type GPT2Config } from "./gpt2.ts";
import { LLAMA, type LlamaConfig } from "./llama.ts";
import { GPT_NEOX, type GPTNeoXConfig } from "./neox.ts";
import { OPT, type OPTConfig } from "./opt.ts";

/** The settings of a model of any family; `modelType` tells which. */
export type AnyConfig = BartConfig | BertConfig | GPT2Config | GPTNeoXConfig | LlamaConfig | OPTConfig;

const FAMILIES: readonly Family[] = [GPT2, LLAMA, GPT_NEOX, OPT, BERT, DISTILBERT, ROBERTA, BART, MARIAN];

/** What any family calls the matrix that logits are read with where it is not the token embeddings. */
export const UNEMBEDDINGS: readonly string[] = [...new Set(FAMILIES.map(({ names }) => names.unembedding))];

/** Every `model_type` that can be loaded. */
const MODEL_TYPES: readonly string[] = FAMILIES.flatMap(({ modelTypes }) => modelTypes);

/**
 * Reads a parsed `config.json` of any family. Missing fields have Hugging Face's defaults.
 *
 * @throws {TypeError} When it is of no family that is known, or a field has the wrong type.
 * @throws {RangeError} When the numbers do not fit together.
 */
export function parseConfig(json: unknown): AnyConfig {
  const fields = fieldsOf(json);
  const { model_type: modelType, architectures } = fields;
  const named = Array.isArray(architectures) ? architectures : [];
  const family = modelType === undefined
    ? FAMILIES.find((family) => family.architectures.some((name) => named.includes(name)))
    : FAMILIES.find(({ modelTypes }) => modelTypes.some((known) => known === modelType));
  if (family) return family.parseConfig(fields) as AnyConfig;
  const known = `"${MODEL_TYPES.join('", "')}"`;
  if (modelType !== undefined) {
    throw new TypeError(`Cannot load a ${shown(modelType)} model as this package reads the model types ${known}`);
  }
  const some = FAMILIES.flatMap(({ architectures }) => architectures).join(", ");
  throw new TypeError(
    `Cannot read config.json as it has neither a model_type, such as ${known}, nor an architecture of ${some}`,
  );
}

/** The family of a model. */
export function familyOf({ modelType }: ModelConfig): Family {
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(modelType));
  if (family) return family;
  throw new TypeError(`Cannot find the family of a ${shown(modelType)} model; pass the config of a loaded model`);
}
