/**
 * MIDI files: notes in and out.
 *
 * @module
 */
import type { MidiData, MidiEvent } from "npm:midi-file@1.2.4";
import { expectOptions } from "../base/options.ts";
import { formatBytes, messageOf, shown } from "../base/words.ts";
import { expectNotes, inOrder, LONGEST_MUSIC, MIDI_VALUES, type Note } from "./note.ts";
import { LEFT_OUT, type MidiLeftOut, notesPlayed, PERCUSSION, type Played } from "./played.ts";

/** A symphony is a fifth of this. */
const MOST_BYTES = 2 ** 20;
/** A thousand ticks a second. */
const [TICKS_PER_BEAT, MICROSECONDS_PER_BEAT] = [500, 500_000];
const MOST_TICKS = 2 ** 28;

const load = async () => {
  const { default: library } = await import("npm:midi-file@1.2.4");
  return library;
};

/** What each MIDI file begins with. */
const MAGIC = "MThd";

function refuse(what: string): never {
  throw new SyntaxError(`Cannot read the file as MIDI: ${what}`);
}

function isBetween(value: unknown, least: number, end: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value < end;
}

/** Parses a file; what the library throws are texts, and of a file that is cut off it makes events without numbers. */
function parsed(parse: (bytes: Uint8Array) => MidiData, bytes: Uint8Array): MidiData {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length));
  if (start !== MAGIC) refuse(`it begins with ${shown(start)} instead of "${MAGIC}"; pass a file such as song.mid`);
  try {
    return parse(bytes);
  } catch (error) {
    refuse(`it is damaged (${typeof error === "string" ? error : messageOf(error)})`);
  }
}

/** An event at a tick of the file. */
interface Timed {
  readonly tick: number;
  readonly event: MidiEvent;
}

/** The controllers that say when notes end: pedals that hold them, and what lets go of all. */
const CONTROLLERS: Readonly<Record<number, Played["kind"]>> = {
  64: "sustain",
  66: "sostenuto",
  120: "silence",
  121: "sustain", // all controllers go back, so the pedal goes up
  123: "release",
};

function expectEvent(event: MidiEvent): void {
  if (!isBetween(event.deltaTime, 0, MOST_TICKS)) refuse(`an event is ${shown(event.deltaTime)} ticks after another`);
  const named = event.type === "noteOn" || event.type === "noteOff";
  if (named && !(isBetween(event.noteNumber, 0, MIDI_VALUES) && isBetween(event.velocity, 0, MIDI_VALUES))) {
    refuse(`a note has pitch ${shown(event.noteNumber)} and velocity ${shown(event.velocity)}`);
  }
  if (event.type === "setTempo" && !isBetween(event.microsecondsPerBeat, 1, 2 ** 24)) {
    refuse(`a beat takes ${shown(event.microsecondsPerBeat)} microseconds`);
  }
  if (event.type === "controller" && !isBetween(event.value, 0, MIDI_VALUES)) {
    refuse(`controller ${shown(event.controllerType)} is at ${shown(event.value)}`);
  }
  if (event.type === "pitchBend" && !isBetween(event.value, -(2 ** 13), 2 ** 13)) {
    refuse(`a pitch is bent by ${shown(event.value)}`);
  }
}

