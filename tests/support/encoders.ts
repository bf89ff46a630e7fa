/**
 * The tiny random encoders of `scripts/oracles/family_checkpoints.py`, with a tokenizer that has a mask, and what
 * transformers and PyTorch say of them.
 *
 * @module
 */
import type { Classifier, Pooling } from "../../mod.ts";
import { counted } from "./counted.ts";
import { checkpointCopy, type GoldenCase, type GoldenPrompt, openGolden } from "./goldens.ts";

export { ENCODER_NAMES, maxAbsDifference } from "./goldens.ts";

/** What the oracle was asked about one text. */
export interface EncoderText extends GoldenPrompt {
  readonly tokenTypes: readonly number[];
}

/** One encoder and its goldens. */
export interface EncoderGolden extends GoldenCase {
  /** `long`, `single`, and `pair` where there are types of tokens. */
  readonly texts: Readonly<Record<string, EncoderText>>;
  /** The texts of `batch/mean` and `batch/cls`. */
  readonly batch: readonly (readonly number[])[];
  /** Which id is the mask. */
  readonly maskTokenId: number;
  /** The random head of three classes that `class/...` are about, on vectors as they are. */
  readonly classifier: (pooling: Pooling) => Promise<Classifier>;
}

/** Opens the goldens of one encoder. */
export async function openEncoderGolden(name: string): Promise<EncoderGolden> {
  const golden = await openGolden(name);
  const json = JSON.parse(await Deno.readTextFile(new URL("golden.json", golden.directory)));
  const texts: Record<string, EncoderText> = { ...json.prompts, ...json.pair && { pair: json.pair } };
  const untyped = /distilbert|roberta/.test(name);
  counted(Object.keys(texts), untyped ? 2 : 3);
  const classifier = async (pooling: Pooling): Promise<Classifier> => ({
    classes: ["a", "b", "c"],
    weights: await golden.array("head/weight"),
    bias: await golden.array("head/bias"),
    pooling,
    normalize: false,
    ...{ inverseStrength: 1, loss: 0, iterations: 0, converged: true },
  });
  return { ...golden, texts, batch: counted(json.batch, 5), maskTokenId: json.maskTokenId, classifier };
}

/** A copy of an encoder with a tokenizer of bytes, in which the third id is the mask. */
export function encoderCopy(name: string) {
  return checkpointCopy(name, async (directory) => {
    const path = `${directory}/tokenizer.json`;
    const json = JSON.parse(await Deno.readTextFile(path));
    const [byte] = Object.entries(json.model.vocab).find(([, id]) => id === 3)!;
    delete json.model.vocab[byte];
    json.model.vocab["[MASK]"] = 3;
    json.added_tokens = [{
      id: 3,
      content: "[MASK]",
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    }];
    await Deno.writeTextFile(path, JSON.stringify(json));
  });
}
