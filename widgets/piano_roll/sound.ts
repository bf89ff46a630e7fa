/**
 * Notes as a sound that a page holds.
 *
 * @module
 */
import type { Note } from "../../src/music/note.ts";
import { writeWav } from "../../src/music/sound.ts";

/** More would be more than a megabyte. */
export const MUSIC_SECONDS = 60;

/** A WAV file as a `data:` URL; what begins later than a minute is not in it. */
export function soundUrl(notes: readonly Note[]): string {
  const heard = notes.filter(({ start }) => start < MUSIC_SECONDS)
    .map((note) => ({ ...note, end: Math.min(note.end, MUSIC_SECONDS) }));
  return `data:audio/wav;base64,${writeWav(heard).toBase64()}`;
}
