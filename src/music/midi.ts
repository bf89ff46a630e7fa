/**
 * MIDI files: notes in and out.
 *
 * @module
 */
import type { MidiData, MidiEvent } from "npm:midi-file@1.2.4";
import { formatBytes, messageOf, shown } from "../base/words.ts";
import { expectNotes, inOrder, LONGEST_MUSIC, MIDI_VALUES, type Note } from "./note.ts";

/** A symphony is a fifth of this. */
const MOST_BYTES = 2 ** 20;
/** The channel of percussion, whose notes are no pitches. */
const PERCUSSION = 9;
/** A thousand ticks a second. */
const [TICKS_PER_BEAT, MICROSECONDS_PER_BEAT] = [500, 500_000];
const MOST_TICKS = 2 ** 28;

const load = async () => {
  const { default: library } = await import("npm:midi-file@1.2.4");
  return library;
};

function refuse(what: string): never {
  throw new SyntaxError(`Cannot read the file as MIDI: ${what}`);
}

function isBetween(value: unknown, least: number, end: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value < end;
}

/** Parses a file; what the library throws are texts, and of a file that is cut off it makes events without numbers. */
function parsed(parse: (bytes: Uint8Array) => MidiData, bytes: Uint8Array): MidiData {
  try {
    return parse(bytes);
  } catch (error) {
    refuse(typeof error === "string" ? error : messageOf(error));
  }
}

/** An event at a tick of the file. */
interface Timed {
  readonly tick: number;
  readonly event: MidiEvent;
}

/** The events of all tracks that say something of notes or of time, in their order. */
function timed(tracks: MidiData["tracks"]): Timed[] {
  const all = tracks.flatMap((track) => {
    let tick = 0;
    return track.map((event): Timed => {
      if (!isBetween(event.deltaTime, 0, MOST_TICKS)) {
        refuse(`an event is ${shown(event.deltaTime)} ticks after another`);
      }
      tick += event.deltaTime;
      const named = event.type === "noteOn" || event.type === "noteOff";
      if (named && !(isBetween(event.noteNumber, 0, MIDI_VALUES) && isBetween(event.velocity, 0, MIDI_VALUES))) {
        refuse(`a note has pitch ${shown(event.noteNumber)} and velocity ${shown(event.velocity)}`);
      }
      if (event.type === "setTempo" && !isBetween(event.microsecondsPerBeat, 1, 2 ** 24)) {
        refuse(`a beat takes ${shown(event.microsecondsPerBeat)} microseconds`);
      }
      return { tick, event };
    });
  });
  return all.sort((a, b) => a.tick - b.tick); // stable, so tracks stay in their order
}

/** Seconds of a tick, as the tempo of the file changes; 120 beats a minute until it says another. */
function clock({ ticksPerBeat, framesPerSecond, ticksPerFrame }: MidiData["header"]): {
  readonly at: (tick: number) => number;
  readonly change: (tick: number, microsecondsPerBeat: number) => void;
} {
  const beats = framesPerSecond === undefined;
  const perSecond = (framesPerSecond ?? 0) * (ticksPerFrame ?? 0);
  if (!isBetween(beats ? ticksPerBeat : perSecond, 1, 2 ** 15)) refuse(`a beat has ${shown(ticksPerBeat)} ticks`);
  let [start, seconds, perTick] = [0, 0, beats ? MICROSECONDS_PER_BEAT / 1e6 / ticksPerBeat! : 1 / perSecond];
  const at = (tick: number) => seconds + (tick - start) * perTick;
  const change = (tick: number, microsecondsPerBeat: number) => {
    if (beats) [start, seconds, perTick] = [tick, at(tick), microsecondsPerBeat / 1e6 / ticksPerBeat!];
  };
  return { at, change };
}

