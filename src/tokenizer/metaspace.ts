/**
 * Marks in the place of spaces, as SentencePiece has them: `▁` before each word, and what decoding makes of them. As the
 * Rust tokenizers do it:
 * https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/pre_tokenizers/metaspace.rs
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { flag, type Json, list, record } from "./json_parts.ts";

/** The mark, U+2581. */
export const SPACE_MARK = "\u2581";
/** Where a word begins. */
const BEFORE_MARK = new RegExp(`(?=${SPACE_MARK})`, "u");

/** How spaces become marks, and marks spaces. */
export interface SpaceMarks {
  /** Cuts a part of a text into words with marks; `first` says whether the text begins with it. */
  readonly words: (text: string, first: boolean) => readonly string[];
  /** What decoding takes away at the beginning of a text: all marks of the first piece, one space, or nothing. */
  readonly start: "marks" | "space" | "nothing";
}

/**
 * Reads where marks are put and taken away.
 *
 * @throws {TypeError} If a part is of the wrong type.
 * @throws {Error} If a part is not known.
 */
export function readSpaceMarks(preTokenizer: unknown, decoder: unknown): SpaceMarks {
  const cut = preTokenizer == null ? (text: string) => [text] : readCut(record("pre_tokenizer", preTokenizer));
  return {
    words: (text, first) => cut(text, first).filter((word) => word !== ""),
    start: readStart(record("decoder", decoder)),
  };
}

type Cut = (text: string, first: boolean) => readonly string[];

function readCut(part: Json): Cut {
  const { type, pretokenizers } = part;
  if (type === "Sequence") {
    const cuts = list("pretokenizers", pretokenizers).map((inner) => readCut(record("pre_tokenizer", inner)));
    return (text, first) =>
      cuts.reduce<readonly string[]>(
        (words, cut) => words.flatMap((word, i) => cut(word, first && i === 0)),
        [text],
      );
  }
  if (type === "WhitespaceSplit") return (text) => text.split(/\p{White_Space}/u).filter((word) => word !== "");
  if (type === "Metaspace") return readMetaspace(part);
  const known = "Metaspace, WhitespaceSplit or a Sequence of them";
  throw new Error(`Cannot read pre_tokenizer of tokenizer.json as ${known}: ${shown(type)}`);
}

function readMetaspace(part: Json): Cut {
  const scheme = schemeOf(part);
  const split = flag("pre_tokenizer.split", part.split, true);
  return (text, first) => {
    const marked = text.replaceAll(" ", SPACE_MARK);
    const begins = scheme === "always" || (scheme === "first" && first);
    const whole = begins && !marked.startsWith(SPACE_MARK) ? SPACE_MARK + marked : marked;
    return split ? whole.split(BEFORE_MARK) : [whole];
  };
}

/** Before which parts of a text a mark is put. Files had a switch before there were three ways. */
function schemeOf(part: Json): "always" | "first" | "never" {
  const { replacement = SPACE_MARK, prepend_scheme: scheme, add_prefix_space: prefix } = part;
  if (replacement !== SPACE_MARK) {
    throw new Error(`Cannot read replacement of Metaspace as ${shown(SPACE_MARK)}: ${shown(replacement)}`);
  }
  const own = scheme ?? (flag("add_prefix_space", prefix, true) ? "always" : "never");
  const known = (["always", "first", "never"] as const).find((one) => one === own);
  if (known) return known;
  throw new Error(`Cannot read prepend_scheme of Metaspace as always, first or never: ${shown(own)}`);
}

/** The decoder of Metaspace, or the four steps that stand for it beside bytes. */
function readStart(part: Json): SpaceMarks["start"] {
  if (part.type === "Metaspace") return schemeOf(part) === "never" ? "nothing" : "marks";
  const steps = part.type === "Sequence" ? list("decoders", part.decoders).map((step) => record("decoder", step)) : [];
  const [replace, ...rest] = steps;
  const strip = rest.at(-1);
  const types = steps.map(({ type }) => String(type)).join();
  const marks = Object(replace?.pattern).String === SPACE_MARK && replace?.content === " ";
  const strips = strip?.content === " " && strip.start === 1 && strip.stop === 0;
  if (marks && types === "Replace,ByteFallback,Fuse,Strip" && strips) return "space";
  if (marks && types === "Replace,ByteFallback,Fuse") return "nothing";
  const known = "Metaspace, or Replace, ByteFallback, Fuse and Strip of one space";
  throw new Error(`Cannot read decoder of tokenizer.json as ${known}: ${shown(types || part.type)}`);
}
