/**
 * What each record of what the parts of a model do must look like.
 *
 * @module
 */
import type { HeadCircuit, LogitChange, NeuronWrites } from "../../ask/logit_attribution/circuit_types.ts";
import type { AddedPart, LogitAttribution } from "../../ask/logit_attribution/types.ts";
import { LARGEST } from "../../models/config.ts";
import { and, type Check, floats, indexIn, list, number, record, textLike, wholeFrom } from "./checks.ts";
import { id, prediction, sequence, token, withToken } from "./text_records.ts";

/** A place where a model was changed, such as `z.4` or `source_resid.0`. */
const site = textLike(/^[a-z][a-z_]{0,30}(\.\d{1,4})?$/, "the name of a place such as z.4");

/** What each part of the model gave to a logit. */
export const logitAttribution: Check<LogitAttribution> = and(
  record<LogitAttribution>({
    sequence,
    position: indexIn("T", 1),
    target: prediction,
    logit: number,
    embedding: number,
    heads: floats("L", "H"),
    attentionBiases: floats("L"),
    mlps: floats("L"),
    bias: number,
  }, {
    contrast: prediction,
    positionEmbedding: number,
    added: list(record<AddedPart>({ site, value: number })),
    neurons: floats("L", "*"),
    tokens: floats("L", "H", "S"),
  }),
  (value, path, { sizes }) => {
    const { position } = value as LogitAttribution;
    const seen = sizes.get("S") ?? position;
    return seen === position
      ? undefined
      : `${path}.tokens is of ${seen} tokens, and ${position} stand before position ${position}`;
  },
);

/** The index of a layer. */
export const layer: Check<number> = wholeFrom(0, LARGEST.nLayer - 1);

const changes = list(withToken(record<LogitChange>({ tokenId: id, token, change: number })));

/** What a head does with two tokens by its weights. */
export const headCircuit: Check<HeadCircuit> = record<HeadCircuit>({
  layer,
  head: wholeFrom(0, LARGEST.nEmbd - 1),
  from: token,
  to: token,
  qk: number,
  ov: number,
  raised: changes,
  lowered: changes,
});

/** What a neuron writes to the vocabulary by its weights. */
export const neuronWrites: Check<NeuronWrites> = record<NeuronWrites>({
  layer,
  neuron: wholeFrom(0, LARGEST.nInner - 1),
  raised: changes,
  lowered: changes,
});
