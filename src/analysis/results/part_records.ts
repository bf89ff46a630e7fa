/**
 * What each record of what the parts of a model do must look like.
 *
 * @module
 */
import type { AddedPart, LogitAttribution } from "../../ask/logit_attribution/types.ts";
import { and, type Check, floats, indexIn, list, number, record, text } from "./checks.ts";
import { prediction, sequence } from "./text_records.ts";

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
    added: list(record<AddedPart>({ site: text, value: number })),
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
