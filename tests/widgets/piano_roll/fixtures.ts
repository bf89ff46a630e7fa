/** Music without a model: four voices that walk, as many events as a text has tokens. */
import type { Trace } from "../../../src/ask/trace/trace.ts";
import type { Saliency } from "../../../src/ask/saliency/definition.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import { attentionOf } from "../attention/fixtures.ts";
import { ECCO, KEYS, saliencyOf } from "../fixtures.ts";

/** A sequence of words, each a token with a space before it. */
export function wordsOf(words: readonly string[], promptLength: number): Sequence {
  let start = 0;
  const tokens = words.map((word, i) => {
    const from = start + (i === 0 ? 0 : 1);
    start = from + word.length;
    const bytes = new TextEncoder().encode(word);
    return { id: 10 + i, piece: word, bytes, start: from, end: start, text: word };
  });
  return { tokenIds: tokens.map(({ id }) => id), tokens, promptLength, text: words.join(" ") };
}

/** The events of chords of three notes that go up and down, cut off after `count`. */
export function musicWords(count: number): string[] {
  const words = ["[END]", "velocity20"];
  for (let chord = 0; words.length < count; ++chord) {
    const pitches = [48, 64, 67].map((pitch, voice) => pitch + (chord * (voice + 2)) % 7);
    words.push(...pitches.map((pitch) => `on${pitch}`), chord % 2 === 0 ? "wait60" : "wait30");
    words.push(...pitches.map((pitch) => `off${pitch}`));
  }
  return words.slice(0, count);
}

/** Music of as many events as a text has tokens, and six at least. */
export function musicOf(text: Sequence = KEYS): Sequence {
  const count = Math.max(6, text.tokens.length);
  return wordsOf(musicWords(count), Math.min(text.promptLength, count));
}

/** What is drawn over music. */
export function overMusic(music: Sequence, heads = 3): { trace: Trace; saliency: Saliency } {
  const positions = music.tokens.map((_, i) => i).slice(1);
  return { trace: attentionOf(music, 2, heads), saliency: saliencyOf(music, ECCO, positions) };
}
