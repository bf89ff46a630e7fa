/**
 * How much memory a call takes. ONNX Runtime cannot be asked, and an allocation that fails inside a wasm run poisons
 * the session, so it is estimated first. `tests/model/memory_test.ts` holds the estimates to what runs really take.
 *
 * Sizes: T new tokens, S with those read before them, E tokens of a source, R rows of logits, N explained targets, M rows that go back for
 * them; L blocks, C width, H heads, V vocabulary.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";
import { formatBytes } from "../base/words.ts";
import type { ModelConfig } from "../models/config.ts";
import { familyOf } from "../models/families.ts";
import { hasHead } from "../models/family.ts";
import { productWeights } from "../models/weights.ts";
import { KEY_BLOCKS } from "../models/key_blocks.ts";
import type { Backend } from "../runtime/backend.ts";
import { KEPT_GROWTH } from "../runtime/worker/feed_packing.ts";
import type { CompiledChanges } from "./changes.ts";
import type { Cost } from "./cost.ts";

const GIB = 2 ** 30;

/** What a call runs on. */
export interface Machine {
  /** The settings of the model. */
  readonly config: ModelConfig;
  /** Where it runs. */
  readonly backend: Backend;
  /** Whether products are computed in 8 bits, of weights that are stored so. */
  readonly quantized?: boolean;
  /** Whether it runs in a worker, which has keys and values of its own. */
  readonly worker?: boolean;
  /** What is changed inside the model. */
  readonly changes?: CompiledChanges | undefined;
  /** Whether a text can be read once for several runs that explain it, which then go back only. */
  readonly keepsReadings?: boolean;
}

/** The bytes of a number. */
export const FLOAT = 4;

/** What allocators take beside what they are asked for. */
const OVERHEAD = 1.1;

/**
 * How much the way back through a block has alive of a row: what the forward pass keeps, gathered for the rows, and what
 * flows back; 28 widths where GPT-2 keeps 15.
 */
const WAY_BACK = 28 / 15;

/** How many tensors of the size of the logits the gradient and the lens have alive at a time, at most. */
const VOCABULARY_TENSORS = 6;

/** The most logits of the lens of one run: depths times rows times vocabulary, 48 MiB for each of the tensors of that size. */
export const LENS_LOGITS = 3 * 2 ** 22;

/**
 * An estimate of the bytes of a run that reads T tokens, S with those before them, and takes R rows of logits; with E
 * tokens of sources, or with Z that were read before.
 */
export function readBytes(
  machine: Machine,
  { T, S = T, R, E = 0, Z = 0 }: { T: number; S?: number; R: number; E?: number; Z?: number },
): number {
  const { config } = machine;
  const seen = config.nLayer * Z * (config.nHead * T + 4 * familyOf(config).cacheWidth(config));
  const numbers = forwardNumbers(config, T, S, E) + seen + 2 * R * logitWidth(config);
  return OVERHEAD * FLOAT * numbers + cacheBytes(machine, S + E + Z);
}

/**
 * An estimate of the bytes of a run that explains N targets by R logits over T tokens, without a cache, of which M rows
 * go back. Where a text of `read` tokens was read before, of which these are the first, what is kept of it counts twice, as
 * ONNX Runtime's arena does not shrink when it has given it to us; and of attention one block of keys at a time.
 */
export function explainBytes(
  { config, quantized = false }: Pick<Machine, "config" | "quantized">,
  { N, T, R = N, M = N * T, E = 0, read }: {
    N: number;
    T: number;
    R?: number;
    M?: number;
    E?: number;
    read?: number | undefined;
  },
): number {
  const back = WAY_BACK * familyOf(config).keptNumbers(config);
  const patterns = (E > 0 ? 6 : 3) / (read ? KEY_BLOCKS : 1); // of attention to a source and within it as many more
  const backward = patterns * N * config.nHead * Math.max(T, E) ** 2 + (M + N * E) * back;
  const forward = read ? 2 * forwardNumbers(config, read, read, E) : forwardNumbers(config, T, T, E);
  const matrix = quantized ? largestProduct(config) : 0;
  return OVERHEAD * FLOAT * (forward + backward + VOCABULARY_TENSORS * R * logitWidth(config) + matrix);
}

