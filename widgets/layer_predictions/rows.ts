/**
 * What each layer would predict, as rows: the best tokens, and where the followed one stands.
 *
 * @module
 */
import type { LayerPrediction, LayerPredictions } from "../../src/ask/lens/layer_predictions.ts";
import type { Prediction } from "../../src/ask/prediction.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { spelled, spelledPredictions } from "../kit/characters.ts";
import { isSequence, nameOf } from "../kit/expect.ts";
import { expectPosition } from "../kit/expect_shape.ts";
import { normWords } from "../kit/quantities.ts";
import { placeName, quoted } from "../kit/token_text.ts";

/** The most cells of a page. */
const MOST_CELLS = 1000;

/** One layer, or one half of one. */
export interface LayerRow {
  /** `layer 3`, or `layer 3 attention`. */
  readonly label: string;
  /** The best tokens that are shown. */
  readonly predictions: readonly Prediction[];
  /** The index of the followed token among all predictions, or -1. */
  readonly place: number;
  /** In nats. */
  readonly entropy: number;
  /** In nats. */
  readonly divergence: number;
}

/** What is drawn. */
export interface LayerTable {
  /** What was given. */
  readonly given: LayerPredictions;
  /** The first layer first. */
  readonly rows: readonly LayerRow[];
  /** How many predictions a row shows. */
  readonly columns: number;
  /** How many predictions the longest row has. */
  readonly topK: number;
  /** The token that is followed. */
  readonly followed: number;
  /** That token, when one of the predictions or the text has it. */
  readonly followedToken: Token | undefined;
}

function checkLayers(given: LayerPredictions, follow: number | undefined): void {
  const fields = (given ?? {}) as Partial<LayerPredictions>;
  if (!isSequence(fields.sequence) || !Array.isArray(fields.layers) || typeof fields.position !== "number") {
    throw new TypeError(
      `Cannot draw ${nameOf(given)} as the predictions of layers; pass what await model.layerPredictions() returned`,
    );
  }
  expectPosition("the predictions of layers", given.sequence, given.position, true);
  const empty = given.layers.findIndex(({ predictions }) => !Array.isArray(predictions) || predictions.length === 0);
  if (given.layers.length === 0 || empty >= 0) {
    throw new RangeError(
      `Cannot draw the predictions of layers as ${
        given.layers.length === 0 ? "there is no layer" : `layer entry ${empty} has none`
      }`,
    );
  }
  if (follow !== undefined && !(Number.isInteger(follow) && follow >= 0)) {
    throw new RangeError(`Cannot follow token id ${follow}; pass a token id, as tokenIds of a sequence holds them`);
  }
}

function labelOf({ layer, after }: LayerPrediction, halves: boolean): string {
  return halves ? `layer ${layer} ${after}` : `layer ${layer}`;
}

/**
 * The rows of a view.
 *
 * @param given What was computed.
 * @param follow The id of the token to follow; by default the one of the text, or the model's own choice of the next.
 * @returns The rows, checked.
 */
export function layerTable(given: LayerPredictions, follow: number | undefined): LayerTable {
  checkLayers(given, follow);
  const sequence = spelled(given.sequence);
  const { position } = given;
  const layers = given.layers.map((layer) => ({
    ...layer,
    predictions: spelledPredictions(sequence, position, layer.predictions),
  }));
  const topK = layers.reduce((most, { predictions }) => Math.max(most, predictions.length), 0);
  const columns = Math.max(1, Math.min(topK, Math.floor(MOST_CELLS / layers.length)));
  const there = sequence.tokens[position];
  const followed = follow ?? sequence.tokenIds[position] ?? layers.at(-1)?.predictions[0]?.tokenId ?? 0;
  const all = layers.flatMap(({ predictions }) => predictions);
  const halves = layers.some(({ after }) => after === "attention");
  return {
    given: { ...given, sequence },
    topK,
    columns,
    followed,
    followedToken: all.find(({ tokenId }) => tokenId === followed)?.token ??
      (there?.id === followed ? there : undefined),
    rows: layers.map((layer) => ({
      label: labelOf(layer, halves),
      predictions: layer.predictions.slice(0, columns),
      place: layer.predictions.findIndex(({ tokenId }) => tokenId === followed),
      entropy: layer.entropy,
      divergence: layer.divergence,
    })),
  };
}

/** What was computed, in one line. */
export function layerDefinition({ given }: LayerTable): string {
  const { sequence, position, norm } = given;
  const there = sequence.tokens[position];
  return `What each layer would predict as ${placeName(sequence, position)}; ` +
    `${normWords(norm)}.${there ? ` The text has ${quoted(there)} there.` : ""}`;
}

/** Where the followed token stands through the layers, in one sentence. */
export function followedWords({ rows, topK, followed, followedToken }: LayerTable): string {
  const name = followedToken === undefined ? `Token id ${followed}` : quoted(followedToken);
  const from = (test: (place: number) => boolean) => rows.findLastIndex(({ place }) => !test(place)) + 1;
  const listed = from((place) => place >= 0);
  const best = from((place) => place === 0);
  const since = (row: number) => row === 0 ? "in every layer" : `from ${rows[row]?.label} on`;
  if (listed >= rows.length) {
    const last = rows.findLast(({ place }) => place >= 0);
    if (last === undefined) return `${name} is never among the ${topK} best.`;
    return `${name} is not among the ${topK} best in the end; the last that lists it is ${last.label}.`;
  }
  const end = best < rows.length ? `and the best ${since(best)}` : "but not the best in the end";
  if (listed === best) return `${name} is the best ${since(best)}.`;
  return `${name} is among the ${topK} best ${since(listed)}, ${end}.`;
}
