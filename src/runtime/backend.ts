import type { InferenceSession, Tensor } from "npm:onnxruntime-common@1.30.0";
import type { RunQueue } from "../base/run_queue.ts";
import type { ByteSource } from "../checkpoint/byte_source.ts";
import type { Feed } from "../onnx/feed.ts";
import type { CHeap } from "./c_heap.ts";
import type { MappedPages } from "./mapped_pages.ts";
import type { Growth, RowsDevice } from "./resident_rows.ts";

/** Where a model runs. */
export type Backend = "wasm" | "native" | "webgpu";

/** How a session is made. */
export interface SessionOptions {
  /** How many threads compute; by default, one for each core. */
  readonly threads?: number;
  /**
   * Whether weights are stored in the order that products read them fastest in, which `packedOnce` writes; `int8`: only
   * those in 8 bits, which `packedCodes` writes.
   */
  readonly prepack?: boolean | "int8";
  /** Whether there is something to compute from constants alone, such as weights that are to be widened. */
  readonly foldConstants?: boolean;
  /** On webgpu, whether the graph runs on the CPU kernels of the same library: what results are compared with. */
  readonly onCpu?: boolean;
}

/** The rows of a session that stay on the device it runs on. */
export interface DeviceRows extends RowsDevice {
  /** Runs the session, whose feeds may be resident, and appends to rows what `growths` say. */
  run(
    session: InferenceSession,
    feeds: readonly Feed[],
    fetches: readonly string[],
    growths: readonly Growth[],
  ): Promise<Float32Array[]>;
  /** Frees all of them. */
  release(): void;
}

/** What onnxruntime-web and onnxruntime-node have in common. */
export interface Runtime {
  /** Makes a session of a model whose weights are in `files`, by the location that the model gives. */
  create(
    model: Uint8Array,
    files: ReadonlyMap<string, ByteSource>,
    options: SessionOptions,
  ): Promise<InferenceSession>;
  /** The library's tensor. */
  readonly Tensor: typeof Tensor;
  /** What runs the sessions of all models in turn, where the library cannot run two at once. */
  readonly queue?: RunQueue;
  /** What the backend computes on, where there may be several. */
  readonly device?: string;
  /** Where it computes, when that has to be told to give memory back. */
  readonly heap?: CHeap;
  /** The pages of mapped weights, when they can be given back. */
  readonly pages?: MappedPages;
  /** Where the rows of a session that was just made stay, when it computes on a device of its own. */
  readonly rows?: (options: SessionOptions) => Promise<DeviceRows | undefined>;
}

/** The options that every backend shares. */
export function commonOptions({ prepack = false }: SessionOptions): InferenceSession.SessionOptions {
  // A memory pattern is a second copy of what a run needs, kept for each new length: 250 MiB at 1,023 tokens.
  return {
    graphOptimizationLevel: "all",
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { disable_prepacking: prepack ? "0" : "1" } },
  };
}

/**
 * What ONNX Runtime can leave out when it prepares our graphs, which are written as it would make them. The results are
 * the same bits, as fast, and the session is made in half of the time. What is left, `MatmulTransposeFusion`, reads keys
 * and values where they are. `tests/runtime/backends/optimizers_test.ts` holds the pinned version to these names.
 */
export const IDLE_OPTIMIZERS: readonly string[] = [
  ...["AttentionFusion", "BiasDropoutFusion", "BiasGeluFusion", "BiasSkipLayerNormFusion", "BiasSoftmaxFusion"],
  ...["CommonSubexpressionElimination", "ConstantSharing", "ConvActivationFusion", "DoubleQDQPairsRemover"],
  ...["DynamicQuantizeMatMulFusion", "EmbedLayerNormFusion", "FastGeluFusion"],
  ...["GatherSliceToSplitFusion", "GatherToSliceFusion", "GeluFusionL1", "GeluFusionL2", "GemmActivationFusion"],
  ...["GroupQueryAttentionFusion", "GroupQueryAttentionPreNormFusion", "LayerNormFusionL1", "LayerNormFusionL2"],
  ...["Level1_RuleBasedTransformer", "Level2_RuleBasedTransformer", "MatMulActivationFusion", "MatMulAddFusion"],
  ...["MatMulIntegerToFloatFusion", "MatMulNBitsFusion", "MatMulScaleFusion", "QDQFinalCleanupTransformer"],
  ...["QDQPropagationTransformer", "QDQS8ToU8Transformer", "QDQSelectorActionTransformer", "QuickGeluFusion"],
  ...["ReshapeFusion", "SimplifiedLayerNormFusion", "SkipLayerNormFusion", "SliceConcatToSpaceToDepthFusion"],
  ...["TransposeOptimizer", "TransposeOptimizer_CPUExecutionProvider", "WeightBiasQuantization", "WhereDummyDq"],
];

/** Computes the `Cast` of weights in half precision when the session is made. */
export const FOLDING = "ConstantFolding";

/** The options of the backends that compute on the CPU. `entries` are session configuration entries. */
export function cpuOptions(
  options: SessionOptions,
  entries: Readonly<Record<string, string>> = {},
): InferenceSession.SessionOptions {
  const common = commonOptions(options);
  const idle = options.foldConstants ? IDLE_OPTIMIZERS : [...IDLE_OPTIMIZERS, FOLDING];
  return {
    ...common,
    graphOptimizationLevel: "extended",
    extra: {
      session: { ...common.extra!.session as Record<string, string>, ...entries },
      optimization: { "disable_specified_optimizers": idle.join(";") },
    },
  };
}