/** How many numbers the largest matrix has that is stored in 8 bits only, and is made of its codes on the way back. */
function largestProduct(config: ModelConfig): number {
  const specs = familyOf(config).weights(config);
  const sizes = productWeights(config).map(({ name, only }) => {
    return only ? specs.get(name)!.shape.reduce((size, length) => size * length, 1) : 0;
  });
  return Math.max(...sizes);
}

/** What 8-bit products take beside that, of M rows: those of the widest, scaled, as codes, and what is made of them. */
export function int8Bytes({ nEmbd, nInner }: ModelConfig, M: number): number {
  const widest = Math.max(nInner, 3 * nEmbd);
  return OVERHEAD * M * (2 * FLOAT + 1) * widest;
}

/** An estimate of the bytes of a run that looks at R rows through the lens, at `depths` places of the model. */
export function lensBytes(
  machine: Machine,
  { T, S, E, R, depths }: { T: number; S: number; E: number; R: number; depths: number },
): number {
  const vocabulary = VOCABULARY_TENSORS * depths * R * machine.config.vocabSize;
  return readBytes(machine, { T, S, E, R }) + OVERHEAD * FLOAT * vocabulary;
}

/** How many numbers a row of logits is; where there is no head, of the residual stream. */
function logitWidth(config: ModelConfig): number {
  return hasHead(familyOf(config), config) ? config.vocabSize : config.nEmbd;
}

/** What the forward pass keeps to the end of a run, as it may be fetched or differentiated. */
function forwardNumbers(config: ModelConfig, T: number, S: number, E: number): number {
  const family = familyOf(config);
  const { nLayer, nHead } = config;
  const source = family.sourceNumbers?.(config, { T, E }) ?? 0;
  return source + nLayer * (nHead * T * S + family.keptNumbers(config) * T + 4 * family.cacheWidth(config) * S);
}

/**
 * Keys and values of S tokens: in buffers that have grown to twice the size, and as the feeds of a run; in a worker once
 * more, in buffers with room to grow.
 */
export function cacheBytes({ config, worker = false }: Machine, S: number): number {
  const width = familyOf(config).cacheWidth(config);
  return FLOAT * (worker ? 3 + KEPT_GROWTH : 3) * 2 * config.nLayer * S * width;
}

/** What a call takes, from its parts. */
export function costOf(runs: number, runBytes: number, resultBytes: number): Cost {
  return { runs, runBytes: Math.ceil(runBytes), resultBytes, bytes: Math.ceil(runBytes) + resultBytes };
}

/**
 * The limit of a call.
 *
 * @throws {RangeError} When it is no number > 0.
 */
export function memoryLimit({ backend, config }: Machine, maxMemory?: number): number {
  if (maxMemory === undefined) return defaultMaxMemory(backend, config);
  if (typeof maxMemory === "number" && maxMemory > 0) return maxMemory;
  throw new RangeError(`Cannot work within maxMemory ${maxMemory} as it must be a number of bytes > 0`);
}

/**
 * Refuses a call that takes more than it may, before it begins.
 *
 * @throws {RangeError} With the numbers, and `advice`.
 */
export function expectWithin(what: string, cost: Cost, maxMemory: number, advice: string): void {
  if (cost.bytes <= maxMemory) return;
  const shown = (bytes: number) =>
    formatBytes(maxMemory) === formatBytes(cost.bytes) ? `${bytes} bytes` : formatBytes(bytes);
  const parts = `${shown(cost.runBytes)} for a run and ${shown(cost.resultBytes)} for the result`;
  throw new RangeError(
    `Cannot ${what} within ${shown(maxMemory)} as it takes about ${shown(cost.bytes)}, ${parts}; ` +
      `raise maxMemory or ${advice}`,
  );
}

