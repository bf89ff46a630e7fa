/**
 * What texts, tokens and decoded steps must look like.
 *
 * @module
 */
import type { Prediction } from "../../ask/prediction.ts";
import type { ProcessedScores, Step } from "../../ask/write/step.ts";
import type { Decoding, Sequence, Word } from "../../model/sequence.ts";
import type { Token } from "../../tokenizer/token.ts";
import {
  and,
  bytes,
  type Check,
  choice,
  either,
  flag,
  floatArray,
  indexIn,
  integer,
  list,
  number,
  numberFrom,
  own,
  pair,
  record,
  text,
  whole,
  wholeFrom,
} from "./checks.ts";

/** What single precision may add to a sum of probabilities that should be 1, or an entropy that should be 0. */
export const ROUNDING = 1e-3;

/** The id of a token. */
export const id: Check<number> = wholeFrom(0, 2 ** 31 - 1);
const rank = wholeFrom(1);
/** From 0 to 1. */
export const probability: Check<number> = numberFrom(0, 1, ROUNDING);
/** The natural logarithm of a probability. */
export const logProb: Check<number> = numberFrom(-Infinity, 0, ROUNDING);
/** An entropy, or how far two distributions are apart. */
export const nats: Check<number> = numberFrom(0, Infinity, ROUNDING);

/** A token. */
export const token: Check<Token> = own(and(
  record<Token>({ id, piece: text, bytes, start: whole, end: whole, text }),
  (value, path) => {
    const { start, end } = value as Token;
    return end >= start ? undefined : `${path}.end is ${end} and its start is ${start}`;
  },
));

const decoding = record<Decoding>({
  temperature: numberFrom(0, Number.MAX_VALUE),
  seed: integer,
  maxNewTokens: whole,
  stop: list(either(text, id)),
}, {
  ...{ topH: number, topK: wholeFrom(1), topP: numberFrom(0, 1), minP: number, typicalP: number },
  ...{ epsilonCutoff: number, etaCutoff: number, minLength: whole, minNewTokens: whole },
  ...{ encoderRepetitionPenalty: number, repetitionPenalty: number },
  ...{ noRepeatNgramSize: whole, encoderNoRepeatNgramSize: whole },
  sequenceBias: list(pair(list(id), number)),
  badWords: list(list(id)),
  forcedBosTokenId: id,
  forcedEosTokenId: either(id, list(id)),
  exponentialDecayLengthPenalty: pair(integer, number),
  ...{ suppressTokens: list(id), beginSuppressTokens: list(id) },
  ...{ beams: wholeFrom(1), lengthPenalty: number, earlyStopping: either(flag, choice<"never">({ never: true })) },
  ...{ removeInvalidValues: flag, renormalizeLogits: flag },
});

/** A text with the tokens that it says, and the source that `source` allows. */
function sequenceWith(source: Check<Sequence>): Check<Sequence> {
  return and(
    record<Sequence>({ tokenIds: list(id, "T"), tokens: list(token, "T"), promptLength: indexIn("T", 1), text }, {
      tokenTypes: list(whole, "T"),
      source,
      sourceLength: indexIn("T", 1),
      decoding,
    }),
    (value, path) => {
      const { tokenIds, tokens, text } = value as Sequence;
      const wrong = tokens.findIndex(({ id }, i) => id !== tokenIds[i]);
      if (wrong >= 0) return `${path}.tokens.${wrong}.id is ${tokens[wrong]!.id}, not ${tokenIds[wrong]}`;
      const far = tokens.findIndex(({ end }) => end > text.length);
      if (far >= 0) {
        return `${path}.tokens.${far}.end is ${tokens[far]!.end}, and the text has ${text.length} characters`;
      }
    },
  );
}

const source: Check<Sequence> = own(sequenceWith((_, path) => `${path} is the source of a source, which has none`));

/** A text; T stands for its length, and E for that of its source. */
export const sequence: Check<Sequence> = own(
  sequenceWith(and(source, (value, _, { sizes }) => {
    sizes.set("E", (value as Sequence).tokenIds.length);
    return undefined;
  })),
  "T",
  "E",
);

/** A record with a token and its id. */
export function withToken<Value extends { readonly tokenId: number; readonly token: Token }>(check: Check<Value>) {
  return own(and(check, (value, path) => {
    const { tokenId, token } = value as Value;
    return token.id === tokenId ? undefined : `${path}.token.id is ${token.id}, not ${tokenId}`;
  }));
}

/** A word that is asked about. */
export const word: Check<Word> = own(record<Word>({ text, tokenIds: list(id, "W"), tokens: list(token, "W") }));
/** A likely token. */
export const prediction: Check<Prediction> = withToken(
  record<Prediction>({ tokenId: id, token, probability, logit: number, rank }),
);
/** Likely tokens. */
export const predictions: Check<readonly Prediction[]> = list(prediction);

const step = withToken(record<Step>({
  position: whole,
  tokenId: id,
  token,
  logProb,
  candidates: predictions,
  logits: floatArray("V"),
}, {
  processed: record<ProcessedScores>({ possible: whole, logProb, candidates: predictions }),
}));

/** One decoded token after another. */
export const steps: Check<readonly Step[]> = list(step);
