/**
 * Windows that are read side by side: in one run, where they fit, so that the weights are read once for all of them.
 *
 * @module
 */
import { depthsOf, emptyReading, lastDepth, type LensReading, takeLens } from "../../ask/lens/reading.ts";
import { free } from "../../base/numbers.ts";
import { LENS_LOGITS } from "../../model/memory.ts";
import { CHUNK_TOKENS } from "../../model/prompts.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { survey } from "../../model/survey.ts";
import { familyOf } from "../../models/families.ts";
import type { Value } from "../../onnx/mod.ts";
import type { ReadDocument, Window } from "./windows.ts";

/** What is looked at while texts are read. */
export interface Needs {
  /** Where the residual stream is read through the lens: after the last layer, or after all. */
  readonly lens?: "last" | "all";
  /** The attention probabilities. */
  readonly attention?: boolean;
  /** The neurons. */
  readonly neurons?: boolean;
  /** What leaves the last block. */
  readonly stream?: boolean;
}

/** A window and its document. */
export interface Placed {
  readonly document: ReadDocument;
  readonly window: Window;
}

/** The tokens of a window that are in a piece, from `from` to before `to`, and where the window begins in the pack. */
export interface PlacedPiece extends Placed {
  readonly offset: number;
  readonly from: number;
  readonly to: number;
}

/** A token that is predicted, by its index in its window, and the row of the lens that is about it. */
export interface Target extends Placed {
  readonly target: number;
  readonly row: number;
}

/** What was seen of tokens of a pack that were read in one run, from `start` to before `end`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly windows: readonly PlacedPiece[];
  /** What the lens was asked, R of them. */
  readonly targets: readonly Target[];
  /** What it saw, of D depths and R rows; absent where there was nothing to ask. */
  readonly lens?: LensReading;
  /** `[H, end - start, end]` of each layer: the attention to the tokens of the pack; of encoders to all of them. */
  readonly attention: readonly Float32Array[];
  /** `[end - start, nInner]` of each layer. */
  readonly neurons: readonly Float32Array[];
  /** `[end - start, C]`. */
  readonly stream?: Float32Array;
}

/** What was seen of one document in a piece. */
export interface Seen {
  readonly document: ReadDocument;
  readonly piece: Piece;
  readonly windows: readonly PlacedPiece[];
  readonly targets: readonly Target[];
  /** Whether that was its end. */
  readonly isLast: boolean;
}

/** What was seen of each document in a piece, in order. */
export function seenIn(piece: Piece): readonly Seen[] {
  const targets = Map.groupBy(piece.targets, ({ document }) => document);
  return [...Map.groupBy(piece.windows, ({ document }) => document)].map(([document, windows]) => {
    const { window, to } = windows.at(-1)!;
    const isLast = window === document.windows.at(-1) && to === window.tokenIds.length;
    return { document, piece, windows, targets: targets.get(document) ?? [], isLast };
  });
}

/** What several questions need. */
export function allNeeds(needs: readonly Needs[]): Needs {
  const lens = needs.some(({ lens }) => lens === "all") ? "all" : needs.find(({ lens }) => lens)?.lens;
  const any = (name: "attention" | "neurons" | "stream") => needs.some((one) => one[name]);
  return { ...lens && { lens }, attention: any("attention"), neurons: any("neurons"), stream: any("stream") };
}

/** Whether anything is needed. */
export function isNeeded({ lens, attention, neurons, stream }: Needs): boolean {
  return Boolean(lens || attention || neurons || stream);
}

/** The most tokens of a pack of several windows: as many as one run reads. */
export function packTokens({ config }: ModelRunner, { lens }: Needs): number {
  return lens === "last" ? Math.max(1, Math.min(CHUNK_TOKENS, mostRows(config.vocabSize, 1))) : CHUNK_TOKENS;
}

function mostRows(V: number, depths: number): number {
  return Math.max(1, Math.floor(LENS_LOGITS / (depths * V)));
}

