/**
 * What a corpus says about one neuron.
 *
 * @module
 */
import { stoppable } from "../../base/kernel.ts";
import { expectOptions, type OptionTable } from "../../base/options.ts";
import { shown } from "../../base/words.ts";
import type { LanguageModel } from "../../language_model.ts";
import { familyOf } from "../../models/families.ts";
import { BIN_NAMES } from "../asks/histograms.ts";
import { cutDocument, positionOf } from "../reading/windows.ts";
import type { Manifest } from "../types.ts";
import { excerptOf, type StoredDocument } from "./excerpts.ts";
import type { CorpusNeuron, NeuronExample } from "../../analysis/corpus_results.ts";

/** Options of {@linkcode Corpus.neuron}. */
export interface CorpusNeuronOptions {
  /**
   * How many documents are read.
   *
   * @default All that the job kept.
   */
  readonly examples?: number;
  /**
   * How many tokens are read before and after the one that excites it most.
   *
   * @default {20}
   */
  readonly context?: number;
  /**
   * The model that the corpus was asked. With it, the activation of each token is computed, and what the neuron writes to
   * the vocabulary.
   */
  readonly model?: LanguageModel;
  /** Stops between two documents. */
  readonly signal?: AbortSignal;
}

/** The options, for the check of their names and types. */
export const CORPUS_NEURON: OptionTable<CorpusNeuronOptions> = {
  task: "read a neuron of a corpus",
  kinds: { examples: "a number", context: "a number", model: "an object", signal: "the signal of an AbortController" },
};

/** A row of the table `neurons` of all shards. */
export interface NeuronRow {
  readonly tokens: number;
  readonly sum: number;
  readonly squares: number;
  readonly positive: number;
  readonly histogram: readonly number[];
}

/** A row of the table `neuron_examples` of all shards. */
export interface ExampleRow {
  readonly value: number;
  readonly document: number;
  readonly position: number;
}

/** Where a neuron is, and what was read of it. */
export interface NeuronParts {
  readonly layer: number;
  readonly neuron: number;
  readonly row: NeuronRow;
  readonly examples: readonly (ExampleRow & { readonly stored: StoredDocument })[];
}

/** Checks the options. */
export async function neuronOptions(
  options: unknown,
  manifest: Manifest,
): Promise<CorpusNeuronOptions & { readonly context: number }> {
  const given = expectOptions<CorpusNeuronOptions>(options, CORPUS_NEURON);
  const { examples, context = 20, model } = given;
  for (const [name, value] of [["examples", examples], ["context", context]] as const) {
    if (value === undefined || Number.isSafeInteger(value) && value >= 0) continue;
    throw new RangeError(
      `Cannot read a neuron of a corpus with ${name} ${shown(value)}; pass a whole number from 0 on`,
    );
  }
  if (model !== undefined) await expectModel(model, manifest);
  return { ...given, context, signal: stoppable(given.signal) };
}

/** Another model would be asked about another neuron. */
async function expectModel(model: LanguageModel, { model: asked }: Manifest): Promise<void> {
  const { files, changes } = await model.identity({ progress: false });
  if (JSON.stringify([files, changes]) === JSON.stringify([asked.files, asked.changes])) return;
  throw new TypeError(
    `Cannot read a corpus of ${asked.id} with ${model.id} as it is another model; pass the one that the corpus was asked`,
  );
}

/** Puts together what was read of a neuron, and computes what only a model can say. */
export async function neuronOf(
  parts: NeuronParts,
  manifest: Manifest,
  { context, model, signal }: CorpusNeuronOptions & { readonly context: number },
): Promise<CorpusNeuron> {
  const { layer, neuron, row: { tokens, sum, squares, positive, histogram } } = parts;
  const mean = sum / tokens;
  const examples: NeuronExample[] = [];
  for (const { stored, value, position } of parts.examples) {
    signal?.throwIfAborted();
    const start = Math.max(0, position - context);
    const excerpt = excerptOf(stored, start, position + context + 1, model?.tokenizer);
    const activations = model && await activationsOf(model, manifest, stored, { ...parts, position });
    const own = activations?.slice(start, start + excerpt.tokens.length);
    examples.push({ ...excerpt, value, position, ...own && { activations: own } });
  }
  const canWrite = model !== undefined && familyOf(model.config).mask !== "full";
  return {
    ...{ layer, neuron, tokens, mean },
    deviation: Math.sqrt(Math.max(0, squares / tokens - mean ** 2)),
    positive,
    histogram: BIN_NAMES.map((range, i) => ({ range, count: histogram[i]! })),
    examples,
    ...canWrite && { writes: await model.neuronWrites({ layer, neuron }) },
  };
}

/**
 * The activations of a neuron in a document, token by token, read in the windows that the job read it in; NaN in windows
 * that the place is not in.
 */
async function activationsOf(
  model: LanguageModel,
  { settings }: Manifest,
  { document, id, text }: StoredDocument,
  { layer, neuron, position }: NeuronParts & { readonly position: number },
): Promise<Float32Array> {
  const { config, tokenizer } = model;
  const { tokenIds, windows } = cutDocument({ index: document, id, text }, { tokenizer, config, settings });
  const found = new Float32Array(tokenIds.length).fill(NaN);
  const window = windows.findLast((one) => positionOf(one, one.from) <= position)!;
  const { activations } = await model.trace(model.sequence(window.tokenIds), {
    capture: ["activations"],
    layers: [layer],
    progress: false,
  });
  const [, T, W] = activations!.shape as [number, number, number];
  for (let t = 0; t < T; ++t) found[positionOf(window, t)] = activations!.data[t * W + neuron]!;
  return found;
}
