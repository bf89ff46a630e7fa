/**
 * What the rows of a corpus are measured with.
 *
 * @module
 */
import { ROOT } from "../programs.ts";

/** GPT-2 small's shape with random weights: `bench/make_random_gpt2.py`. */
export const CHECKPOINT = new URL(".out/bench/gpt2-small-random", ROOT).pathname;

/** The part of the documents that is taken: `PART=0.1` for a short look on a busy machine. */
const PART = Number(Deno.env.get("PART") ?? 1);

/** How many documents each question is asked about: as many as take some seconds on two free cores. */
const COUNTS: Readonly<Record<string, number>> = {
  surprise: 64,
  heads: 64,
  neurons: 192,
  settling: 4,
  saliency: 8,
  generated: 16,
  factors: 12,
};

/** How many documents a question is asked about. */
export function countOf(ask: string): number {
  return Math.max(4, 2 * Math.round(COUNTS[ask]! * PART / 2));
}

/** Texts of 10 to 130 tokens of the random tokenizer, which knows pairs of bytes. */
export function textsFor(ask: string): readonly string[] {
  const words = "the of and to in is that it was for on are as with his they at be this from".split(" ");
  const text = (i: number) => Array.from({ length: 3 + (i * 37) % 60 }, (_, w) => words[(i * w + w) % 20]).join(" ");
  return Array.from({ length: countOf(ask) }, (_, i) => text(i));
}