function notesOf({ header, tracks }: MidiData): Note[] {
  const { at, change } = clock(header);
  const sounding = new Map<string, { start: number; velocity: number }[]>();
  const notes: Note[] = [];
  for (const { tick, event } of timed(tracks)) {
    const now = at(tick);
    if (now > LONGEST_MUSIC) refuse(`it is longer than ${LONGEST_MUSIC} seconds`);
    if (event.type === "setTempo") change(tick, event.microsecondsPerBeat);
    if ((event.type !== "noteOn" && event.type !== "noteOff") || event.channel === PERCUSSION) continue;
    const key = `${event.channel} ${event.noteNumber}`;
    const open = sounding.get(key) ?? [];
    if (event.type === "noteOn") sounding.set(key, [...open, { start: now, velocity: event.velocity }]);
    else {
      const [note, ...later] = open; // the first that began ends first
      sounding.set(key, later);
      if (note && now > note.start) notes.push({ ...note, end: now, pitch: event.noteNumber });
    }
  }
  return inOrder(notes.map(({ start, end, pitch, velocity }) => ({ start, end, pitch, velocity })));
}

/**
 * Reads the notes of a MIDI file: of all tracks and channels but that of percussion, with every change of tempo. Pedals,
 * bends, instruments and words are left out, and so are notes that are never ended or have no length.
 *
 * @param file The bytes of the file, at most 1 MiB.
 * @returns The notes in the order in which they begin, the lowest first.
 * @throws {TypeError} If these are no bytes.
 * @throws {RangeError} If there are too many.
 * @throws {SyntaxError} If they are no MIDI file of one piece, or one of more than an hour.
 *
 * @example
 * ```ts
 * import { readMidi, writeMidi } from "@looking-glass/looking-glass";
 *
 * const file = await writeMidi([{ start: 0, end: 0.5, pitch: 60, velocity: 80 }]);
 * console.log(await readMidi(file)); // [{ start: 0, end: 0.5, pitch: 60, velocity: 80 }]
 * ```
 */
export async function readMidi(file: Uint8Array): Promise<Note[]> {
  if (!(file instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot read ${shown(file)} as MIDI; pass the bytes of a file, as from await Deno.readFile(path)`,
    );
  }
  if (file.length > MOST_BYTES) {
    throw new RangeError(
      `Cannot read a MIDI file of ${formatBytes(file.length)}; ${formatBytes(MOST_BYTES)} are the most`,
    );
  }
  const data = parsed((await load()).parseMidi, file);
  const { format, numTracks } = data.header;
  if (format !== 0 && format !== 1) refuse(`its format is ${shown(format)}; known are 0 and 1, files of one piece`);
  if (data.tracks.length !== numTracks) refuse(`it has ${data.tracks.length} tracks, and says ${shown(numTracks)}`);
  return notesOf(data);
}

/**
 * Writes notes as a MIDI file of one track, at 120 beats a minute; times are rounded to milliseconds.
 *
 * @param notes The notes, in any order.
 * @returns The bytes of the file.
 * @throws {TypeError} If these are no notes.
 * @throws {RangeError} If a number of a note is out of range.
 *
 * @example
 * ```ts
 * import { writeMidi } from "@looking-glass/looking-glass";
 *
 * const file = await writeMidi([{ start: 0, end: 0.5, pitch: 60, velocity: 80 }]);
 * console.log(file.length);
 * ```
 */
export async function writeMidi(notes: readonly Note[]): Promise<Uint8Array> {
  expectNotes("write notes as MIDI", notes);
  const ticks = (seconds: number) => Math.round(seconds * 1e6 / MICROSECONDS_PER_BEAT * TICKS_PER_BEAT);
  const changes = notes.flatMap(({ start, end, pitch, velocity }) => [
    { tick: ticks(start), type: "noteOn" as const, pitch, velocity },
    { tick: ticks(end), type: "noteOff" as const, pitch, velocity: 0 },
  ]).sort((a, b) => a.tick - b.tick || (a.type < b.type ? -1 : a.type > b.type ? 1 : 0) || a.pitch - b.pitch);
  let before = 0;
  const events = changes.map(({ tick, type, pitch, velocity }): MidiEvent => {
    const deltaTime = tick - before;
    before = tick;
    return { deltaTime, type, channel: 0, noteNumber: pitch, velocity };
  });
  const tempo: MidiEvent = { deltaTime: 0, meta: true, type: "setTempo", microsecondsPerBeat: MICROSECONDS_PER_BEAT };
  const end: MidiEvent = { deltaTime: 0, meta: true, type: "endOfTrack" };
  const { writeMidi: write } = await load();
  const header = { format: 0, numTracks: 1, ticksPerBeat: TICKS_PER_BEAT } as const;
  return Uint8Array.from(write({ header, tracks: [[tempo, ...events, end]] }));
}
