import type { Saliency, SaliencyDefinition } from "../../src/ask/saliency/definition.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import type { Token } from "../../src/tokenizer/token.ts";

export const ECCO: SaliencyDefinition = {
  preset: "ecco",
  method: "gradientXInput",
  of: "probability",
  reduce: "l2",
  normalize: true,
  together: false,
};

export const CAPTUM: SaliencyDefinition = {
  ...ECCO,
  preset: "captum",
  of: "logProb",
  reduce: "sum",
  normalize: false,
};

export const LIT: SaliencyDefinition = {
  ...ECCO,
  preset: "lit",
  method: "gradient",
  of: "logProb",
  normalize: false,
  together: true,
};

const encoder = new TextEncoder();

/** Tokens of the given texts; a text given as numbers is bytes. */
export function sequenceOf(parts: readonly (string | number[])[], promptLength: number): Sequence {
  let start = 0;
  const tokens = parts.map((part, i): Token => {
    const bytes = typeof part === "string" ? encoder.encode(part) : Uint8Array.from(part);
    const text = typeof part === "string" ? part : part.map((byte) => `\\x${byte.toString(16).toUpperCase()}`).join("");
    const length = typeof part === "string" ? part.length : 1;
    const piece = typeof part === "string" ? part.replaceAll(" ", "Ġ").replaceAll("\n", "Ċ") : text;
    const token = { id: 100 + i, piece, bytes, start, end: start + length, text };
    start += typeof part === "string" ? length : 0;
    return token;
  });
  const text = parts.map((part) => typeof part === "string" ? part : "").join("");
  return { tokenIds: tokens.map((token) => token.id), tokens, promptLength, text };
}

/** Tokens as {@linkcode sequenceOf} takes them: bytes that are no characters as numbers. */
export function partsOf(tokens: readonly Token[]): (string | number[])[] {
  return tokens.map(({ bytes, text }) => text.startsWith("\\x") ? Array.from(bytes) : text);
}

/** A map whose numbers come from a small generator, so that they are the same everywhere. */
export function saliencyOf(
  sequence: Sequence,
  options: SaliencyDefinition = ECCO,
  positions: readonly number[] = sequence.tokens.map((_, i) => i).slice(sequence.promptLength),
): Saliency {
  const width = sequence.tokens.length;
  const rows = options.together ? 1 : positions.length;
  const data = new Float32Array(rows * width);
  let state = 7;
  for (let n = 0; n < rows; ++n) {
    const end = options.together ? Math.max(...positions) : positions[n] ?? 0;
    const row = data.subarray(n * width, n * width + end);
    for (let i = 0; i < row.length; ++i) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      const unit = (state >>> 8) / 2 ** 24;
      row[i] = options.reduce === "sum" ? 2 * unit ** 3 - 0.4 : unit ** 4;
    }
    const sum = row.reduce((total, score) => total + Math.abs(score), 0);
    if (options.normalize) row.forEach((score, i) => row[i] = score / sum);
  }
  return { sequence, positions, scores: { data, shape: [rows, width] }, options };
}

/** Subject-verb agreement: a prompt and five written tokens. */
export const KEYS: Sequence = sequenceOf(
  ["The", " keys", " to", " the", " cabinet", " are", " on", " the", " table", "."],
  5,
);

/** What a page must survive. */
export const HOSTILE: Sequence = sequenceOf(
  [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' --s0:100;",
    "&amp;",
    "\u202E",
    "\n\n",
    [0xE2, 0x82],
    [0xAC],
    "\u0301",
    "\t",
    "\uFEFF",
    "",
    "`${x}`",
  ],
  4,
);