/** The size of all weights in memory, as float32. */
export function weightBytes(config: ModelConfig): number {
  return familyOf(config).weights(config).values().reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1),
    0,
  );
}

/** What a second program over the same weights takes for them: nothing on native, where both map the same files. */
export function secondProgramBytes({ backend, config }: Pick<Machine, "backend" | "config">): number {
  return backend === "native" ? 0 : weightBytes(config);
}

/** The most bytes that a call may take by default: on wasm, what 4 GiB leave beside the weights. */
export function defaultMaxMemory(backend: Backend, config: ModelConfig): number {
  return backend === "wasm" ? 0.9 * (4 * GIB - weightBytes(config)) : 4 * GIB;
}

/** What one decode step of a small context takes beside the weights. */
const LEAST_ROOM = GIB / 8;

/**
 * How much wasm takes of what the weights take once ONNX Runtime has stored them a second time: 1352 MiB for the
 * 475 MiB of gpt2, 3887 for the 1354 of gpt2-medium.
 */
const PREPACKED = 2.9;

/** How a model is loaded, as far as it matters for its size. */
export interface RoomOptions {
  /** Where it is to run. */
  readonly backend?: "auto" | Backend;
  /** Whether weights are stored twice. */
  readonly prepack?: boolean | undefined;
}

/**
 * Refuses a model whose weights cannot be held. On wasm and webgpu weights in half precision are widened as they are
 * read, so they take no more than others; native maps them and is refused nothing.
 *
 * @throws {RangeError} When the model can only run on wasm and does not fit into the 4 GiB that wasm can address; on
 * webgpu the library, which is wasm too, reads the weights of the GPU.
 */
export function expectRoom(id: string, config: ModelConfig, options: RoomOptions): void {
  const { backend = "auto", prepack = false } = options;
  if (backend === "native") return;
  const weights = weightBytes(config);
  const exceeds = (factor: number) => factor * weights + LEAST_ROOM > 4 * GIB;
  if (!exceeds(prepack ? PREPACKED : 1)) return;
  const mayBeNative = !inPage && Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (backend === "auto" && mayBeNative) return;
  const twice = prepack ? `, stored twice ${formatBytes(PREPACKED * weights)},` : "";
  const size = `its weights take ${formatBytes(weights)}${twice} and wasm can address 4.0 GiB`;
  const plain = prepack && !exceeds(1) ? ["leave out prepack"] : [];
  const ways = [...plain, ...nativeWay(mayBeNative), "take a smaller model"];
  const place = backend === "webgpu" ? backend : "wasm";
  throw new RangeError(`Cannot load "${id}" on ${place} as ${size}; ${ways.join(", or ")}`);
}

/**
 * Refuses one more program over the weights of a model where its copies cannot be held: native maps them, and holds them
 * once.
 *
 * @throws {RangeError} When `programs` copies do not fit into the 4 GiB that wasm can address.
 */
export function expectRoomForPrograms(
  id: string,
  config: ModelConfig,
  { backend, prepack = false }: RoomOptions,
  programs: number,
): void {
  if (backend === "native") return;
  const weights = (prepack ? PREPACKED : 1) * weightBytes(config) * programs;
  if (weights + LEAST_ROOM <= 4 * GIB) return;
  const size = `${programs} programs hold its weights ${programs} times, ${formatBytes(weights)} on ${backend}`;
  throw new RangeError(
    `Cannot change or patch "${id}" as ${size}, and wasm can address 4.0 GiB; dispose what with() made, or use backend "native"`,
  );
}

function nativeWay(permitted: boolean): string[] {
  if (inPage) return [];
  return [permitted ? 'pass backend: "native"' : 'run Deno with --allow-ffi and backend "native" or "auto"'];
}
