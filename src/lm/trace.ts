import type { Value } from "../onnx/mod.ts";
import { CHUNK_TOKENS, type ModelRunner } from "./model_runner.ts";
import type { Capture, Trace, TraceOptions } from "./trace_types.ts";
import type { FloatTensor, Sequence } from "./types.ts";

const CAPTURES: readonly Capture[] = ["hiddenStates", "attention", "activations", "logits"];

/** One recording: the values to fetch, and the tensor that their rows are gathered in. */
interface Recorder {
  readonly capture: Capture;
  readonly fetches: readonly Value[];
  readonly tensor: FloatTensor;
  /** Takes `count` rows of each fetched value, the first of which is row `start` of the sequence. */
  readonly take: (parts: readonly Float32Array[], start: number, count: number) => void;
}

/** Reads a sequence in chunks and records what the model computes on the way. */
export async function traceSequence(runner: ModelRunner, sequence: Sequence, options: TraceOptions): Promise<Trace> {
  const { capture = ["hiddenStates"], onProgress, signal } = options;
  const T = sequence.tokenIds.length;
  const recorders = checked(capture).map((name) => createRecorder(runner, name, T));
  const cache = runner.emptyCache();
  for (let start = 0; start < T; start += CHUNK_TOKENS) {
    const tokenIds = sequence.tokenIds.slice(start, start + CHUNK_TOKENS);
    const rows = capture.includes("logits") ? [...tokenIds.keys()] : [tokenIds.length - 1];
    const fetches = recorders.flatMap((recorder) => recorder.fetches);
    const [logits, ...seen] = await runner.read(tokenIds, cache, rows, { fetches, signal });
    for (const { capture, fetches, take } of recorders) {
      take(capture === "logits" ? [logits!] : seen.splice(0, fetches.length), start, tokenIds.length);
    }
    const completed = start + tokenIds.length;
    onProgress?.({ task: "trace", completed, total: T, message: `Read ${completed} of ${T} tokens` });
  }
  return { sequence, ...Object.fromEntries(recorders.map(({ capture, tensor }) => [capture, tensor])) };
}

function checked(capture: readonly Capture[]): readonly Capture[] {
  for (const name of capture) {
    if (!CAPTURES.includes(name)) {
      throw new TypeError(`Cannot capture ${JSON.stringify(name)}; use "${CAPTURES.join('", "')}"`);
    }
  }
  return [...new Set(capture)];
}

function createRecorder({ config, program: { outputs } }: ModelRunner, capture: Capture, T: number): Recorder {
  const { nLayer: L, nHead: H, nEmbd: C, nInner, vocabSize: V } = config;
  switch (capture) {
    case "hiddenStates":
      return rowRecorder(capture, outputs.hiddenStates, [L + 1, T, C]);
    case "activations":
      return rowRecorder(capture, outputs.activations, [L, T, nInner]);
    case "logits":
      return { ...rowRecorder(capture, [outputs.logits], [T, V]), fetches: [] };
    case "attention":
      return attentionRecorder(outputs.attention, [L, H, T, T]);
  }
}

/** Gathers `[T, width]` values, one after another. */
function rowRecorder(capture: Capture, fetches: readonly Value[], shape: readonly number[]): Recorder {
  const data = allocate(capture, shape);
  const width = shape.at(-1)!;
  const T = shape.at(-2)!;
  const take = (parts: readonly Float32Array[], start: number) =>
    parts.forEach((part, layer) => data.set(part, (layer * T + start) * width));
  return { capture, fetches, tensor: { data, shape }, take };
}

/** Gathers `[H, count, start + count]` patterns into the lower triangles of `[L, H, T, T]`. */
function attentionRecorder(fetches: readonly Value[], shape: readonly [number, number, number, number]): Recorder {
  const data = allocate("attention", shape);
  const [, H, T] = shape;
  const take = (parts: readonly Float32Array[], start: number, count: number) => {
    const width = start + count;
    parts.forEach((part, layer) => {
      for (let row = 0; row < H * count; ++row) {
        const head = Math.floor(row / count);
        const from = start + row % count;
        data.set(part.subarray(row * width, (row + 1) * width), ((layer * H + head) * T + from) * T);
      }
    });
  };
  return { capture: "attention", fetches, tensor: { data, shape }, take };
}

function allocate(capture: Capture, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  try {
    return new Float32Array(count);
  } catch {
    const size = `[${shape}] takes ${Math.ceil(count * 4 / 2 ** 20)} MiB`;
    throw new RangeError(`Cannot capture ${capture} as ${size}, more than can be allocated; shorten the sequence`);
  }
}
