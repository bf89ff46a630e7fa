/**
 * Music as events: note-on, note-off, time-shift and velocity, the performance encoding of Oore et al.
 * (https://arxiv.org/abs/1808.03715) and the Music Transformer (https://arxiv.org/abs/1809.04281), as words of a text:
 * `on60`, `off60`, `wait30` for 0.3 seconds, `velocity20` for strengths from 80 to 83.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { expectNotes, inOrder, LONGEST_MUSIC, MIDI_VALUES, type Note } from "./note.ts";

const STEPS_PER_SECOND = 100;
const LONGEST_WAIT = 100;
/** Strengths that are one word. */
const PER_VELOCITY = 4;
/** How hard notes are struck before a text says it. */
const FIRST_VELOCITY = 64;
/** What ends a piece, and begins one; no event. */
const MARKS = new Set(["[END]", "[UNK]"]);

type Kind = "on" | "off" | "wait" | "velocity";
const NUMBERS: Readonly<Record<Kind, readonly [least: number, most: number]>> = {
  on: [0, MIDI_VALUES - 1],
  off: [0, MIDI_VALUES - 1],
  wait: [1, LONGEST_WAIT],
  velocity: [0, MIDI_VALUES / PER_VELOCITY - 1],
};

/** An event of a text. */
export interface MusicEvent {
  readonly kind: Kind;
  readonly number: number;
}

/** A note, and which words of its text say it. */
export interface PlacedNote extends Note {
  /** The word that begins it. */
  readonly on: number;
  /** The word that ends it; none of a note that sounds to the end of the text. */
  readonly off?: number;
}

/** The event of a word, or undefined of a mark between pieces. */
export function eventOf(word: string): MusicEvent | undefined {
  if (MARKS.has(word)) return undefined;
  const [, kind = "", digits = ""] = /^(on|off|wait|velocity)(\d{1,3})$/.exec(word) ?? [];
  const number = Number(digits);
  const [least, most] = NUMBERS[kind as Kind] ?? [Infinity, 0];
  if (number >= least && number <= most) return { kind: kind as Kind, number };
  throw new SyntaxError(
    `Cannot read ${shown(word)} as an event of music; events are on0 to on127, off0 to off127, wait1 to wait100 and ` +
      "velocity0 to velocity31",
  );
}

/** The nearest step; halves go up. */
const stepOf = (seconds: number) => Math.floor(seconds * STEPS_PER_SECOND + 0.5);

interface Key {
  readonly start: number;
  end: number;
  readonly pitch: number;
  velocity: number;
}

/** A key is down once: of notes that begin together the longest is kept, and one ends where the next begins. */
function keysDown(notes: readonly Note[]): Key[] {
  const stepped = notes.map(({ start, end, pitch, velocity }): Key => ({
    start: stepOf(start),
    end: Math.max(stepOf(end), stepOf(start) + 1),
    pitch,
    velocity: Math.floor(velocity / PER_VELOCITY),
  })).sort((a, b) => a.pitch - b.pitch || a.start - b.start || a.end - b.end || a.velocity - b.velocity);
  const kept: Key[] = [];
  for (const key of stepped) {
    const before = kept.at(-1);
    if (before?.pitch === key.pitch) {
      if (before.start === key.start) kept.pop();
      else before.end = Math.min(before.end, key.start);
    }
    kept.push(key);
  }
  return kept;
}

/**
 * Writes notes as the text that a model of music reads: time goes in steps of 10 ms from the first note on, strengths
 * in steps of 4. At one time notes end before others begin, both from the lowest to the highest. A key can be down once:
 * of notes of one pitch that begin together the longest is kept, and one that sounds when the next begins ends there.
 *
 * @param notes The notes, in any order.
 * @returns The events with spaces between; empty of no notes.
 * @throws {TypeError} If these are no notes.
 * @throws {RangeError} If a number of a note is out of range.
 *
 * @example
 * ```ts
 * import { musicText } from "@looking-glass/looking-glass";
 *
 * const c = { start: 0, end: 0.5, pitch: 60, velocity: 80 };
 * console.log(musicText([c, { ...c, pitch: 64 }])); // velocity20 on60 on64 wait50 off60 off64
 * ```
 */
