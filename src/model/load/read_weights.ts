/**
 * The weights of a model, in the form that their backend runs best.
 *
 * @module
 */
import { inPage } from "../../base/platform.ts";
import type { ByteSource } from "../../checkpoint/byte_source.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { widened } from "../../checkpoint/widened.ts";
import { cacheFolder } from "../../hub/settings.ts";
import { type AnyConfig, familyOf } from "../../models/families.ts";
import { canMapTogether, selectWeights, settleTie } from "../../models/weights.ts";
import type { Backend } from "../../runtime/backend.ts";
import { availableBackend, type Session } from "../../runtime/session.ts";
import { expectFiniteWeights } from "../finite_weights.ts";
import { type OpenedFiles, openWeights } from "./files.ts";
import type { LoadOptions } from "./options.ts";
import type { MadeProof } from "./made_weights.ts";
import { openPanels } from "./panel_weights.ts";
import { openQuantized } from "./quantized_weights.ts";
import { type Instead, noticeOf, type Unkept } from "./unkept.ts";
import { openWidened } from "./widened_weights.ts";

/**
 * Weights up to this size are checked for NaN while they load; larger ones when a result is not finite. Native widens
 * half precision up to this size each time it starts; larger ones once, into a file.
 */
const SMALL_BYTES = 64 * 2 ** 20;

/** Weights as they go into the graph. */
export interface ReadWeights {
  /** The settings, in which the weights have their say: see `settleTie`. */
  readonly config: AnyConfig;
  /** By name. */
  readonly weights: ReadonlyMap<string, TensorEntry>;
  /** The same as the checkpoint has them. */
  readonly stored: ReadonlyMap<string, TensorEntry>;
  /** How to tell whether they are what the checkpoint says, where they are from other files. */
  readonly made: readonly MadeProof[];
}

/** What hears about the reading. */
export interface Listener {
  /** Hears what is being done. */
  readonly say: (message: string) => void;
  /** Hears what is not as it should be, for as long as the model is there. */
  readonly note: (notice: string) => void;
}

/** The weights as they go into the graph. */
export async function readWeights(
  opened: OpenedFiles,
  stated: AnyConfig,
  options: LoadOptions,
  listener: Listener,
): Promise<ReadWeights> {
  const { sources, entries } = await openWeights(opened);
  const config = await settleTie(stated, entries);
  if (stated.tieWordEmbeddings && !config.tieWordEmbeddings) {
    const { embedding, unembedding } = familyOf(config).names;
    listener.say(`${unembedding} differs from ${embedding}, so the two are not tied`);
  }
  const stored = selectWeights(config, entries);
  const storedBytes = sources.reduce((bytes, { size }) => bytes + size, 0);
  if (storedBytes <= SMALL_BYTES) await expectFiniteWeights(stored.values());
  const checkpoint = { config, stored, storedBytes };
  return {
    config,
    stored,
    ...await withPanels(checkpoint, await convertWeights(checkpoint, options, listener), options, listener),
  };
}

/** What a file of weights holds. */
interface Checkpoint {
  readonly config: AnyConfig;
  readonly stored: ReadonlyMap<string, TensorEntry>;
  readonly storedBytes: number;
}

/** Weights in another form, and how to tell whether they are sound. */
type Converted = Pick<ReadWeights, "weights" | "made">;

/** The weights in the form that their backend runs best. */
async function convertWeights(
  { config, stored, storedBytes }: Checkpoint,
  { backend: wanted = "auto", worker, dtype, cacheDir, signal }: LoadOptions,
  { say, note }: Listener,
): Promise<Converted> {
  if (dtype === "q8") {
    await availableBackend("native", worker);
    const onMake = () => say("Making 8-bit weights, which later loads find");
    const folder = `${cacheFolder(cacheDir)}-q8`;
    const onUnkept = noting(note, (size) => `the 8-bit weights are held in memory, ${size}`);
    const { entries, made } = await openQuantized(config, stored, { folder, signal, onMake, onUnkept });
    return { weights: entries, made };
  }
  const plain = { weights: stored, made: [] };
  if (!stored.values().some(isConverted)) return plain;
  // Not every GPU computes in half precision, and ONNX Runtime does not widen bfloat16 there. wasm would hold both.
  if (!await isNative(wanted, worker)) return { weights: widened(stored), made: [] };
  if (storedBytes <= SMALL_BYTES) return plain;
  const onMake = () => say("Widening weights to float32, which later loads find");
  const onUnkept = noting(note, (size) => `weights are widened to float32 at each load, into memory, ${size}`);
  const wide = await openWidened(stored, { folder: `${cacheFolder(cacheDir)}-float32`, signal, onMake, onUnkept });
  return wide ? { weights: wide.entries, made: wide.made } : plain;
}

/** The same with the matrices in panels beside them, on native, where there are many or they are asked for. */
async function withPanels(
  { config, stored, storedBytes }: Checkpoint,
  converted: Converted,
  { backend = "auto", worker, dtype, prepack, cacheDir, signal }: LoadOptions,
  { say, note }: Listener,
): Promise<Converted> {
  const isWanted = prepack ?? storedBytes > SMALL_BYTES;
  if (!isWanted || dtype === "q8" || !await isNative(backend, worker)) return converted;
  const folder = `${cacheFolder(cacheDir)}-panels`;
  // Where not all can be mapped, all would be read into memory.
  if (!canMapTogether([folder, ...Array.from(converted.weights.values(), ({ source }) => source.path)])) {
    return converted;
  }
  const onMake = () => say("Storing matrices as products read them fastest, which later loads find");
  const onUnkept = noting(note, (size) => {
    return prepack ? `matrices are packed at each load, into memory, ${size}` : "products read matrices more slowly";
  });
  const panels = await openPanels(config, stored, { folder, signal, onMake, onUnkept });
  if (!panels) return converted;
  return {
    weights: new Map([...converted.weights, ...panels.entries]),
    made: [...converted.made, ...panels.made],
  };
}

/** Notes what is done where no file can be kept. */
function noting(note: Listener["note"], instead: Instead): (unkept: Unkept) => void {
  return (unkept) => note(noticeOf(unkept, instead));
}

/** Whether a session would run on native. A page is not asked, as it would start a worker to answer. */
export async function isNative(wanted: "auto" | Backend, worker?: boolean): Promise<boolean> {
  if (inPage || wanted === "wasm" || wanted === "webgpu") return false;
  return await availableBackend(wanted, worker) === "native";
}

/** Whether a tensor is stored in another precision than it is computed in. */
export function isConverted({ dtype }: TensorEntry): boolean {
  return dtype === "F64" || dtype === "F16" || dtype === "BF16";
}

/**
 * Whether ONNX Runtime has mapped, or a worker has read, other files than those that were checked, as both open them by
 * their paths. A file that was made may have been made by two processes at once, and either is as good.
 */
export async function findMoved(session: Session, sources: Iterable<ByteSource>): Promise<Error | undefined> {
  if (session.backend !== "native" && !session.worker) return undefined;
  const checks = await Promise.allSettled(Array.from(new Set(sources), (source) => source.expectInPlace?.()));
  return checks.find((check) => check.status === "rejected")?.reason;
}
