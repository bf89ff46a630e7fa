/**
 * Changes text as BERT does, and remembers where each character came from.
 * https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/normalizers/bert.rs
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { flag, record } from "./json_parts.ts";
import { characterClass, CONTROL, lowercase, MARK, normalForm } from "./unicode.ts";

/** A text that was made of another, and for each of its UTF-16 code units the place that it came from. */
export interface AlignedText {
  /** The text. */
  readonly text: string;
  /** Where in the source each unit begins. */
  readonly starts: readonly number[];
  /** Where in the source each unit ends. */
  readonly ends: readonly number[];
}

/** Changes a text that begins at an offset of the source. */
export type AlignedNormalizer = (text: string, offset: number) => AlignedText;

interface Placed {
  readonly character: string;
  readonly start: number;
  readonly end: number;
}

type Step = (characters: readonly Placed[]) => Placed[];

const GONE = new RegExp(CONTROL, "u");
const STRIPPED = new RegExp(MARK, "u");
const SPACE = /\p{White_Space}/u;
const IDEOGRAPH = new RegExp(
  characterClass("3400-4dbf 4e00-9fff f900-faff 20000-2a6df 2a700-2b81f 2b920-2ceaf 2f800-2fa1f"),
  "u",
);

/**
 * Reads the normalizer of WordPiece.
 *
 * @param json The `normalizer` of tokenizer.json: BertNormalizer, or none.
 * @returns The normalizer.
 * @throws {TypeError} If a part is of the wrong type.
 * @throws {Error} If it is another one.
 */
export function readBertNormalizer(json: unknown): AlignedNormalizer {
  if (json === null || json === undefined) return (text, offset) => join(place(text, offset));
  const part = record("normalizer", json);
  if (part.type !== "BertNormalizer") {
    throw new Error(`Cannot read normalizer of tokenizer.json as BertNormalizer: ${shown(part.type)}`);
  }
  const setting = (name: string, standard: boolean) => flag(`BertNormalizer.${name}`, part[name], standard);
  const lower = setting("lowercase", true);
  const steps: Step[] = [
    ...setting("clean_text", true) ? [clean] : [],
    ...setting("handle_chinese_chars", true) ? [setApart] : [],
    ...setting("strip_accents", lower) ? [strip] : [],
    ...lower ? [(characters: readonly Placed[]) => spell(characters, lowercase)] : [],
  ];
  return (text, offset) => join(steps.reduce((characters, step) => step(characters), place(text, offset)));
}

function place(text: string, offset: number): Placed[] {
  let end = offset;
  return Array.from(text, (character) => {
    const start = end;
    end += character.length;
    return { character, start, end };
  });
}

function join(characters: readonly Placed[]): AlignedText {
  const units = characters.flatMap((placed) => placed.character.length === 1 ? [placed] : [placed, placed]);
  return {
    text: characters.map(({ character }) => character).join(""),
    starts: units.map(({ start }) => start),
    ends: units.map(({ end }) => end),
  };
}

/** Writes each character anew, as none, one or several. */
function spell(characters: readonly Placed[], write: (character: string) => string): Placed[] {
  const written: Placed[] = [];
  for (const placed of characters) {
    const anew = write(placed.character);
    if (anew === placed.character) written.push(placed);
    else for (const character of anew) written.push({ ...placed, character });
  }
  return written;
}

function clean(characters: readonly Placed[]): Placed[] {
  return spell(characters, (character) => GONE.test(character) ? "" : SPACE.test(character) ? " " : character);
}

function setApart(characters: readonly Placed[]): Placed[] {
  return spell(characters, (character) => IDEOGRAPH.test(character) ? ` ${character} ` : character);
}

function strip(characters: readonly Placed[]): Placed[] {
  const decomposed = spell(
    characters,
    (character) => character < "\x80" ? character : normalForm(character, "NFD"),
  );
  return inOrder(decomposed).filter(({ character }) => !STRIPPED.test(character));
}

/** Marks on one letter stand in an order of their own, which only the whole text shows. */
function inOrder(characters: readonly Placed[]): readonly Placed[] {
  const text = characters.map(({ character }) => character).join("");
  const ordered = normalForm(text, "NFD");
  if (ordered === text) return characters;
  const left = new Map<number, Placed>(characters.entries());
  let first = 0;
  return Array.from(ordered, (wanted) => {
    while (!left.has(first)) ++first;
    let at = first;
    while (left.get(at)?.character !== wanted) ++at;
    const placed = left.get(at)!;
    left.delete(at);
    return placed;
  });
}