/** The events of all tracks, in their order. */
function timed(tracks: MidiData["tracks"]): Timed[] {
  const all = tracks.flatMap((track) => {
    let tick = 0;
    return track.map((event): Timed => {
      expectEvent(event);
      tick += event.deltaTime;
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
  const frames = framesPerSecond === 29 ? 30_000 / 1001 : framesPerSecond ?? 0; // 29 is said of 29.97, colour television
  if (!beats && ![24, 25, 29, 30].includes(framesPerSecond)) refuse(`a second has ${framesPerSecond} frames`);
  if (!isBetween(beats ? ticksPerBeat : ticksPerFrame, 1, 2 ** 15)) {
    refuse(`a ${beats ? "beat" : "frame"} has ${shown(beats ? ticksPerBeat : ticksPerFrame)} ticks`);
  }
  let [start, seconds, perTick] = [
    0,
    0,
    beats ? MICROSECONDS_PER_BEAT / 1e6 / ticksPerBeat! : 1 / frames / ticksPerFrame!,
  ];
  const at = (tick: number) => seconds + (tick - start) * perTick;
  const change = (tick: number, microsecondsPerBeat: number) => {
    if (beats) [start, seconds, perTick] = [tick, at(tick), microsecondsPerBeat / 1e6 / ticksPerBeat!];
  };
  return { at, change };
}

/** What an event does to notes, if anything. */
function playedOf(event: MidiEvent, now: number): Played | undefined {
  const { type } = event;
  if (type === "noteOn" || type === "noteOff") {
    const { channel, noteNumber: pitch, velocity: value } = event;
    return { now, kind: type === "noteOn" ? "on" : "off", channel, pitch, value };
  }
  if (type === "pitchBend") return { now, kind: "bend", channel: event.channel, pitch: 0, value: event.value };
  const kind = type === "controller" ? CONTROLLERS[event.controllerType] : undefined;
  if (type !== "controller" || kind === undefined) return undefined;
  return { now, kind, channel: event.channel, pitch: 0, value: event.controllerType === 121 ? 0 : event.value };
}

function notesOf({ header, tracks }: MidiData, leaveOut: readonly MidiLeftOut[]): Note[] {
  const { at, change } = clock(header);
  const played: Played[] = [];
  let now = 0;
  for (const { tick, event } of timed(tracks)) {
    now = at(tick);
    if (now > LONGEST_MUSIC) refuse(`it is longer than ${LONGEST_MUSIC} seconds`);
    if (event.type === "setTempo") change(tick, event.microsecondsPerBeat);
    const one = playedOf(event, now);
    if (one) played.push(one);
  }
  return notesPlayed(played, now, leaveOut);
}

/** How many tracks are there; a file that ends within one is refused, as the library would read what is there of it. */
function countTracks(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let tracks = 0;
  for (let at = 0; at + 8 <= file.length;) {
    const name = String.fromCharCode(...file.subarray(at, at + 4));
    if (name !== "MThd" && name !== "MTrk") break; // the library says what it makes of it
    const [said, rest] = [view.getUint32(at + 4), file.length - at - 8];
    if (said > rest) refuse(`it is cut off: a part says ${said} bytes and has ${rest}`);
    tracks += Number(name === "MTrk");
    at += 8 + said;
  }
  return tracks;
}

/** Options of `readMidi`. */
export interface MidiOptions {
  /**
   * What may be left out of a file that has it, as notes cannot say it: `"percussion"`, notes of channel 10;
   * `"bends"` of pitch; `"sostenuto"`, the middle pedal; `"unended"`, notes that nothing ends; `"instant"`, notes
   * without length. Nothing by default: a file that has such is refused.
   */
  readonly leaveOut?: readonly MidiLeftOut[];
}

/**
 * Reads the notes of a MIDI file, of all tracks and channels, with every change of tempo. The sustain pedal holds notes
 * until it goes up or their key is struck again. What notes cannot say, as percussion, is refused by name unless
 * `leaveOut` has it. What does not change when notes sound, as instruments, loudness and words, is not read.
 *
 * @param file The bytes of the file, at most 1 MiB.
 * @param options What may be left out.
 * @returns The notes in the order in which they begin, the lowest first.
 * @throws {TypeError} If these are no bytes, or an option does not exist.
 * @throws {RangeError} If there are too many.
 * @throws {SyntaxError} If they are no MIDI file of one piece, or one of more than an hour, or it has what notes cannot
 *   say.
 *
 * @example
 * ```ts
 * import { readMidi, writeMidi } from "@looking-glass/looking-glass";
 *
 * const file = await writeMidi([{ start: 0, end: 0.5, pitch: 60, velocity: 80 }]);
 * console.log(await readMidi(file, { leaveOut: ["percussion"] })); // [{ start: 0, end: 0.5, pitch: 60, velocity: 80 }]
 * ```
 */
export async function readMidi(file: Uint8Array, options?: MidiOptions): Promise<Note[]> {
  if (!(file instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot read ${shown(file)} as MIDI; pass the bytes of a file, as from await Deno.readFile(path)`,
    );
  }
  const { leaveOut = [] } = expectOptions<MidiOptions>(options, { task: "read MIDI", kinds: { leaveOut: "an array" } });
  const unknown = leaveOut.find((name) => !LEFT_OUT.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot leave out ${shown(unknown)}; what can be is ${LEFT_OUT.map(shown).join(", ")}`);
  }
  if (file.length > MOST_BYTES) {
    throw new RangeError(
      `Cannot read a MIDI file of ${formatBytes(file.length)}; ${formatBytes(MOST_BYTES)} are the most`,
    );
  }
  const tracks = countTracks(file);
  const data = parsed((await load()).parseMidi, file);
  const { format, numTracks } = data.header;
  if (format !== 0 && format !== 1) refuse(`its format is ${shown(format)}; known are 0 and 1, files of one piece`);
  if (tracks < numTracks) refuse(`it has ${tracks} tracks, and says ${shown(numTracks)}`);
  return notesOf(data, leaveOut);
}

/** Notes of one pitch that overlap go to channels of their own, as what ends a note names its pitch only. */
const CHANNELS = Array.from({ length: 16 }, (_, channel) => channel).filter((channel) => channel !== PERCUSSION);

/** A note in ticks. */
interface Ticked {
  readonly first: number;
  readonly last: number;
  readonly channel: number;
  readonly pitch: number;
  readonly velocity: number;
}

function ticked(notes: readonly Note[]): Ticked[] {
  const ticks = (seconds: number) => Math.round(seconds * 1e6 / MICROSECONDS_PER_BEAT * TICKS_PER_BEAT);
  const ends = new Map<number, number[]>(); // of a pitch, by channel
  return inOrder(notes).map(({ start, end, pitch, velocity }) => {
    const [first, last] = [ticks(start), Math.max(ticks(end), ticks(start) + 1)];
    const busy = ends.get(pitch) ?? [];
    const free = CHANNELS.findIndex((_, i) => (busy[i] ?? 0) <= first);
    if (free < 0) {
      throw new RangeError(
        `Cannot write notes as MIDI as more than ${CHANNELS.length} of pitch ${pitch} sound at ${start} seconds`,
      );
    }
    busy[free] = last;
    ends.set(pitch, busy);
    return { first, last, channel: CHANNELS[free]!, pitch, velocity };
  });
}

/**
 * Writes notes as a MIDI file of one track, at 120 beats a minute. Times are rounded to milliseconds, of which a note
 * lasts one at least; notes of one pitch that overlap stand in several channels.
 *
 * @param notes The notes, in any order.
 * @returns The bytes of the file.
 * @throws {TypeError} If these are no notes.
 * @throws {RangeError} If a number of a note is out of range, or more than 15 notes of one pitch sound at a time.
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
  const changes = ticked(notes).flatMap((note) => [
    { ...note, tick: note.first, type: "noteOn" as const },
    { ...note, tick: note.last, type: "noteOff" as const, velocity: 0 },
  ]).sort((a, b) => a.tick - b.tick || Number(a.type === "noteOn") - Number(b.type === "noteOn") || a.pitch - b.pitch);
  let before = 0;
  const events = changes.map(({ tick, type, channel, pitch, velocity }): MidiEvent => {
    const deltaTime = tick - before;
    before = tick;
    return { deltaTime, type, channel, noteNumber: pitch, velocity };
  });
  const tempo: MidiEvent = { deltaTime: 0, meta: true, type: "setTempo", microsecondsPerBeat: MICROSECONDS_PER_BEAT };
  const end: MidiEvent = { deltaTime: 0, meta: true, type: "endOfTrack" };
  const { writeMidi: write } = await load();
  const header = { format: 0, numTracks: 1, ticksPerBeat: TICKS_PER_BEAT } as const;
  return Uint8Array.from(write({ header, tracks: [[tempo, ...events, end]] }));
}
