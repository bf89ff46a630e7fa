import { dot } from "../../base/numbers.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { SiteName } from "../../models/sites.ts";
import type { AddedPart } from "./types.ts";

/**
 * What the changes of a model do to the directions in which its places are read. Each makes x · scale + shift of what is at
 * a place, so what is read of x is read in the direction times the scale, and the shift is a part of its own. Places are
 * passed from the last to the first.
 */
export class ChangesOnTheWay {
  readonly #runner: ModelRunner;
  readonly #row: number;
  readonly #added: AddedPart[] = [];

  /** Of the token that stands at `row` of its text. */
  constructor(runner: ModelRunner, row: number) {
    this.#runner = runner;
    this.#row = row;
  }

  /** What was added so far, first place first. */
  get added(): readonly AddedPart[] {
    return this.#added.toReversed();
  }

  /** The direction in which is read what is at a place before it is changed, of that after. */
  before(site: SiteName, direction: Float64Array): Float64Array {
    const table = this.#runner.changes?.rows.get(site);
    if (!table) return direction;
    const { width, entries } = table;
    const start = (entries.get(this.#row) ?? 0) * width;
    const [scale, shift] = [table.scale, table.shift].map((rows) => rows.subarray(start, start + width)) as [
      Float32Array,
      Float32Array,
    ];
    if (shift.some((number) => number !== 0)) this.#added.push({ site, value: dot(shift, direction) });
    return direction.map((number, c) => number * scale[c]!);
  }
}
