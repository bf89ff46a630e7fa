/**
 * The notes of a sequence of music, where the heads looked while each was written, and what it came from.
 *
 * @module
 */
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import type { Trace } from "../../src/ask/trace/trace.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { type PlacedNote, placedNotes } from "../../src/music/events.ts";
import { expectAttention, expectSaliency, expectSequence } from "../kit/expect.ts";
import { expectShape } from "../kit/expect_shape.ts";
import { layerIndex, recordedLayers } from "../kit/layers.ts";
import { counted } from "../kit/numbers.ts";

/** How music is drawn. */
export interface PianoRollViewOptions {
  /** What `LanguageModel.trace` gave of the same sequence with `capture: ["attention"]`. */
  readonly trace?: Trace;
  /** What `LanguageModel.saliency` gave of the same sequence. */
  readonly saliency?: Saliency;
  /** The 0-based index of the layer whose heads are drawn; by default the last that was recorded. */
  readonly layer?: number;
  /** The position of the token that begins the note which is chosen at first; by default the last note. */
  readonly position?: number;
  /**
   * Whether the music can be heard.
   *
   * @default {true}
   */
  readonly sound?: boolean;
  /** The title of a saved page. */
  readonly title?: string;
}

/** How much of a head's attention a note got. */
export interface NoteLook {
  /** The head. */
  readonly head: number;
  /** Which of the notes. */
  readonly note: number;
  /** The weights of the tokens that begin and end it, added up. */
  readonly weight: number;
}

/** How much of a note's saliency another one has. */
export interface NoteShare {
  /** Which of the notes. */
  readonly note: number;
  /** The absolute scores of the tokens that begin and end it, of those of all tokens. */
  readonly share: number;
}

/** A note of a roll. */
export interface RollNote extends PlacedNote {
  /** Whether it follows the prompt. */
  readonly written: boolean;
  /** Where the heads looked in the row that predicted it, of earlier notes, the largest weights of each head first. */
  readonly looks?: readonly NoteLook[];
  /** Which earlier notes it came from, the largest share first. */
  readonly shares?: readonly NoteShare[];
}

/** Music as a roll. */
export interface PianoRoll {
  /** The text of events. */
  readonly sequence: Sequence;
  /** Its notes, in the order in which they begin. */
  readonly notes: readonly RollNote[];
  /** The layer whose heads looked. */
  readonly layer?: number;
  /** How many heads it has. */
  readonly heads?: number;
}

/** Smaller weights and shares are not kept, and more of them of a head or a note. */
const LEAST_LOOK = 0.1;
const LEAST_SHARE = 0.01;
const MOST_LOOKS = 3;
const MOST_SHARES = 12;

function expectSame(what: string, sequence: Sequence, other: Sequence): void {
  if (other.tokenIds?.join() === sequence.tokenIds.join()) return;
  throw new RangeError(`Cannot draw ${what} over these notes as it is of another sequence; pass that of this one`);
}

/** The score of a note: of the token that begins it, and of the one that ends it if that is before `end`. */
function noteScore({ on, off }: PlacedNote, end: number, score: (position: number) => number): number {
  return score(on) + (off !== undefined && off < end ? score(off) : 0);
}

type Looks = (notes: readonly PlacedNote[], n: number) => NoteLook[] | undefined;
type Shares = (notes: readonly PlacedNote[], n: number) => NoteShare[] | undefined;

interface Attention {
  readonly layer: number;
  readonly heads: number;
  readonly looks: Looks;
}

function attentionOf(sequence: Sequence, trace: Trace, wanted: number | undefined): Attention {
  const attention = expectAttention(trace);
  expectSame("attention", sequence, trace.sequence);
  const T = sequence.tokens.length;
  const [layers = 0, heads = 0] = attention.shape;
  expectShape({ what: "attention", field: "attention" }, attention, [layers, heads, T, T]);
  const blocks = recordedLayers("attention", trace, layers);
  const layer = wanted ?? blocks.at(-1)!;
  const index = layerIndex(blocks, layer);
  const looks: Looks = (notes, n) => {
    const row = notes[n]!.on - 1;
    if (row < 0) return undefined;
    return Array.from({ length: heads }, (_, head) => {
      const start = ((index * heads + head) * T + row) * T;
      const weight = (key: number) => Number(attention.data[start + key]);
      return notes.flatMap((other, note) =>
        other.on <= row ? [{ head, note, weight: noteScore(other, row + 1, weight) }] : []
      ).filter((look) => look.weight >= LEAST_LOOK).sort((a, b) => b.weight - a.weight).slice(0, MOST_LOOKS);
    }).flat();
  };
  return { layer, heads, looks };
}

function sharesOf(sequence: Sequence, saliency: Saliency): Shares {
  expectSaliency(saliency);
  expectSame("saliency", sequence, saliency.sequence);
  const { positions, scores, options } = saliency;
  if (options.together || options.by) {
    throw new TypeError("Cannot draw saliency over notes where tokens are explained together; explain each by itself");
  }
  const T = sequence.tokens.length;
  expectShape({ what: "saliency", field: "scores" }, scores, [positions.length, T]);
  return (notes, n) => {
    const { on } = notes[n]!;
    const row = positions.indexOf(on);
    if (row < 0) return undefined;
    const score = (position: number) => Math.abs(scores.data[row * T + position]!);
    const total = Array.from({ length: on }, (_, i) => score(i)).reduce((sum, one) => sum + one, 0) || 1;
    return notes.flatMap((other, note) => other.on < on ? [{ note, share: noteScore(other, on, score) / total }] : [])
      .filter(({ share }) => share >= LEAST_SHARE).sort((a, b) => b.share - a.share).slice(0, MOST_SHARES);
  };
}

/**
 * Reads a sequence as music.
 *
 * @throws {TypeError} When it is no sequence, or what is drawn over it is no trace or no saliency.
 * @throws {SyntaxError} When a token is no event of music.
 * @throws {RangeError} When it has no notes, a shape does not fit, or an option is out of range.
 */
export function pianoRoll(sequence: Sequence, options: PianoRollViewOptions): PianoRoll {
  expectSequence(sequence);
  const notes = placedNotes(sequence.tokens.map(({ text }) => String(text).trim()));
  if (notes.length === 0) {
    throw new RangeError(
      `Cannot draw music as the ${counted(sequence.tokens.length, "token")} begin no note that sounds`,
    );
  }
  const attention = options.trace && attentionOf(sequence, options.trace, options.layer);
  const shares = options.saliency && sharesOf(sequence, options.saliency);
  if (options.layer !== undefined && attention === undefined) {
    throw new RangeError(`Cannot draw the heads of layer ${options.layer} without { trace }`);
  }
  const rolled = notes.map((note, n): RollNote => {
    const [looks, own] = [attention?.looks(notes, n), shares?.(notes, n)];
    const written = note.on >= sequence.promptLength;
    return { ...note, written, ...(looks ? { looks } : {}), ...(own ? { shares: own } : {}) };
  });
  const drawn = attention ? { layer: attention.layer, heads: attention.heads } : {};
  return { sequence, notes: rolled, ...drawn };
}
