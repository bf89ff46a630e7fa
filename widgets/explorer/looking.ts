/**
 * Looks at a token that a text has, or may have next, with the questions of a model and the views of `widgets`.
 *
 * @module
 */
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import type { Progress } from "../../src/base/progress.ts";
import type { LanguageModel } from "../../src/language_model.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { attentionView } from "../attention/view.ts";
import type { View } from "../kit/view.ts";
import { layerPredictionsView } from "../layer_predictions/view.ts";
import { logitAttributionView } from "../logit_attribution/view.ts";
import { modelView } from "../model/view.ts";
import { rankingsWatchView } from "../rankings/watch_view.ts";
import { saliencyView } from "../saliency/view.ts";
import { surpriseView } from "../surprise/view.ts";
import type { Asked, Seen, Written } from "./questions.ts";

/** How a question is answered: heard and stopped. */
export interface Watching {
  /** Stops the answer. */
  readonly signal: AbortSignal;
  /** Hears how far it is. */
  readonly onProgress?: (progress: Progress) => void;
}

/** The text of a question, with what was appended. */
export function sequenceAt(model: LanguageModel, { text, then }: Written): Sequence {
  const typed = model.sequence(text);
  return then.length === 0 ? typed : model.sequence([...typed.tokenIds, ...then]);
}

/** What led to a token. */
export interface Explained {
  readonly saliency: Saliency;
  readonly target: Token;
  readonly contrast: Token | undefined;
}

/** Explains a token: that of the text, or one that might stand in its place; the text after it does not matter. */
export async function explain(model: LanguageModel, asked: Asked, watching: Watching): Promise<Explained> {
  const { position, contrast } = asked;
  const sequence = sequenceAt(model, asked);
  const before = model.sequence(sequence.tokenIds.slice(0, position));
  const next = asked.target ?? sequence.tokenIds[position] ?? await likeliest(model, before, watching);
  const options = contrast === null ? {} : { preset: "captum" as const, contrast };
  const saliency = await model.saliency(before, { ...options, next, ...watched(watching) });
  const [other] = contrast === null ? [] : model.tokenizer.tokens([contrast]);
  return { saliency, target: saliency.sequence.tokens[position]!, contrast: other };
}

async function likeliest(model: LanguageModel, before: Sequence, watching: Watching): Promise<number> {
  const { predictions } = await model.candidates(before, { topK: 1, ...watched(watching) });
  return predictions[0]!.tokenId;
}

/** What is seen of a token, the main view first. */
export async function lookAt(
  model: LanguageModel,
  asked: Asked & { readonly view: Seen },
  watching: Watching,
): Promise<readonly View[]> {
  return await LOOKS[asked.view](model, asked, watching);
}

/** What the views are called. */
export const TITLES: Readonly<Record<Seen, string>> = {
  why: "What led to it",
  lens: "Layer by layer",
  attention: "Attention",
  parts: "Which parts wrote it",
  surprise: "Surprise",
  model: "The model",
};

type Look = (model: LanguageModel, asked: Asked, watching: Watching) => Promise<readonly View[]>;

const LOOKS: Readonly<Record<Seen, Look>> = {
  why: async (model, asked, watching) => {
    const { saliency } = await explain(model, asked, watching);
    return [saliencyView(saliency, { style: "detailed" })];
  },
  lens: async (model, asked, watching) => {
    const { position, target, contrast } = asked;
    const sequence = sequenceAt(model, asked);
    const options = { position, ...watched(watching) };
    const layers = await model.layerPredictions(sequence, { ...options, topK: 8 });
    const view = layerPredictionsView(layers, target === null ? {} : { follow: target });
    if (contrast === null) return [view];
    const followed = target ?? sequence.tokenIds[position] ?? layers.layers.at(-1)!.predictions[0]!.tokenId;
    return [view, rankingsWatchView(await model.rankingsWatch(sequence, { ...options, watch: [followed, contrast] }))];
  },
  attention: async (model, asked, watching) => {
    // The last row is then the one that the chosen token was predicted from.
    const before = model.sequence(sequenceAt(model, asked).tokenIds.slice(0, asked.position));
    const trace = await model.trace(before, { capture: ["attention"], ...watched(watching) });
    return [attentionView(trace)];
  },
  parts: async (model, asked, watching) => {
    const { position, target, contrast } = asked;
    const words = { ...target !== null && { target }, ...contrast !== null && { contrast } };
    const options = { position, ...words, ...watched(watching) };
    return [logitAttributionView(await model.logitAttribution(sequenceAt(model, asked), options))];
  },
  surprise: async (model, asked, watching) => {
    const surprise = await model.surprise(sequenceAt(model, asked), watched(watching));
    const { position } = asked; // the next token has not surprised yet
    return [surpriseView(surprise, position < surprise.sequence.tokenIds.length ? { position } : {})];
  },
  model: (model) => Promise.resolve([modelView(model)]),
};

/** Progress goes to the page; a bar in the notebook would be a second one. */
function watched({ signal, onProgress }: Watching) {
  return { signal, progress: false, ...onProgress && { onProgress } };
}
