/**
 * Where notes stand in a picture, which of them can be chosen, and what they are called.
 *
 * @module
 */
import type { PianoRoll, PianoRollViewOptions, RollNote } from "./data.ts";

/** The height of a half tone, and the place of the names of pitches, in pixels. */
export const ROW = 8;
export const LEFT = 34;
const RIGHT = 6;
const [LEAST_SECOND, MOST_SECOND, WIDTH] = [24, 60, 900];
/** More choices would make the page large. */
const MOST_CHOICES = 160;

/** A roll, laid out. */
export interface Layout extends PianoRoll {
  /** The notes that can be chosen, and the one that is at first. */
  readonly choices: readonly number[];
  readonly first: number | undefined;
  /** When the last note ends, in seconds. */
  readonly seconds: number;
  readonly lowest: number;
  readonly highest: number;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly x: (seconds: number) => number;
  /** The middle of a pitch. */
  readonly y: (pitch: number) => number;
}

const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** A pitch as musicians call it: `C4` is the middle C. */
export function pitchName(pitch: number): string {
  return `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

/** A note in words. */
export function noteName({ pitch, start }: RollNote): string {
  return `${pitchName(pitch)} at ${start.toFixed(2)} s`;
}

/** The notes that have something to be shown, the last of them where they are many. */
function choicesOf({ notes }: PianoRoll): number[] {
  const all = notes.flatMap(({ looks, shares }, n) => looks || shares ? [n] : []);
  return all.slice(-MOST_CHOICES);
}

function firstChoice({ notes }: PianoRoll, choices: readonly number[], position: number | undefined) {
  if (position === undefined) return choices.at(-1);
  const first = choices.find((n) => notes[n]!.on === position);
  if (first !== undefined) return first;
  const last = choices.length === 0 ? "no note can be chosen without { trace } or { saliency }" : undefined;
  throw new RangeError(
    `Cannot choose the note of position ${position} as ${last ?? "no note that can be chosen begins there"}`,
  );
}

/** Lays out a roll. */
export function layoutOf(roll: PianoRoll, { position }: PianoRollViewOptions): Layout {
  const { notes } = roll;
  const choices = choicesOf(roll);
  const pitches = notes.map(({ pitch }) => pitch);
  const seconds = notes.reduce((latest, { end }) => Math.max(latest, end), 0);
  const [lowest, highest] = [Math.min(...pitches) - 1, Math.max(...pitches) + 1];
  const second = Math.max(LEAST_SECOND, Math.min(MOST_SECOND, (WIDTH - LEFT - RIGHT) / seconds));
  return {
    ...roll,
    ...{ choices, first: firstChoice(roll, choices, position), seconds, lowest, highest },
    width: Math.round(LEFT + seconds * second + RIGHT),
    height: (highest - lowest + 1) * ROW,
    x: (time) => Number((LEFT + time * second).toFixed(1)),
    y: (pitch) => (highest - pitch + 0.5) * ROW,
  };
}

/** How far apart the lines of two heads are in the middle, in pixels. */
const APART = 10;

/** How far the line of a head is from straight in the middle, in pixels. */
export function bendOf(head: number, heads: number): number {
  return APART * (head - (heads - 1) / 2);
}
