import { shown } from "../../../base/words.ts";
import type { EarlyStopping } from "./search.ts";

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

/** How many beams there are where a search is asked for and nobody says with how many. */
const DEFAULT_BEAMS = 4;

/**
 * How texts are searched for, or nothing when they are not.
 *
 * @param options What the caller and the model say together.
 * @param given What the caller says; what a model says by itself about a search is not refused where there is none.
 * @throws {TypeError | RangeError} When a setting is out of its range, or of a search and there is none.
 */
export function beamSettings(options: BeamOptions, given: BeamOptions = {}): BeamSettings | undefined {
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
  if (beams > 1) return { beams, lengthPenalty, earlyStopping };
  const name = (["lengthPenalty", "earlyStopping"] as const).find((name) => given[name] !== undefined);
  if (name !== undefined) {
    throw new TypeError(`Cannot use ${name} without beams; pass beams, 2 or more, or leave it out`);
  }
}

/**
 * The same where a search is asked for.
 *
 * @throws {TypeError | RangeError} When a setting is out of its range, or there is a single beam.
 */
export function searchSettings(options: BeamOptions): BeamSettings {
  const settings = beamSettings({ ...options, beams: options.beams ?? DEFAULT_BEAMS });
  if (settings) return settings;
  throw new RangeError("Cannot search with 1 beam as that is no search; pass beams, 2 or more, or use generate()");
}

/**
 * How many of the texts that are found are wanted.
 *
 * @throws {RangeError} When there are not as many beams.
 */
export function expectBest(best: number, { beams }: BeamSettings): number {
  if (Number.isSafeInteger(best) && best >= 1 && best <= beams) return best;
  throw new RangeError(
    `Cannot return the best ${shown(best)} texts of ${beams} beams; use 1 to ${beams}, or more beams`,
  );
}

/**
 * Refuses a search where tokens are to be seen as they are written, or changed afterwards.
 *
 * @throws {TypeError} The message says what can be done instead.
 */
export function expectNoBeams(what: string, options: BeamOptions, given: BeamOptions): void {
  const settings = beamSettings(options, given);
  if (!settings) return;
  throw new TypeError(
    `Cannot ${what} with ${settings.beams} beams as the best text is known at the end only; ` +
      "use beams() or generate(), or pass beams: 1",
  );
}
