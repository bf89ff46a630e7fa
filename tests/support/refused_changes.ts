/**
 * Changes that are refused, and how.
 *
 * @module
 */
import type { Changeable } from "../../src/model/change.ts";
import { compileChanges } from "../../src/model/changes.ts";
import { equal, match } from "./assert.ts";

/** A decoder of 2 layers with 4 heads of 3 numbers, width 6, 5 neurons, and an encoder of 1 layer with 2 heads. */
const MODEL: Changeable = {
  nPositions: 10,
  mask: "causal",
  sites: new Map([
    ["source_embed", ["E", 6]],
    ["source_resid.0", ["E", 6]],
    ["source_pattern.0", [2, "E", "E"]],
    ["source_z.0", ["E", 12]],
    ["embed", ["T", 6]],
    ["resid.0", ["T", 6]],
    ["pattern.0", [4, "T", "S"]],
    ["z.0", ["T", 12]],
    ["cross_pattern.0", [4, "T", "X"]],
    ["cross_z.0", ["T", 12]],
    ["neurons.0", ["T", 5]],
    ["resid.1", ["T", 6]],
    ["pattern.1", [4, "T", "S"]],
    ["z.1", ["T", 12]],
  ]),
};

/** What is passed, the name of the error, and what it says after the index of the change. */
export type Refused = readonly [change: unknown, name: "TypeError" | "RangeError", message: RegExp];

/** Runs the cases of a table, each alone, behind another change, and behind those of a changed model. */
export function testRefused(cases: readonly Refused[]): void {
  const other = { site: "embed", scale: 2 };
  for (const [change, name, message] of cases) {
    const given = Deno.inspect(change, { compact: true, depth: 3, breakLength: Infinity }).slice(0, 100);
    Deno.test(`with() refuses ${given} by ${message.source}`, () => {
      expectRefusal(() => compileChanges([change] as never, MODEL), name, 0, message);
      expectRefusal(() => compileChanges([other, change] as never, MODEL), name, 1, message);
      expectRefusal(() => compileChanges([change] as never, MODEL, [other]), name, 0, message); // counted from its own
    });
  }
}

function expectRefusal(make: () => unknown, name: string, i: number, message: RegExp): void {
  let found: unknown;
  try {
    make();
  } catch (error) {
    found = error;
  }
  if (!(found instanceof Error)) throw new Error(`Missing expected refusal ${message}`);
  equal(found.name, name);
  const start = `In changes[${i}]: `;
  equal(found.message.slice(0, start.length), start);
  match(found.message.slice(start.length), message);
}
