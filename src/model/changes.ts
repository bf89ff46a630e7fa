/**
 * What is changed inside a model, as plain data: checked against the places that the model has, and made into what its
 * program is fed.
 *
 * @module
 */
import { firstNonFiniteIndex } from "../base/numbers.ts";
import { expectOptions, type OptionTable } from "../base/options.ts";
import type { FloatTensor } from "../base/tensor.ts";
import { shown } from "../base/words.ts";
import type { SiteName } from "../models/sites.ts";
import type { Shape } from "../onnx/mod.ts";
import { type Change, type Changeable, type CheckedChange, indices, type Numbers, type Widths } from "./change.ts";
import { type CompiledPattern, compilePattern } from "./pattern_change.ts";
import { compileRows, type RowTable } from "./row_change.ts";

const CHANGE: OptionTable<Change> = {
  task: "change a model",
  kinds: {
    site: "a text",
    heads: "an array",
    neurons: "an array",
    positions: "an array",
    scale: "a number",
    add: "an object",
    set: "an object",
    tokens: "an array",
  },
  required: ["site"],
};

/** Changes that were checked. */
export interface CompiledChanges {
  /** The same as plain data of their own. */
  readonly changes: readonly Change[];
  /** What is changed of the rows of tokens. */
  readonly rows: ReadonlyMap<SiteName, RowTable>;
  /** What is changed of patterns. */
  readonly patterns: ReadonlyMap<SiteName, CompiledPattern>;
}

/** What a change does. */
export const KINDS = ["scale", "add", "set"] as const;

/**
 * Checks changes and makes tables of them, behind those that were made `before`.
 *
 * @throws {TypeError | RangeError} When one cannot be made; the message says which, and what there is.
 */
export function compileChanges(
  changes: readonly Change[],
  model: Changeable,
  before: readonly Change[] = [],
): CompiledChanges {
  if (!Array.isArray(changes)) {
    throw new TypeError(
      `Cannot change a model by ${shown(changes)}; pass an array, as in [{ site: "mlp_out.0", scale: 0 }]`,
    );
  }
  const said = <T>(i: number, make: () => T) => named(i - before.length, make);
  const all = [...before, ...changes];
  const checked = all.map((change, i) => said(i, () => checkedChange(change, model)));
  const rows = new Map<SiteName, RowTable>();
  const patterns = new Map<SiteName, CompiledPattern>();
  checked.forEach((change, i) =>
    said(i, () => {
      if (isPattern(change.site)) patterns.set(change.site, compilePattern(change, model, patterns.get(change.site)));
      else rows.set(change.site, compileRows(change, widthsOf(change.site, model), rows.get(change.site)));
    })
  );
  return { changes: checked, rows, patterns };
}

/** The places that are changed. */
export function editedSites(changes?: CompiledChanges): readonly SiteName[] {
  return changes ? [...changes.rows.keys(), ...changes.patterns.keys()] : [];
}

/** Says which change a message is about. */
function named<T>(i: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new (error instanceof TypeError ? TypeError : RangeError)(`In changes[${i}]: ${error.message}`);
  }
}

/** Whether a place is the probabilities of an attention. */
export function isPattern(site: string): boolean {
  return /(^|_)pattern\./.test(site);
}

function widthsOf(site: SiteName, { sites }: Changeable): Widths {
  const width = sites.get(site)!.at(-1) as number;
  if (/(^|_)z\./.test(site)) {
    const heads = sites.get(site.replace("z.", "pattern.") as SiteName)![0] as number;
    return { width, units: { name: "heads", size: width / heads } };
  }
  return /neurons\./.test(site) ? { width, units: { name: "neurons", size: 1 } } : { width };
}

function checkedChange(given: Change, { sites, nPositions }: Changeable): CheckedChange {
  const change = expectOptions<Change>(given, CHANGE);
  const site = change.site as SiteName;
  if (!sites.has(site)) {
    throw new RangeError(`Cannot change ${shown(change.site)} as the model has no such place; it has ${listed(sites)}`);
  }
  const kinds = KINDS.filter((kind) => change[kind] !== undefined);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? "as it does not say how" : `by ${kinds.join(" and ")}`;
    throw new TypeError(`Cannot change "${site}" ${found}; give one of scale, add and set`);
  }
  if (change.scale !== undefined && !Number.isFinite(Math.fround(change.scale))) {
    throw new RangeError(`Cannot scale "${site}" by ${change.scale}; pass a number that is finite in single precision`);
  }
  const { add, set, tokens, ...rest } = change;
  return {
    ...rest,
    site,
    ...tokens && { tokens: [...tokens] },
    ...change.heads && { heads: [...change.heads] },
    ...change.neurons && { neurons: [...change.neurons] },
    ...change.positions && { positions: indices("position", change.positions, nPositions) },
    ...add && { add: numbersOf("add", site, add) },
    ...set && { set: numbersOf("set", site, set) },
  };
}

/** The places in few words: `resid.0` to `resid.3`. */
function listed(sites: ReadonlyMap<SiteName, Shape>): string {
  const counts = Map.groupBy(sites.keys(), (site) => site.replace(/\.\d+$/, ""));
  return [...counts].map(([stem, all]) => all.length === 1 ? all[0] : `${stem}.0 to ${all.at(-1)}`).join(", ");
}

/** Whether something is what JSON makes of a Float32Array, `{"0":1,"1":2}`, so that changes can be saved as they are. */
function isWrittenArray(data: unknown): data is Readonly<Record<string, number>> {
  if (typeof data !== "object" || data?.constructor !== Object) return false;
  const keys = Object.keys(data);
  return keys.length > 0 && keys.every((key, i) => key === String(i));
}

function numbersOf(kind: string, site: string, numbers: Numbers): FloatTensor {
  const { data: given, shape } = "data" in numbers ? numbers : { data: numbers, shape: undefined };
  const data = isWrittenArray(given) ? Object.values(given) : given;
  if (!(data instanceof Float32Array || Array.isArray(data) && data.every((one) => typeof one === "number"))) {
    throw new TypeError(`Cannot ${kind} ${shown(numbers)} at "${site}"; pass numbers, or a tensor such as a trace has`);
  }
  const copy = Float32Array.from(data);
  const wrong = firstNonFiniteIndex(copy);
  if (wrong >= 0) {
    const found = `number ${wrong} is ${data[wrong]}`;
    throw new RangeError(`Cannot ${kind} the numbers for "${site}" as ${found}; pass finite ones in single precision`);
  }
  if (shape === undefined) return { data: copy, shape: [copy.length] };
  if (Array.isArray(shape) && shape.reduce((product, size) => product * size, 1) === copy.length) {
    return { data: copy, shape: [...shape] };
  }
  throw new RangeError(`Cannot ${kind} ${copy.length} numbers of the shape ${shown(shape)} at "${site}"`);
}