export function musicText(notes: readonly Note[]): string {
  expectNotes("write notes as events", notes);
  const changes = keysDown(notes).flatMap((key) => [
    { step: key.start, begins: true, ...key },
    { step: key.end, begins: false, ...key },
  ]).sort((a, b) => a.step - b.step || Number(a.begins) - Number(b.begins) || a.pitch - b.pitch);
  const words: string[] = [];
  let now = changes[0]?.step ?? 0;
  let struck = -1;
  for (const { step, begins, pitch, velocity } of changes) {
    for (; now < step; now += Math.min(step - now, LONGEST_WAIT)) {
      words.push(`wait${Math.min(step - now, LONGEST_WAIT)}`);
    }
    if (begins && velocity !== struck) words.push(`velocity${struck = velocity}`);
    words.push(`${begins ? "on" : "off"}${pitch}`);
  }
  return words.join(" ");
}

/** The notes of words, and where they stand. What ends no note does nothing, and what is not ended ends with the text. */
export function placedNotes(words: readonly string[]): PlacedNote[] {
  let now = 0;
  let struck = FIRST_VELOCITY;
  const sounding = new Map<number, { readonly start: number; readonly velocity: number; readonly on: number }>();
  const notes: PlacedNote[] = [];
  const stop = (pitch: number, off?: number) => {
    const note = sounding.get(pitch);
    if (!sounding.delete(pitch) || note === undefined || note.start === now) return;
    const [start, end] = [note.start / STEPS_PER_SECOND, now / STEPS_PER_SECOND];
    notes.push({ start, end, pitch, velocity: note.velocity, on: note.on, ...(off === undefined ? {} : { off }) });
  };
  words.forEach((word, i) => {
    const event = eventOf(word);
    if (event?.kind === "wait") now += event.number;
    else if (event?.kind === "velocity") struck = event.number * PER_VELOCITY + PER_VELOCITY / 2;
    else if (event) {
      stop(event.number, event.kind === "off" ? i : undefined);
      if (event.kind === "on") sounding.set(event.number, { start: now, velocity: struck, on: i });
    }
  });
  for (const pitch of [...sounding.keys()]) stop(pitch);
  if (now > LONGEST_MUSIC * STEPS_PER_SECOND) {
    throw new RangeError(`Cannot read music of ${now / STEPS_PER_SECOND} seconds; ${LONGEST_MUSIC} are the most`);
  }
  return inOrder(notes);
}

/**
 * Reads the notes of a text of events, such as a model of music wrote. What ends a note that does not sound does nothing;
 * a note that begins again ends first; one that is not ended ends with the text; one of no length is none.
 *
 * @param music The text, or a sequence whose text it is. The marks `[END]` and `[UNK]` are no events.
 * @returns The notes in the order in which they begin, the lowest first.
 * @throws {TypeError} If this is no text.
 * @throws {SyntaxError} If a word is no event.
 * @throws {RangeError} If the music is longer than an hour.
 *
 * @example
 * ```ts
 * import { musicNotes } from "@looking-glass/looking-glass";
 *
 * console.log(musicNotes("on60 wait50 off60")); // [{ start: 0, end: 0.5, pitch: 60, velocity: 64 }]
 * ```
 */
export function musicNotes(music: string | { readonly text: string }): Note[] {
  const text = typeof music === "string" ? music : (music as { readonly text?: unknown } | null)?.text;
  if (typeof text !== "string") {
    throw new TypeError(`Cannot read ${shown(music)} as music; pass a text of events, or what generate() returned`);
  }
  const words = text.replaceAll("[END]", " [END] ").split(/\s+/).filter((word) => word !== "");
  return placedNotes(words).map(({ start, end, pitch, velocity }) => ({ start, end, pitch, velocity }));
}
