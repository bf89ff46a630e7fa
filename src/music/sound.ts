/**
 * Notes as sound: a file that a browser plays.
 *
 * @module
 */
import { expectNotes, type Note } from "./note.ts";

const RATE = 8000;
/** What makes the file large: 16 kB a second. */
const MOST_SECONDS = 120;
/** The strengths of a tone and its overtones, as of soft organ pipes. */
const OVERTONES = [1, 0.5, 0.25, 0.12];
/** How long a tone takes to be there, and to be gone after its end, in seconds. */
const [ATTACK, RELEASE] = [0.02, 0.08];
/** In how many seconds a tone fades to a third. */
const FADE = 2.5;
const LOUDEST = 0.8 * 32767;

/** The frequency of a pitch in equal temperament, with A at 440 hertz. */
const hertz = (pitch: number) => 440 * 2 ** ((pitch - 69) / 12);

/** Adds a note to samples. */
function play(samples: Float64Array, { start, end, pitch, velocity }: Note): void {
  const first = Math.round(start * RATE);
  const length = end - start;
  const count = Math.min(samples.length - first, Math.round((length + RELEASE) * RATE));
  const tones = OVERTONES.map((strength, n) => ({ strength, turn: 2 * Math.PI * hertz(pitch) * (n + 1) / RATE }))
    .filter(({ turn }) => turn < Math.PI); // what is higher cannot be written
  for (let i = 0; i < count; ++i) {
    const time = i / RATE;
    const swell = Math.min(1, time / ATTACK) * Math.min(1, Math.max(0, (length + RELEASE - time) / RELEASE));
    const loud = velocity / 127 * swell * Math.exp(-time / FADE);
    let sum = 0;
    for (const { strength, turn } of tones) sum += strength * Math.sin(turn * i);
    samples[first + i]! += loud * sum;
  }
}

/** The header of a file of one channel with 16 bits a sample. */
function header(bytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at: number, letters: string) => [...letters].forEach((x, i) => view.setUint8(at + i, x.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // samples as they are
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  return new Uint8Array(view.buffer);
}

/**
 * Plays notes into a WAV file, simply: each is a tone with three overtones that swells for 20 ms, fades, and is as loud
 * as it is struck. One channel, 8,000 samples a second of 16 bits, the loudest at 80 %.
 *
 * @param notes The notes, in any order; at most two minutes.
 * @returns The bytes of the file.
 * @throws {TypeError} If these are no notes.
 * @throws {RangeError} If a number of a note is out of range, or the notes are longer.
 *
 * @example
 * ```ts
 * import { writeWav } from "@looking-glass/looking-glass";
 *
 * const file = writeWav([{ start: 0, end: 0.5, pitch: 60, velocity: 80 }]);
 * console.log(file.length); // 9324
 * ```
 */
export function writeWav(notes: readonly Note[]): Uint8Array {
  expectNotes("play notes", notes);
  const end = notes.reduce((latest, note) => Math.max(latest, note.end), 0);
  if (end > MOST_SECONDS) throw new RangeError(`Cannot play ${end} seconds; ${MOST_SECONDS} are the most`);
  const samples = new Float64Array(notes.length === 0 ? 0 : Math.round((end + RELEASE) * RATE));
  for (const note of notes) play(samples, note);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) || 1;
  const file = new Uint8Array(44 + 2 * samples.length);
  file.set(header(2 * samples.length));
  const view = new DataView(file.buffer);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, Math.round(LOUDEST * sample / peak), true));
  return file;
}
