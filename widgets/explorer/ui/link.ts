/**
 * The whole state as the hash of a link, and back: what comes from a link is somebody else's, so it is checked and bounded.
 *
 * @module
 */
import {
  and,
  type Check,
  choice,
  either,
  list,
  newScope,
  numberFrom,
  pair,
  record,
  text,
  wholeFrom,
} from "../../../src/analysis/results/checks.ts";
import { parseJsonWithin } from "../../../src/base/json.ts";
import { messageOf } from "../../../src/base/words.ts";
import type { Off, Saveable } from "../questions.ts";
import type { DrawSettings } from "../../../src/ask/write/settled.ts";
import { MOST_WAYS, type Place } from "./ways.ts";

/** A token that can be explained: one that stands somewhere, or might. */
export interface Choice {
  readonly position: number;
  readonly id: number;
  readonly label: string;
  readonly spoken: string;
}

/** What the panel shows. */
export type Tab = Saveable;

/** All that a link keeps. */
export interface Saved {
  /** The model by its id, none for the bundled one. */
  readonly model: string;
  readonly backend: "wasm" | "webgpu";
  readonly place: Place;
  readonly ways: readonly Place[];
  /** What the appended tokens are called. */
  readonly labels: readonly (readonly [id: number, label: string])[];
  readonly settings: DrawSettings;
  readonly seed: number;
  readonly off: readonly Off[];
  readonly tab: Tab;
  /** Which token is explained, and against which other. */
  readonly pinned: Choice | null;
  readonly contrast: Choice | null;
}

/** The longest link that is made, and the longest that is read, in characters. */
const MOST_MADE = 30_000;
const MOST_READ = 100_000;
const MOST_CHARACTERS = 20_000;

const upTo = <Value>(check: Check<Value>, most: number): Check<Value> =>
  and(check, (value, path) => {
    const { length } = value as { length: number }; // texts and lists, as the first check has seen
    return length <= most ? undefined : `${path} has a length of ${length}, more than ${most}`;
  });
const id = wholeFrom(0, 2 ** 31);
const nothing: Check<null> = (value, path) => value === null ? undefined : `${path} is not null`;
const place = record<Place>({ text: upTo(text, MOST_CHARACTERS), then: upTo(list(id), 4096) });
const part = wholeFrom(0, 1024);
const chosen = record<Choice>({ position: wholeFrom(1, 65536), id, label: upTo(text, 200), spoken: upTo(text, 400) });

const SAVED = record<Saved>({
  model: upTo(text, 200),
  backend: choice({ wasm: true, webgpu: true }),
  place,
  ways: upTo(list(place), MOST_WAYS),
  labels: upTo(list(pair(id, upTo(text, 200))), 4096),
  settings: record<DrawSettings>({ temperature: numberFrom(0, 2), topK: wholeFrom(0, 1000), topP: numberFrom(0, 1) }),
  seed: wholeFrom(0),
  off: upTo(
    list(record<Off>({ layer: part, part: choice({ head: true, attention: true, mlp: true }), head: part })),
    1024,
  ),
  tab: choice<Tab>({
    why: true,
    lens: true,
    attention: true,
    parts: true,
    surprise: true,
    model: true,
    whatif: true,
  }),
  pinned: either(chosen, nothing),
  contrast: either(chosen, nothing),
});

/** The version of links; others are refused by it. */
const VERSION = "1";

/**
 * The hash of a link, without its `#`.
 *
 * @throws {RangeError} When the text is too long for one.
 */
export function linkOf(saved: Saved): string {
  for (const ways of [saved.ways, []]) { // the ways go before the text does
    const json = JSON.stringify({ ...saved, ways });
    const hash = `${VERSION}.${new TextEncoder().encode(json).toBase64({ alphabet: "base64url", omitPadding: true })}`;
    if (hash.length <= MOST_MADE && saved.place.text.length <= MOST_CHARACTERS) return hash;
  }
  throw new RangeError(
    `Cannot make a link of ${saved.place.text.length} characters as it would be too long; shorten the text`,
  );
}

/**
 * The state that a link keeps.
 *
 * @param hash What stands behind `#`.
 * @returns The state; nothing where there is none.
 * @throws {RangeError | SyntaxError | TypeError} When the hash is no such state.
 */
export function savedOf(hash: string): Saved | undefined {
  if (hash === "") return undefined;
  if (hash.length > MOST_READ) {
    throw new RangeError(
      `Cannot open the link as it has ${hash.length} characters, more than ${MOST_READ}; ask for another`,
    );
  }
  const [version, code] = hash.split(".", 2);
  if (version !== VERSION || code === undefined) {
    throw new SyntaxError("Cannot open the link as it is none of the explorer, or of another version; ask for another");
  }
  const saved = decode(code);
  const problem = SAVED(saved, "it", newScope());
  if (problem !== undefined) throw new TypeError(`Cannot open the link as ${problem}; ask for another`);
  return saved as Saved;
}

function decode(code: string): unknown {
  try {
    const bytes = Uint8Array.fromBase64(code, { alphabet: "base64url" });
    return parseJsonWithin(new TextDecoder("utf-8", { fatal: true }).decode(bytes), { depth: 8, values: 50_000 });
  } catch (error) {
    throw new SyntaxError(`Cannot open the link as it is damaged (${messageOf(error)}); copy all of it`);
  }
}
