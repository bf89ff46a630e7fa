/**
 * Reads the two large parts of tokenizer.json, the vocabulary and the merges, without making an object of the one and a
 * string of every piece. What is not written as usual is left to `JSON.parse`, and to those who say what is wrong.
 *
 * @module
 */
import { LARGE_JSON, parseJsonWithin } from "../base/json.ts";
import { Merges } from "./merges.ts";
import { hashUnits, Vocabulary } from "./vocabulary.ts";

/** What stands for a part that was read already, while the rest is parsed. */
const VOCAB = "(the vocabulary)";
const MERGES = "(the merges)";

/**
 * Parses tokenizer.json, with a {@linkcode Vocabulary} for `model.vocab` and {@linkcode Merges} for `model.merges`.
 *
 * @param text The file.
 * @returns The parsed file; undefined when it is not JSON, or one of the two is not written as usual or not valid.
 */
export function scanTokenizer(text: string): unknown {
  const scanner = new Scanner(text);
  if (!scanner.find('"vocab"')) return undefined;
  const vocabStart = scanner.at;
  const vocabulary = scanner.vocabulary();
  const vocabEnd = scanner.at;
  if (!vocabulary) return undefined;
  if (!text.includes('"merges"')) { // WordPiece has none
    const json = parseQuietly(`${text.slice(0, vocabStart)}"${VOCAB}"${text.slice(vocabEnd)}`);
    const model = Object(Object(json).model);
    return model.vocab === VOCAB ? { ...Object(json), model: { ...model, vocab: vocabulary } } : undefined;
  }
  if (!scanner.find('"merges"')) return undefined;
  const mergesStart = scanner.at;
  const merges = scanner.merges(vocabulary);
  if (!merges) return undefined;
  const rest = `${text.slice(0, vocabStart)}"${VOCAB}"${text.slice(vocabEnd, mergesStart)}"${MERGES}"${
    text.slice(scanner.at)
  }`;
  const json = parseQuietly(rest);
  const model = Object(Object(json).model);
  if (model.vocab !== VOCAB || model.merges !== MERGES) return undefined;
  return { ...Object(json), model: { ...model, vocab: vocabulary, merges } };
}

/** The vocabulary of valid ids that a parsed file holds; undefined when two pieces have the same. */
export function scanVocabulary(json: Readonly<Record<string, unknown>>): Vocabulary | undefined {
  return new Scanner(JSON.stringify(json)).vocabulary();
}

/** The merges that a parsed file holds; undefined when one is not two pieces, or does not fit the vocabulary. */
export function scanMerges(vocabulary: Vocabulary, json: readonly unknown[]): Merges | undefined {
  return new Scanner(JSON.stringify(json)).merges(vocabulary);
}

function parseQuietly(text: string): unknown {
  try {
    return parseJsonWithin(text, LARGE_JSON);
  } catch {
    return undefined;
  }
}

