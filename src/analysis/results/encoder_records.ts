/**
 * What each record of encoders must look like.
 *
 * @module
 */
import type { ClassSaliency } from "../../ask/encode/class_saliency.ts";
import type { Classifier } from "../../ask/encode/classifier.ts";
import type { WholeTextDefinition } from "../../ask/encode/definition.ts";
import type { Embeddings } from "../../ask/encode/encode.ts";
import type { FilledMask, FilledMasks } from "../../ask/encode/fill_mask.ts";
import type { MaskedSaliency } from "../../ask/encode/masked_saliency.ts";
import type { Pooling } from "../../ask/encode/pooling.ts";
import { shown } from "../../base/words.ts";
import type { Classification } from "../classifier/classify.ts";
import {
  and,
  type Check,
  choice,
  flag,
  floats,
  indexIn,
  ints,
  list,
  numberFrom,
  own,
  record,
  text,
  whole,
} from "./checks.ts";
import { prediction, predictions, sequence } from "./text_records.ts";

const pooling = choice<Pooling>({ mean: true, cls: true });

const definition = record<WholeTextDefinition>({
  method: choice<WholeTextDefinition["method"]>({ gradientXInput: true, gradient: true }),
  of: choice<WholeTextDefinition["of"]>({ probability: true, logProb: true, logit: true }),
  reduce: choice<WholeTextDefinition["reduce"]>({ l2: true, sum: true }),
  normalize: flag,
});

/** Texts as vectors. */
export const embeddings: Check<Embeddings> = record<Embeddings>({
  sequences: list(own(sequence), "N"),
  vectors: floats("N", "C"),
  pooling,
  normalize: flag,
});

/** A linear classifier. */
export const classifier: Check<Classifier> = record<Classifier>({
  classes: list(text, "K"),
  weights: floats("K", "C"),
  bias: floats("K"),
  pooling,
  normalize: flag,
  inverseStrength: numberFrom(0),
  loss: numberFrom(0),
  iterations: whole,
  converged: flag,
});

/** What a classifier says of texts: what it predicts is one of its classes. */
export const classification: Check<Classification> = and(
  record<Classification>({
    classes: list(text, "K"),
    probabilities: floats("N", "K"),
    predicted: list(text, "N"),
  }, { labels: list(text, "N"), accuracy: numberFrom(0, 1), confusion: ints("K", "K") }),
  (value, path) => {
    const { classes, predicted, labels = [] } = value as Classification;
    const strange = [...predicted, ...labels].find((name) => !classes.includes(name));
    return strange === undefined ? undefined : `${path} has ${shown(strange)}, which is none of its classes`;
  },
);

/** Which tokens made each class. */
export const classSaliency: Check<ClassSaliency> = record<ClassSaliency>({
  sequence,
  classes: list(text, "N"),
  probabilities: floats("N"),
  scores: floats("N", "T"),
  options: definition,
  pooling,
});

const mask = record<FilledMask>({ position: indexIn("T"), predictions });

/** What may stand in the place of masks. */
export const filledMasks: Check<FilledMasks> = record<FilledMasks>({ sequence, masks: list(mask) });

/** Which tokens made each masked token likely. */
export const maskedSaliency: Check<MaskedSaliency> = record<MaskedSaliency>({
  sequence,
  positions: list(indexIn("T"), "N"),
  targets: list(prediction, "N"),
  scores: floats("N", "T"),
  options: definition,
});
