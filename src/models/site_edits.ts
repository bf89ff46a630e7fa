/**
 * Changes to what is inside a model while it runs. A program that allows them at a place reads a table there: entry k
 * multiplies what is at the place by `scale[k]` and adds `shift[k]`, and each token says which entry is its own. Turning
 * off, scaling, steering and replacing are all of that form, so the gradient goes through by the rules of two operators.
 * Where a pattern of attention is changed, each row is kept or replaced. A program that allows nothing has no such inputs.
 *
 * @module
 */
import { type Feed, idsFeed } from "../onnx/feed.ts";
import type { Graph, Value } from "../onnx/mod.ts";
import type { SiteName } from "./sites.ts";

/** What a place with one row for each token, `[T, W]`, is changed by. */
export interface RowEdit {
  /** `[K, W]`, what a token of entry k is multiplied by. */
  readonly scale: Float32Array;
  /** `[K, W]`, what is added to it then. */
  readonly shift: Float32Array;
  /** The entry of each token of the run. */
  readonly entries: readonly number[];
}

/** What the pattern of an attention, `[H, T, S]`, is changed by. */
export interface PatternEdit {
  /** `[H, T]`, 1 where a row is kept and 0 where it is replaced. */
  readonly keep: Float32Array;
  /** `[H, T, S]`, what replaces it; zeros where it is kept. */
  readonly rows: Float32Array;
}

/** The changes of one run, by the places that a program allows them at. */
export interface EditRequest {
  /** The change of a place with one row for each token; none leaves it as it is. */
  row(site: SiteName): RowEdit | undefined;
  /** The change of a pattern whose rows see S tokens; none leaves it as it is. */
  pattern(site: SiteName, S: number): PatternEdit | undefined;
}

interface RowInputs {
  readonly scale: Value;
  readonly shift: Value;
  readonly entries: Value;
}

interface PatternInputs {
  /** `[heads..., T, 1]`. */
  readonly keep: Value;
  /** `[heads..., T, S]`. */
  readonly rows: Value;
}

/** How long the axes of a run are. */
export interface RunSizes {
  readonly T: number;
  readonly S: number;
  /** Of a source. */
  readonly E: number;
  readonly X: number;
}

/** The places of a program that can be changed, and their inputs. */
export class SiteEdits {
  readonly #allowed: ReadonlySet<SiteName>;
  readonly #rows = new Map<SiteName, RowInputs>();
  readonly #patterns = new Map<SiteName, PatternInputs>();

  /** Allows changes at some places. */
  constructor(allowed: readonly SiteName[] = []) {
    this.#allowed = new Set(allowed);
  }

  /** What is at a place after its change, `[T, W]`. */
  row(g: Graph, site: SiteName, x: Value): Value {
    if (!this.#allowed.has(site)) return x;
    const [tokens, width] = x.shape as [string, number];
    const inputs = {
      scale: g.input(`scale of ${site}`, g.float, [`entries of ${site}`, width]),
      shift: g.input(`shift of ${site}`, g.float, [`entries of ${site}`, width]),
      entries: g.input(`entries of ${site}`, "int64", [tokens]),
    };
    this.#rows.set(site, inputs);
    const ofTokens = (table: Value) => g.gather(table, inputs.entries);
    return g.add(g.mul(x, ofTokens(inputs.scale)), ofTokens(inputs.shift));
  }

  /** A pattern after its change, `[heads..., T, S]`, and which of its rows are kept, `[heads..., T, 1]`. */
  pattern(g: Graph, site: SiteName, pattern: Value): { readonly pattern: Value; readonly kept?: Value } {
    if (!this.#allowed.has(site)) return { pattern };
    const inputs = {
      keep: g.input(`keep of ${site}`, g.float, [...pattern.shape.slice(0, -1), 1]),
      rows: g.input(`rows of ${site}`, g.float, pattern.shape),
    };
    this.#patterns.set(site, inputs);
    return { pattern: g.add(g.mul(pattern, inputs.keep), inputs.rows), kept: inputs.keep };
  }

  /**
   * Checks that the model has all the places that were allowed.
   *
   * @throws {RangeError} When it does not.
   */
  expectAll(): void {
    for (const site of this.#allowed) {
      if (this.#rows.has(site) || this.#patterns.has(site)) continue;
      throw new RangeError(`Cannot change "${site}" as the model has no such place`);
    }
  }

  /** The feeds of a run, in which nothing is changed by default. */
  feeds(sizes: RunSizes, request?: EditRequest): Feed[] {
    return [
      ...[...this.#rows].flatMap(([site, inputs]) => rowFeeds(inputs, sizes, request?.row(site))),
      ...[...this.#patterns].flatMap(([site, inputs]) => {
        const { S } = patternSizes(inputs.rows, sizes);
        return patternFeeds(inputs, sizes, request?.pattern(site, S));
      }),
    ];
  }
}

function rowFeeds({ scale, shift, entries }: RowInputs, { T, E }: RunSizes, edit?: RowEdit): Feed[] {
  const width = scale.shape[1] as number;
  const tokens = entries.shape[0] === "E" ? E : T;
  const table = edit ?? {
    scale: new Float32Array(width).fill(1),
    shift: new Float32Array(width),
    entries: Array<number>(tokens).fill(0),
  };
  const dims = [table.scale.length / width, width];
  return [
    { value: scale, data: table.scale, dims },
    { value: shift, data: table.shift, dims },
    idsFeed(entries, table.entries),
  ];
}

/** The sizes of the axes of a pattern in a run. */
function patternSizes(rows: Value, sizes: RunSizes): { readonly heads: readonly number[]; T: number; S: number } {
  const [queries, keys] = rows.shape.slice(-2) as [keyof RunSizes, keyof RunSizes];
  return { heads: rows.shape.slice(0, -2) as number[], T: sizes[queries], S: sizes[keys] };
}

function patternFeeds({ keep, rows }: PatternInputs, sizes: RunSizes, edit?: PatternEdit): Feed[] {
  const { heads, T, S } = patternSizes(rows, sizes);
  const H = heads.reduce((a, b) => a * b, 1);
  return [
    { value: keep, data: edit?.keep ?? new Float32Array(H * T).fill(1), dims: [...heads, T, 1] },
    { value: rows, data: edit?.rows ?? new Float32Array(H * T * S), dims: [...heads, T, S] },
  ];
}
