import { shown } from "../checkpoint/shown.ts";
import type { EarlyStopping } from "./beam_search.ts";

/** How texts are searched for. */
export interface BeamOptions {
  /**
   * How many texts are continued at a time: the likeliest of all continuations of all of them go on, and the best of
   * those that have ended is what was written. 1 is no search.
   *
   * @default {1}
   */
  readonly beams?: number;
  /**
   * With beams, the sum of a text's log-probabilities is divided by the number of written tokens to this power: above 0
   * long texts gain, as log-probabilities are negative, below 0 short ones.
   *
   * @default {1}
   */
  readonly lengthPenalty?: number;
  /**
   * With beams, when the search ends: `true` as soon as as many texts have ended as there are beams; `false` when,
   * besides, no running one is better for its present length than the worst of those; `"never"` when none can become
   * better, at whatever length it ends.
   *
   * @default {false}
   */
  readonly earlyStopping?: EarlyStopping;
}

/** The same, everything decided. */
export type BeamSettings = Required<BeamOptions>;

/**
 * How texts are searched for, or nothing when they are not.
 *
 * @throws {TypeError | RangeError} When a setting is out of its range.
 */
export function beamSettings(options: BeamOptions): BeamSettings | undefined {
  const { beams = 1, lengthPenalty = 1, earlyStopping = false } = options;
  if (!Number.isSafeInteger(beams) || beams < 1) {
    throw new RangeError(`Cannot search with ${shown(beams)} beams as it must be a whole number >= 1`);
  }
  if (!Number.isFinite(lengthPenalty)) {
    throw new RangeError(`Cannot search with lengthPenalty ${shown(lengthPenalty)} as it must be a finite number`);
  }
  if (typeof earlyStopping !== "boolean" && earlyStopping !== "never") {
    throw new TypeError(
      `Cannot search with earlyStopping ${shown(earlyStopping)} as it must be true, false or "never"`,
    );
  }
  return beams === 1 ? undefined : { beams, lengthPenalty, earlyStopping };
}

/**
 * Refuses settings of a search where there is none.
 *
 * @param given What the caller said; what a model says by itself is not refused.
 * @param beams How many beams there are.
 * @throws {TypeError} The message names the setting.
 */
export function expectBeams(given: BeamOptions, beams: number): void {
  const name = (["lengthPenalty", "earlyStopping"] as const).find((name) => given[name] !== undefined);
  if (beams > 1 || name === undefined) return;
  throw new TypeError(`Cannot use ${name} without beams; pass beams, 2 or more, or leave it out`);
}

/**
 * Refuses a search where tokens are to be seen as they are written.
 *
 * @throws {TypeError} The message says what can be done instead.
 */
export function expectNoBeams(what: string, { beams = 1 }: BeamOptions): void {
  if (beams === 1) return;
  throw new TypeError(
    `Cannot ${what} with ${shown(beams)} beams as the best text is known at the end only; ` +
      "use beams() or generate(), or pass beams: 1",
  );
}
