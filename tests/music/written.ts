import type { Note } from "../../mod.ts";

/** What `scripts/oracles/music_file.ts` writes: in no order, notes that touch, overlap and begin late. */
export const WRITTEN: readonly Note[] = [
  { start: 1.25, end: 1.5, pitch: 64, velocity: 127 },
  { start: 0, end: 0.5, pitch: 60, velocity: 80 },
  { start: 0.5, end: 1, pitch: 60, velocity: 1 },
  { start: 0.125, end: 2.0625, pitch: 0, velocity: 64 },
  { start: 0.3333333, end: 0.6666666, pitch: 127, velocity: 64 },
  { start: 90, end: 91.001, pitch: 72, velocity: 33 },
];
