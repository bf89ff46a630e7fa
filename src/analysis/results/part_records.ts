/**
 * What each record of what the parts of a model do must look like.
 *
 * @module
 */
import type { AddedPart, LogitAttribution } from "../../ask/logit_attribution/types.ts";
import { and, type Check, floats, indexIn, list, number, record, textLike } from "./checks.ts";
import { prediction, sequence } from "./text_records.ts";

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
