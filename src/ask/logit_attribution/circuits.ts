/**
 * What single parts of a model do by their weights alone, whatever the text.
 *
 * @module
 */
import { dot, sumOf } from "../../base/numbers.ts";
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import { shown } from "../../base/words.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import { costOf, FLOAT, type Machine, memoryLimit } from "../../model/memory.ts";
import type { ModelRunner } from "../../model/runner.ts";
import { checkedTopK, PREDICTION } from "../lens/reading.ts";
import type { AskedModel, Plan, Question, Watch } from "../question.ts";
import type { HeadCircuit, NeuronWrites } from "./circuit_types.ts";
import { matrixOf, mostChanged, through, VOCABULARY_ROWS, vocabularyOf } from "./matrices.ts";
import { largestMatrix, writersOf } from "./writers.ts";

/** Which neuron. */
export interface NeuronPlace {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** The 0-based index of the neuron in its MLP. */
  readonly neuron: number;
}

/** Which head. */
export interface HeadPlace {
  /** The 0-based index of the layer. */
  readonly layer: number;
  /** The 0-based index of the head; of queries, where several share keys and values. */
  readonly head: number;
}

/** Options of {@linkcode LanguageModel.neuronWrites}. */
export interface NeuronWritesOptions extends MemoryOptions {
  /**
   * How many tokens are listed at either end.
   *
   * @default {10}
   */
  readonly topK?: number;
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two parts. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode LanguageModel.headCircuit}. */
export interface HeadCircuitOptions extends NeuronWritesOptions {
  /** The token that is looked at, by text or id; of a text of several tokens the first. */
  readonly from: string | number;
  /** The token that looks, and whose logit is written, alike. */
  readonly to: string | number;
}

interface WritesPlan extends Plan, NeuronPlace {
  readonly topK: number;
}

interface CircuitPlan extends Plan, HeadPlace {
  readonly from: number;
  readonly to: number;
  readonly topK: number;
}

const NEURON_TASK = "read what a neuron writes";
const HEAD_TASK = "read the circuits of a head";

/** The question that {@linkcode LanguageModel.neuronWrites} asks. */
export const NEURON_WRITES: Question<NeuronPlace, NeuronWritesOptions, WritesPlan, NeuronWrites> = {
  label: "NeuronWrites",
  options: { task: NEURON_TASK, kinds: { topK: "a number", ...READING } } satisfies OptionTable<NeuronWritesOptions>,
  needs: "next token",
  plan({ runner: machine }, place, options) {
    const { layer, neuron } = checkedPlace(machine, place, { name: "neuron", count: machine.config.nInner });
    return { layer, neuron, ...planReading(machine, NEURON_TASK, options) };
  },
  run: readNeuron,
};

/** The question that {@linkcode LanguageModel.headCircuit} asks. */
export const HEAD_CIRCUIT: Question<HeadPlace, HeadCircuitOptions, CircuitPlan, HeadCircuit> = {
  label: "HeadCircuit",
  options: {
    task: HEAD_TASK,
    kinds: { from: "a text or a number", to: "a text or a number", topK: "a number", ...READING },
    required: ["to", "from"],
  } satisfies OptionTable<HeadCircuitOptions>,
  needs: "next token",
  plan({ runner: machine, reader }, place, options) {
    const { layer, head } = checkedPlace(machine, place, { name: "head", count: machine.config.nHead });
    const [from, to] = [options.from, options.to].map((word) => reader.word(word).tokenIds[0]!) as [number, number];
    return { layer, head, from, to, ...planReading(machine, HEAD_TASK, options) };
  },
  run: readHead,
};

/** Matrices are read one after another, and the unembedding in parts; nothing is run. */
function planReading(
  machine: Machine,
  task: string,
  { topK: asked, maxMemory }: NeuronWritesOptions,
): Plan & { readonly topK: number } {
  const { vocabSize, nEmbd } = machine.config;
  const largest = largestMatrix(machine.config, writersOf(task, machine));
  const topK = checkedTopK(asked, 10, vocabSize);
  const held = Math.max(largest, Math.min(vocabSize, VOCABULARY_ROWS) * nEmbd) + 2 * vocabSize;
  const cost = costOf(0, FLOAT * held, 2 * topK * PREDICTION);
  return { topK, task, cost, maxMemory: memoryLimit(machine, maxMemory), advice: "list fewer tokens" };
}

/** @throws {TypeError | RangeError} When there is no such place. */
function checkedPlace<Place extends NeuronPlace | HeadPlace>(
  { config }: Machine,
  place: Place,
  { name, count }: { readonly name: "neuron" | "head"; readonly count: number },
): Place {
  if (typeof place !== "object" || place === null) {
    throw new TypeError(`Cannot find the ${name} ${shown(place)}; pass its place, such as { layer: 0, ${name}: 0 }`);
  }
  const found: Readonly<Record<string, unknown>> = { ...place };
  for (const [part, size] of [["layer", config.nLayer], [name, count]] as const) {
    const index = found[part];
    if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < size) continue;
    const where = part === "layer" ? "the model" : `layer ${shown(found.layer)}`;
    throw new RangeError(`Cannot read ${part} ${shown(index)} as ${where} has the ${part}s 0 to ${size - 1}`);
  }
  return place;
}

async function readNeuron(
  { runner, reader }: AskedModel<ModelRunner>,
  { layer, neuron, topK }: WritesPlan,
  watch: Watch,
): Promise<NeuronWrites> {
  const { mlp, norm: { name, kind } } = writersOf(NEURON_TASK, runner);
  const { nEmbd: C } = runner.config;
  const matrix = await matrixOf(runner, mlp(layer));
  const written = through(matrix, [1], { start: neuron, count: 1 }, { start: 0, count: C });
  const mean = kind === "layerNorm" ? sumOf(written) / C : 0;
  const { data: gamma } = await runner.weights.read(`${name}.weight`);
  const normed = written.map((value, c) => (value - mean) * gamma[c]!);
  const changes = await vocabularyOf(runner, normed, reporter(runner, watch));
  return { layer, neuron, ...mostChanged(reader, changes, topK) };
}

async function readHead(
  { runner, reader }: AskedModel<ModelRunner>,
  { layer, head, from, to, topK }: CircuitPlan,
  watch: Watch,
): Promise<HeadCircuit> {
  const { heads, attention } = writersOf(HEAD_TASK, runner);
  const { nEmbd: C, nHead } = runner.config;
  const whole = { start: 0, count: C };
  const out = await matrixOf(runner, attention(layer));
  const D = out.from / nHead;
  const columns = heads(layer);
  const inHead = async (part: keyof typeof columns, tokenId: number) => {
    const x = await runner.weights.readRows(runner.family.names.embedding, tokenId);
    const { layer: name, start } = columns[part];
    return through(await matrixOf(runner, name), x, whole, { start: start(head), count: D });
  };
  const qk = dot(await inHead("query", to), await inHead("key", from));
  const written = through(out, await inHead("value", from), { start: head * D, count: D }, whole);
  const changes = await vocabularyOf(runner, written, reporter(runner, watch));
  const tokens = { from: reader.token(from), to: reader.token(to) };
  return { layer, head, ...tokens, qk, ov: changes[to]!, ...mostChanged(reader, changes, topK) };
}

function reporter({ config }: ModelRunner, { onProgress, signal }: Watch): (completed: number) => void {
  const total = config.vocabSize;
  return (completed) => {
    signal.throwIfAborted();
    onProgress?.({ task: "logitAttribution", completed, total, message: `Read ${completed} of ${total} tokens` });
  };
}
