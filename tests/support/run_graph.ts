/**
 * Runs graphs on onnxruntime-web as they are, in any element type: what the tests of graphs and gradients need and
 * `Session` does not offer.
 *
 * @module
 */
import { env, InferenceSession, Tensor } from "npm:onnxruntime-web@1.30.0";
import { type DType, encodeModel, type GraphScope, type Value } from "../../src/onnx/mod.ts";

env.wasm.numThreads = 1;

/** The elements of a tensor. */
export type Numbers = Float32Array | Float64Array | BigInt64Array | Uint8Array;

/** A tensor that came out of a graph. */
export interface Result {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: Numbers;
}

/** A graph that is ready to run. */
export interface Runner extends AsyncDisposable {
  /** Runs the graph and returns what `fetches` hold, in their order. */
  run(feeds: readonly Feed[], fetches: readonly Value[]): Promise<readonly Result[]>;
}

/** The numbers for one input. Those of a float input are converted to its type. */
export interface Feed {
  readonly value: Pick<Value, "name" | "dtype">;
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

/** Prepares `graph`, with `files` behind its external constants. */
export async function runnerOf(
  graph: GraphScope,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<Runner> {
  const externalData = Object.entries(files).map(([path, data]) => ({ path, data }));
  const session = await InferenceSession.create(encodeModel(graph), { externalData, logSeverityLevel: 3 });
  return {
    async run(feeds, fetches) {
      const tensors = feeds.map((feed) => [feed.value.name, tensorOf(feed)]);
      const results = await session.run(Object.fromEntries(tensors), fetches.map(({ name }) => name));
      return fetches.map(({ name }) => {
        const { type, dims, data } = results[name]!;
        return { dtype: type as DType, dims, data: data as Numbers };
      });
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

/** Runs `graph` once and returns all its outputs. */
export async function runGraph(graph: GraphScope, feeds: readonly Feed[] = []): Promise<readonly Result[]> {
  await using runner = await runnerOf(graph);
  return await runner.run(feeds, graph.outputs);
}

/** The numbers of a result as they are in JavaScript. */
export function numbersOf({ data }: Result): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

function tensorOf({ value, data, dims }: Feed): Tensor {
  switch (value.dtype) {
    case "float64":
      return new Tensor("float64", Float64Array.from(data), dims);
    case "float32":
      return new Tensor("float32", Float32Array.from(data), dims);
    case "int64":
      return new Tensor("int64", BigInt64Array.from(data, BigInt), dims);
    case "bool":
      return new Tensor("bool", Uint8Array.from(data), dims);
    default:
      throw new TypeError(`Cannot feed ${value.dtype}`);
  }
}
