/**
 * The runs of activation patching: copies of the corrupted text side by side, each with one part of the clean one. What
 * stands before a patched position is the same in all copies, so it is read once and shared.
 *
 * @module
 */
import type { KVCache } from "../../model/kv_cache.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import type { SiteName } from "../../models/sites.ts";
import type { EditRequest, RowEdit } from "../../models/site_edits.ts";

/** One part of the clean run that is put into the corrupted one. */
export interface Patch {
  /** Where. */
  readonly site: SiteName;
  /** The first token of the text that is read for it; those before it are shared. */
  readonly from: number;
  /** The first row that is replaced: of the text, or of its source. */
  readonly row: number;
  /** How many rows are replaced. */
  readonly count: number;
  /** The columns that are replaced, from the first to before the last. */
  readonly columns: readonly [start: number, end: number];
  /** The clean activations of the place, `[T, W]`. */
  readonly clean: Float32Array;
  /** Where its result belongs. */
  readonly index: number;
}

/** Patches that are run together: all from the same position. */
export interface Run {
  readonly from: number;
  readonly patches: readonly Patch[];
}

/** How long a text and its source are; `inSource` says whether the source is patched. */
export interface Lengths {
  readonly T: number;
  readonly E: number;
  readonly inSource: boolean;
}

/** How many tokens are read for a patch from the beginning: a source that is patched is read with each copy. */
export function lengthOf({ T, E, inSource }: Lengths): number {
  return inSource ? T + E : T;
}

/** How many copies of a text of `length` tokens are read in one run. */
export function copiesOf(length: number): number {
  return Math.max(1, Math.floor(CHUNK_TOKENS / length));
}

/** Puts patches together that begin at the same position, as many as fit into a run of copies of `T` tokens. */
export function runsOf<P extends { readonly from: number }>(
  patches: readonly P[],
  T: number,
): readonly { readonly from: number; readonly patches: readonly P[] }[] {
  const byStart = Map.groupBy(patches, ({ from }) => from);
  return [...byStart].flatMap(([from, all]) => {
    const copies = copiesOf(T - from);
    return Array.from(
      { length: Math.ceil(all.length / copies) },
      (_, i) => ({ from, patches: all.slice(i * copies, (i + 1) * copies) }),
    );
  });
}

/** The corrupted text. */
interface Patched {
  readonly tokenIds: readonly number[];
  /** The tokens of its source, where there is one. */
  readonly source?: readonly number[] | undefined;
  /** Whether it is the source that is patched. */
  readonly inSource: boolean;
}

/** The logits after the last token of the corrupted text with each of the R patches of a run, `[R, V]`. */
export async function runPatches(
  runner: ModelRunner,
  { tokenIds, source = [], inSource }: Patched,
  read: KVCache,
  { from, patches }: Run,
  signal: AbortSignal,
): Promise<Float32Array> {
  const own = tokenIds.slice(from);
  using past = runner.emptyCache();
  past.appendFrom(read, 0, from);
  const all = (cache: KVCache) => cache.assign(Array.from({ length: cache.length }, () => [0, patches.length - 1]));
  all(past);
  if (past.source) all(past.source);
  const copies = {
    tokenIds: patches.flatMap(() => source),
    texts: patches.flatMap((_, text) => source.map(() => text)),
  };
  return await runner.logits({
    tokenIds: patches.flatMap(() => own),
    texts: patches.flatMap((_, text) => own.map(() => text)),
    rows: patches.map((_, text) => (text + 1) * own.length - 1),
    past,
    ...inSource && { source: copies },
    edits: patching(
      patches,
      { from: inSource ? 0 : from, length: inSource ? source.length : own.length },
      runner.program.sites,
    ),
  }, signal);
}

/**
 * The change of a run whose copies have `length` rows from `from` on: entry 0 of a place leaves a token as it is, and each
 * token that is replaced has its own.
 */
function patching(
  patches: readonly Patch[],
  { from, length }: { readonly from: number; readonly length: number },
  sites: ModelRunner["program"]["sites"],
): EditRequest {
  const row = (site: SiteName): RowEdit | undefined => {
    const here = patches.flatMap((patch, text) => patch.site === site ? [{ patch, text }] : []);
    if (here.length === 0) return undefined;
    const width = sites.get(site)!.at(-1) as number;
    const count = 1 + here.reduce((sum, { patch }) => sum + patch.count, 0);
    const scale = new Float32Array(count * width).fill(1);
    const shift = new Float32Array(count * width);
    const entries = Array<number>(patches.length * length).fill(0);
    let entry = 1;
    for (const { patch: { row, count, columns: [start, end], clean }, text } of here) {
      for (let i = 0; i < count; ++i, ++entry) {
        entries[text * length + row - from + i] = entry;
        scale.fill(0, entry * width + start, entry * width + end);
        shift.set(clean.subarray((row + i) * width + start, (row + i) * width + end), entry * width + start);
      }
    }
    return { scale, shift, entries };
  };
  return { row, pattern: () => undefined };
}