const [QUOTE, BACKSLASH, SPACE, COMMA, COLON] = [0x22, 0x5c, 0x20, 0x2c, 0x3a];
const [BRACKET, BRACKET_END, BRACE, BRACE_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({ '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }),
);
/** Ids are less than 2^31; ten digits at most keep the sum exact. */
const MOST_DIGITS = 10;

class Scanner {
  /** Where in the text it is read next. */
  at = 0;
  readonly #text: string;
  /** The units of the pieces; those of the strings that are looked at now are behind them. */
  readonly #units: Uint16Array<ArrayBuffer>;
  #used = 0;

  constructor(text: string) {
    this.#text = text;
    this.#units = new Uint16Array(text.length);
  }

  /** Goes to the value of the next `key`, which is written with its quotes. */
  find(key: string): boolean {
    const found = this.#text.indexOf(key, this.at);
    if (found < 0) return false;
    this.at = found + key.length;
    this.#skipSpace();
    if (!this.#take(COLON)) return false;
    this.#skipSpace();
    return true;
  }

  /** Reads `{"a": 0, "b": 1}`. */
  vocabulary(): Vocabulary | undefined {
    const [ends, ids]: number[][] = [[], []];
    const readAll = this.#list(BRACE, BRACE_END, () => {
      const end = this.#string(this.#used);
      if (end < 0) return false;
      this.#skipSpace();
      if (!this.#take(COLON)) return false;
      this.#skipSpace();
      const id = this.#integer();
      this.#used = end;
      ends!.push(end);
      ids!.push(id);
      return id >= 0;
    });
    return readAll ? Vocabulary.of({ units: this.#units.slice(0, this.#used), ends: ends!, ids: ids! }) : undefined;
  }

  /** Reads `["a b", "c d"]` or `[["a", "b"], ["c", "d"]]`. */
  merges(vocabulary: Vocabulary): Merges | undefined {
    const merges = new Merges();
    const [units, start] = [this.#units, this.#used];
    const readAll = this.#list(BRACKET, BRACKET_END, () => {
      const [middle, end] = this.#text.charCodeAt(this.at) === QUOTE ? this.#spacedPair() : this.#listedPair();
      if (end < 0) return false;
      const hash = hashUnits(units, start, middle);
      const left = vocabulary.idOfUnits(units, start, middle, hash);
      const right = vocabulary.idOfUnits(units, middle, end, hashUnits(units, middle, end));
      const whole = vocabulary.idOfUnits(units, start, end, hashUnits(units, middle, end, hash));
      merges.add(left, right, whole);
      return left >= 0 && right >= 0 && whole >= 0;
    });
    return readAll ? merges : undefined;
  }

  /** Reads `"a b"` as two pieces, one behind the other; returns where they end. */
  #spacedPair(): readonly [number, number] {
    const units = this.#units;
    const end = this.#string(this.#used);
    let middle = this.#used;
    while (middle < end && units[middle] !== SPACE) ++middle;
    if (middle >= end) return NO_PAIR;
    for (let i = middle + 1; i < end; ++i) {
      if (units[i] === SPACE) return NO_PAIR;
      units[i - 1] = units[i]!;
    }
    return [middle, end - 1];
  }

  /** Reads `["a", "b"]` as two pieces, one behind the other; returns where they end. */
  #listedPair(): readonly [number, number] {
    const ends: number[] = [];
    const readAll = this.#list(BRACKET, BRACKET_END, () => {
      ends.push(this.#string(ends.at(-1) ?? this.#used));
      return ends.length <= 2 && ends.at(-1)! >= 0;
    });
    return readAll && ends.length === 2 ? [ends[0]!, ends[1]!] : NO_PAIR;
  }

  /** Reads a list of items between two characters; whether it is one. */
  #list(open: number, close: number, item: () => boolean): boolean {
    if (!this.#take(open)) return false;
    this.#skipSpace();
    if (this.#take(close)) return true;
    do {
      this.#skipSpace();
      if (!item()) return false;
      this.#skipSpace();
    } while (this.#take(COMMA));
    return this.#take(close);
  }

  /** Writes the units of a string from `start` on, and returns where they end, or -1. */
  #string(start: number): number {
    const [text, units] = [this.#text, this.#units];
    if (start < 0 || !this.#take(QUOTE)) return -1;
    let end = start;
    for (let at = this.at;; ++at) {
      let unit = text.charCodeAt(at);
      if (unit === QUOTE) {
        this.at = at + 1;
        return end;
      }
      if (unit === BACKSLASH) {
        const escaped = this.#escape(at + 1);
        if (escaped === undefined) return -1;
        at += text[at + 1] === "u" ? 5 : 1;
        unit = escaped.charCodeAt(0);
      } else if (!(unit >= SPACE)) { // a control character, or the end of the text
        return -1;
      }
      units[end++] = unit;
    }
  }

  /** The character that is escaped by what is behind a backslash. */
  #escape(at: number): string | undefined {
    const text = this.#text;
    if (text[at] !== "u") return ESCAPES.get(text.charAt(at));
    const digits = text.slice(at + 1, at + 5);
    return /^[0-9a-fA-F]{4}$/.test(digits) ? String.fromCharCode(parseInt(digits, 16)) : undefined;
  }

  /** Reads an id in plain digits, or returns -1. */
  #integer(): number {
    const start = this.at;
    let value = 0;
    for (;; ++this.at) {
      const digit = this.#text.charCodeAt(this.at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = 10 * value + digit;
    }
    const digits = this.at - start;
    const plain = digits === 1 || digits > 1 && digits <= MOST_DIGITS && this.#text.charCodeAt(start) !== 0x30;
    return plain && value < 2 ** 31 ? value : -1;
  }

  #take(unit: number): boolean {
    if (this.#text.charCodeAt(this.at) !== unit) return false;
    ++this.at;
    return true;
  }

  /** Skips what JSON counts as white space. */
  #skipSpace(): void {
    for (;; ++this.at) {
      const unit = this.#text.charCodeAt(this.at);
      if (unit !== SPACE && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
    }
  }
}

const NO_PAIR = [-1, -1] as const;