/** Reads a pack, piece by piece. What a piece holds is freed when the next one is asked for. */
export async function* readPack(
  runner: ModelRunner,
  pack: readonly Placed[],
  needs: Needs,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const { nLayer, vocabSize } = runner.config;
  const depths = needs.lens === "all" ? depthsOf("final", nLayer) : [lastDepth(nLayer)];
  const whole = familyOf(runner.config).mask === "full";
  const total = pack.reduce((sum, { window }) => sum + window.tokenIds.length, 0);
  const most = whole ? total : Math.min(CHUNK_TOKENS, needs.lens ? mostRows(vocabSize, depths.length) : Infinity);
  using cache = runner.emptyCache();
  for (let start = 0; start < total; start += most) {
    const end = Math.min(start + most, total);
    const { windows, targets, rows } = partOf(pack, start, end);
    const asked = needs.lens && targets.length > 0;
    const lens = asked
      ? { targets: targets.map(({ window, target }) => window.tokenIds[target]!), best: 1, depths }
      : undefined;
    const { fetches, sorted } = fetchesOf(runner, needs);
    const request = { ...tokensOf(pack, windows), rows: asked ? rows : [0], lens, fetches, cache };
    const seen = await survey(runner, request, signal);
    yield {
      start,
      end,
      windows,
      targets,
      ...readingOf(seen.lens, depths.length, targets.length),
      ...sorted(seen.fetched),
    };
    free(...Object.values(seen.lens ?? {}), ...seen.fetched);
  }
}

/** What of a pack is in a piece. */
function partOf(pack: readonly Placed[], start: number, end: number) {
  const windows: PlacedPiece[] = [];
  const targets: Target[] = [];
  const rows: number[] = [];
  let offset = 0;
  for (const placed of pack) {
    const { window } = placed;
    const T = window.tokenIds.length;
    const from = Math.max(0, start - offset);
    const to = Math.min(T, end - offset);
    if (from < to) windows.push({ ...placed, offset, from, to });
    for (let row = from; row < to; ++row) {
      const target = row + 1;
      if (target >= T || target < window.from || target >= window.to) continue;
      targets.push({ ...placed, target, row: targets.length });
      rows.push(offset + row - start);
    }
    offset += T;
  }
  return { windows, targets, rows };
}

/** The tokens of a piece, with the index of their window in the pack. */
function tokensOf(pack: readonly Placed[], windows: readonly PlacedPiece[]) {
  const textOf = new Map(pack.map(({ window }, text) => [window, text]));
  return {
    tokenIds: windows.flatMap(({ window, from, to }) => window.tokenIds.slice(from, to)),
    tokenTypes: windows.flatMap(({ window, from, to }) => window.tokenTypes.slice(from, to)),
    texts: windows.flatMap(({ window, from, to }) => Array<number>(to - from).fill(textOf.get(window)!)),
  };
}

/** What is fetched, and how it is sorted afterwards. */
function fetchesOf({ config: { nLayer: L }, program: { outputs } }: ModelRunner, needs: Needs) {
  const attention = needs.attention ? outputs.attention : [];
  const neurons = needs.neurons ? outputs.activations : [];
  const stream = needs.stream ? [outputs.hiddenStates[L]!] : [];
  const fetches: readonly Value[] = [...attention, ...neurons, ...stream];
  const sorted = (fetched: readonly Float32Array[]) => ({
    attention: fetched.slice(0, attention.length),
    neurons: fetched.slice(attention.length, attention.length + neurons.length),
    ...needs.stream && { stream: fetched.at(-1)! },
  });
  return { fetches, sorted };
}

function readingOf(numbers: Parameters<typeof takeLens>[1] | undefined, D: number, R: number): { lens?: LensReading } {
  if (!numbers) return {};
  const lens = emptyReading(D, R, 1);
  takeLens(lens, numbers, [...Array(R).keys()], D);
  return { lens };
}
