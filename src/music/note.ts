import { shown } from "../base/words.ts";

/** A note of music. */
export interface Note {
  /** When it begins, in seconds. */
  readonly start: number;
  /** When it ends, in seconds. */
  readonly end: number;
  /** Its key, 0 to 127; 60 is the middle C, and each step is a half tone. */
  readonly pitch: number;
  /** How hard it is struck, 1 to 127. */
  readonly velocity: number;
}

/** An hour is more than anybody listens to, and bounds what a small file can ask for. */
export const LONGEST_MUSIC = 3600;
/** Keys and strengths are less than this. */
export const MIDI_VALUES = 128;

function isWhole(value: unknown, least: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value < MIDI_VALUES;
}

function problemOf({ start, end, pitch, velocity }: Note): string | undefined {
  if (!(typeof start === "number" && start >= 0)) return `begins at ${shown(start)}; times are seconds from 0 on`;
  if (!(typeof end === "number" && end >= start && end <= LONGEST_MUSIC)) {
    return `begins at ${start} and ends at ${shown(end)}; it must end after that, and within ${LONGEST_MUSIC} seconds`;
  }
  if (!isWhole(pitch, 0)) return `has pitch ${shown(pitch)}; pitches are whole numbers from 0 to 127`;
  if (!isWhole(velocity, 1)) return `has velocity ${shown(velocity)}; velocities are whole numbers from 1 to 127`;
  return undefined;
}

/** Checks notes; `task` is what is to be done with them. */
export function expectNotes(task: string, notes: readonly Note[]): void {
  if (!Array.isArray(notes)) {
    const given = notes instanceof Promise ? "a promise" : shown(notes);
    throw new TypeError(
      `Cannot ${task} as ${given} is no list of notes; pass what musicNotes() or await readMidi() gave`,
    );
  }
  notes.forEach((note, i) => {
    if (note === null || typeof note !== "object") throw new TypeError(`Cannot ${task} as note ${i} is ${shown(note)}`);
    const problem = problemOf(note);
    if (problem !== undefined) throw new RangeError(`Cannot ${task} as note ${i} ${problem}`);
  });
}

/** Notes in the order in which they begin, at one time from the lowest to the highest. */
export function inOrder<N extends Note>(notes: readonly N[]): N[] {
  return notes.toSorted((a, b) => a.start - b.start || a.pitch - b.pitch);
}
