import type { Note } from "../../mod.ts";

type Listed = readonly [start: number, end: number, pitch: number, velocity: number];

/** What `scripts/oracles/music_goldens.py` wrote. */
export interface GoldenMusic {
  readonly files: readonly {
    readonly name: string;
    readonly file: string;
    readonly notes: readonly Listed[];
    readonly events: string;
    readonly decoded: readonly Listed[];
  }[];
  readonly faulty: { readonly events: string; readonly decoded: readonly Listed[] };
  readonly sound: { readonly notes: readonly Listed[]; readonly samples: readonly number[] };
  readonly model: {
    readonly text: string;
    readonly tokenIds: readonly number[];
    readonly logits: readonly number[];
    readonly written: string;
  };
}

/** The golden. */
export const GOLDEN: GoldenMusic = JSON.parse(
  await Deno.readTextFile(new URL("../goldens/music.json", import.meta.url)),
);

/** Notes as a golden lists them. */
export function noteOf([start, end, pitch, velocity]: Listed): Note {
  return { start, end, pitch, velocity };
}
