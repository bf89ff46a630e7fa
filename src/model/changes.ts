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
import type { AttentionMask } from "../models/attention.ts";
import type { SiteName } from "../models/builder.ts";
import type { Shape } from "../onnx/mod.ts";
import { type CompiledPattern, compilePattern } from "./pattern_change.ts";
import { compileRows, type RowTable } from "./row_change.ts";

/** Numbers: a plain array, or what a trace holds. */
export type Numbers = readonly number[] | Float32Array | FloatTensor;

/**
 * One change inside a model: what is at a place is multiplied, added to or replaced; exactly one of `scale`, `add` and
 * `set` says how. Later changes of the same place come after earlier ones.
 */
export interface Change {
  /**
   * The place, by the names of TransformerLens's hooks: `embed` (token embeddings), `resid.3` (the residual stream that
   * enters layer 3), `resid_mid.3` (between its attention and its MLP), `z.3` (the sums of its heads before the output
   * projection), `attn_out.3` and `mlp_out.3` (what they add to the stream), `neurons.3`, and `pattern.3` (its attention
   * probabilities). {@linkcode LanguageModel.siteNames} lists them.
   */
  readonly site: string;
  /** The heads, of `z` and `pattern`; all by default. */
  readonly heads?: readonly number[];
  /** The neurons, of `neurons`; all by default. */
  readonly neurons?: readonly number[];
  /**
   * The positions of the tokens whose rows are changed; all by default, those that are written later too. A text that
   * ends before one is not changed there.
   */
  readonly positions?: readonly number[];
  /** What it is multiplied by: 0 turns it off. Not of `pattern`. */
  readonly scale?: number;
  /** What is added, one number for each of the width, or for each position too. Not of `pattern`. */
  readonly add?: Numbers;
  /**
   * What takes its place: one number for each of the width, or for each position too, `[positions, width]`. Of `pattern`
   * the rows of one text, `[T, T]` or for each head `[heads, T, T]`; tokens after these T keep the model's own. A tensor
   * must have such a shape; plain arrays are read row by row.
   */
  readonly set?: Numbers;
}

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
  },
  required: ["site"],
};

/** What a model has, as its program says. */
export interface Changeable {
  /** Each place, with the shape of what is there. */
  readonly sites: ReadonlyMap<SiteName, Shape>;
  /** The longest text. */
  readonly nPositions: number;
  /** What a token of a text sees. */
  readonly mask: AttentionMask;
}

/** Changes that were checked. */
export interface CompiledChanges {
  /** The same as plain data of their own. */
  readonly changes: readonly Change[];
  /** What is changed of the rows of tokens. */
  readonly rows: ReadonlyMap<SiteName, RowTable>;
  /** What is changed of patterns. */
  readonly patterns: ReadonlyMap<SiteName, CompiledPattern>;
}

/** A change whose place is known, with its numbers. */
export interface CheckedChange extends Omit<Change, "site" | "add" | "set"> {
  /** The place. */
  readonly site: SiteName;
  /** What is added. */
  readonly add?: FloatTensor;
  /** What takes its place. */
  readonly set?: FloatTensor;
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

/** The width of a place, and of one of its units. */
export interface Widths {
  readonly width: number;
  /** What its units are, and how wide one is; none where it has no units. */
  readonly units?: { readonly name: "heads" | "neurons"; readonly size: number };
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
    const found = kinds.length === 0 ? "none of them" : kinds.join(" and ");
    throw new TypeError(`Cannot change "${site}" by ${found}; give one of scale, add and set`);
  }
  if (change.scale !== undefined && !Number.isFinite(Math.fround(change.scale))) {
    throw new RangeError(`Cannot scale "${site}" by ${change.scale}; pass a number that is finite in single precision`);
  }
  const { add, set, ...rest } = change;
  return {
    ...rest,
    site,
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

/** Whole numbers below a bound, each once. */
export function indices(what: string, list: readonly number[], count: number): readonly number[] {
  if (list.length === 0) {
    throw new RangeError(`Cannot change an empty list of ${what}s; name some, or leave them out for all`);
  }
  for (const index of list) {
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new RangeError(`Cannot change ${what} ${shown(index)} as the model has ${what}s 0 to ${count - 1}`);
  }
  const twice = list.find((index, i) => list.indexOf(index) < i);
  if (twice !== undefined) throw new RangeError(`Cannot change ${what} ${twice} twice; name each ${what} once`);
  return [...list];
}

function numbersOf(kind: string, site: string, numbers: Numbers): FloatTensor {
  const { data, shape } = "data" in numbers ? numbers : { data: numbers, shape: undefined };
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
