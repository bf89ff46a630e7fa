/**
 * Random GPT-2 models in memory.
 *
 * @module
 */
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { readSafetensors, type TensorEntry } from "../../src/checkpoint/safetensors.ts";
import { parseConfig } from "../../src/models/families.ts";
import type { ModelConfig } from "../../src/models/config.ts";
import { Program } from "../../src/models/program.ts";
import { selectWeights, weightLocation, weightsOf } from "../../src/models/weights.ts";
import type { Feed } from "../../src/onnx/feed.ts";
import type { Value } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";
import { random } from "../checkpoint/random.ts";
import { safetensorsFile } from "../checkpoint/safetensors_file.ts";

/** The settings of a model that is small, and in which no two sizes are equal. */
export const TINY = {
  model_type: "gpt2",
  vocab_size: 23,
  n_positions: 16,
  n_embd: 12,
  n_head: 3,
  n_layer: 2,
  n_inner: 20,
  bos_token_id: 0,
  eos_token_id: 0,
} as const;

/** A tensor for a file: its numbers are random unless they are given. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype?: string;
}

/** The tensors of a checkpoint of `config`, to be changed before they are written. */
export function tensorSpecs(config: ModelConfig, prefix = "transformer."): Map<string, TensorSpec> {
  return new Map([...weightsOf(config)].map(([name, { shape }]) => [prefix + name, { shape }]));
}

const BYTES: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, U8: 1 };

/** Writes a checkpoint of random weights, in which the embedding of one token may be scaled, and reads its header. */
export function randomCheckpoint(
  specs: ReadonlyMap<string, TensorSpec>,
  { tokenId, factor }: NonNullable<TinyOptions["scaled"]> = { tokenId: 0, factor: 1 },
): Promise<ReadonlyMap<string, TensorEntry>> {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, { shape, dtype = "F32" }] of specs) {
    const start = end;
    end += shape.reduce((count, size) => count * size, BYTES[dtype]!);
    header[name] = { dtype, shape, data_offsets: [start, end] };
  }
  const data = new DataView(new ArrayBuffer(end));
  const uniform = random(1);
  let at = 0;
  for (const [name, { shape, dtype = "F32" }] of specs) {
    const count = shape.reduce((count, size) => count * size, 1);
    for (let i = 0; i < count; ++i, at += BYTES[dtype]!) {
      const scale = name.endsWith("wte.weight") && Math.floor(i / TINY.n_embd) === tokenId ? factor : 1;
      write(data, at, dtype, scale * (2 * uniform() - 1));
    }
  }
  return readSafetensors(openBytes("model.safetensors", safetensorsFile(header, new Uint8Array(data.buffer))));
}

/** Writes one number, if it is of a type that weights can have. */
function write(data: DataView, at: number, dtype: string, value: number): void {
  if (dtype === "F32") data.setFloat32(at, value, true);
  if (dtype === "F16") data.setFloat16(at, value, true);
  if (dtype === "BF16") data.setUint16(at, new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16, true);
}

/** A model in a session. */
export interface TinyModel extends AsyncDisposable {
  readonly config: ModelConfig;
  readonly program: Program;
  /** Runs the model; what is left out is empty, or zero. */
  run(request: TinyRequest, fetches: readonly Value[]): Promise<Float32Array[]>;
}

/** What a model is fed. */
export interface TinyRequest {
  readonly tokenIds: readonly number[];
  /** The cached keys of each block, then the cached values. */
  readonly past?: readonly Float32Array[];
  readonly rows: readonly number[];
  readonly targets?: readonly number[];
  readonly mix?: readonly (readonly number[])[];
  readonly ofLogit?: boolean;
  /** For each token; 1 by default. */
  readonly embeddingScale?: readonly number[];
  /** Which text each cached token belongs to; 0 by default. */
  readonly pastTexts?: readonly number[];
  readonly pastLastTexts?: readonly number[];
  /** Which text each token belongs to; 0 by default. */
  readonly texts?: readonly number[];
  /** Where each token stands in its text; by default after the cached ones. */
  readonly positions?: readonly number[];
  /** How many of the best tokens the lens gives; 0 leaves it out. */
  readonly best?: number;
  /** Where the lens reads: 2i after the attention of block i, 2i + 1 after its MLP. By default after each block. */
  readonly depths?: readonly number[];
  /** At which of them the lens applies `ln_f`. */
  readonly normed?: readonly boolean[];
}

/** What can be changed in a random model. */
export interface TinyOptions {
  /** Multiplies the embedding of one token. */
  readonly scaled?: { readonly tokenId: number; readonly factor: number };
  /** Declares more outputs. */
  readonly expose?: (program: Program) => void;
}

/** Builds a random model with the settings of {@linkcode TINY}, some of them changed, and starts it on wasm. */
export async function tinyModel(
  changes: Readonly<Record<string, unknown>> = {},
  { scaled, expose }: TinyOptions = {},
): Promise<TinyModel> {
  const config = parseConfig({ ...TINY, ...changes });
  const weights = selectWeights(config, await randomCheckpoint(tensorSpecs(config), scaled));
  const program = new Program(config, weights);
  expose?.(program);
  const [first] = weights.values();
  const files = new Map([[weightLocation(first!), first!.source]]);
  const session = await Session.create(program.graph, files, { backend: "wasm", threads: 1 });
  return {
    config,
    program,
    run: (request, fetches) => session.run(feedsOf(config, program, request), fetches),
    [Symbol.asyncDispose]: () => session.dispose(),
  };
}

/** What a request is for a session. */
export function feedsOf({ nLayer, nEmbd }: ModelConfig, program: Program, request: TinyRequest): Feed[] {
  const { tokenIds, rows, targets = rows.map(() => 0), mix = [], ofLogit = false, best = 0 } = request;
  const { depths = Array.from({ length: nLayer }, (_, i) => 2 * i + 1) } = request;
  const { normed = depths.map(() => true) } = request;
  const past = request.past ?? Array.from({ length: 2 * nLayer }, () => new Float32Array(0));
  const length = past[0]!.length / nEmbd;
  const pastTexts = request.pastTexts ?? Array<number>(length).fill(0);
  return program.feeds({
    tokenIds,
    rows,
    texts: request.texts ?? tokenIds.map(() => 0),
    embeddingScale: Float32Array.from(request.embeddingScale ?? tokenIds.map(() => 1)),
    past: {
      length,
      keys: past.slice(0, nLayer),
      values: past.slice(nLayer),
      texts: pastTexts,
      lastTexts: request.pastLastTexts ?? pastTexts,
      lineage: {},
      nextPositions: () => request.positions ?? tokenIds.map((_, t) => length + t),
    },
    gradient: { targets, mix: Float32Array.from(mix.flat()), ofLogit },
    lens: { targets, best, depths: depths.map((index, d) => ({ index, normed: normed[d]! })) },
  });
}
