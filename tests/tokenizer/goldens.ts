/** What the Rust tokenizers say, written by scripts/oracles/tokenizer.py. */
export interface Goldens {
  texts: string[];
  decodings: { ids: number[]; text: string }[];
  variants: Record<string, Variant>;
}

interface Variant {
  overrides: Record<string, unknown>;
  ids: number[][];
  decoded: (string | null)[];
  offsets?: number[][];
}

interface TokenizerJson {
  model: { vocab: Record<string, number>; merges: [string, string][] };
  [part: string]: unknown;
}

const FOLDER = new URL("../goldens/tokenizer/", import.meta.url);

/** The goldens. */
export function readGoldens(): Goldens {
  return JSON.parse(Deno.readTextFileSync(new URL("goldens.json", FOLDER)));
}

/** The tokenizer.json of the goldens, anew for each call. */
export function readTokenizerJson(): TokenizerJson {
  return JSON.parse(Deno.readTextFileSync(new URL("tokenizer.json", FOLDER)));
}
