/**
 * The ways that were tried: back and forth in time, and as a tree of texts.
 *
 * @module
 */
import { MOST_TEXT, MOST_TOKENS } from "../questions.ts";

/** A text: as it was typed, and the ids of the tokens that were appended since. */
export interface Place {
  readonly text: string;
  readonly then: readonly number[];
}

/** The most ways that are kept; the oldest go first. */
export const MOST_WAYS = 100;
/** How soon after another keystroke one belongs to the same edit, in milliseconds. */
const SAME_EDIT_MS = 1000;

/** Whether two places are the same one. */
export function isSamePlace(a: Place, b: Place): boolean {
  return a.text === b.text && a.then.length === b.then.length && a.then.every((id, i) => id === b.then[i]);
}

/** Where somebody was, and is. */
export interface Travel {
  /** The places in the order in which they were visited. */
  readonly log: readonly Place[];
  /** Which of them is shown. */
  readonly at: number;
  /** All places that were tried, those of a branch that was left too. */
  readonly ways: readonly Place[];
  /** When the last keystroke was. */
  readonly typedAt: number;
}

/** The beginning. */
export function startAt(place: Place, ways: readonly Place[] = []): Travel {
  return { log: [place], at: 0, ways: addWay(ways, place), typedAt: -Infinity };
}

function addWay(ways: readonly Place[], place: Place): readonly Place[] {
  return [...ways.filter((way) => !isSamePlace(way, place)), place].slice(-MOST_WAYS);
}

/** Goes to a place. Keystrokes that follow each other are one step. */
export function visit(travel: Travel, place: Place, { typed = false, now = 0 } = {}): Travel {
  const { log, at, ways, typedAt } = travel;
  const here = log[at]!;
  if (isSamePlace(here, place)) return travel;
  const isSameEdit = typed && at > 0 && now - typedAt < SAME_EDIT_MS;
  const kept = log.slice(0, isSameEdit ? at : at + 1).slice(-MOST_WAYS);
  const others = isSameEdit ? ways.filter((way) => !isSamePlace(way, here)) : ways;
  return { log: [...kept, place], at: kept.length, ways: addWay(others, place), typedAt: typed ? now : -Infinity };
}

/** Goes back or forth in time, as far as there is something. */
export function step(travel: Travel, by: -1 | 1): Travel {
  const at = travel.at + by;
  return travel.log[at] === undefined ? travel : { ...travel, at, typedAt: -Infinity };
}

/** A place in the tree of ways, and those that begin with it. */
export interface WayNode {
  readonly place: Place;
  /** Whether somebody was here, or only passed. */
  readonly visited: boolean;
  readonly children: readonly WayNode[];
}

/** The ways as a tree: texts as they were typed, and below each what was appended. */
export function treeOf(ways: readonly Place[]): readonly WayNode[] {
  const byText = Map.groupBy(ways, ({ text }) => text);
  return Array.from(byText, ([text, some]) => nodeOf({ text, then: [] }, some));
}

function nodeOf(place: Place, below: readonly Place[]): WayNode {
  const depth = place.then.length;
  const next = Map.groupBy(below.filter(({ then }) => then.length > depth), ({ then }) => then[depth]!);
  return {
    place,
    visited: below.some(({ then }) => then.length === depth),
    children: Array.from(next, ([id, some]) => nodeOf({ text: place.text, then: [...place.then, id] }, some)),
  };
}

/** Whether a place is small enough to be asked about. */
export function isPlaceable({ text, then }: Place): boolean {
  return text.length <= MOST_TEXT && then.length <= MOST_TOKENS;
}
