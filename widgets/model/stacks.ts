/**
 * Models of several sizes as stacks of boxes: where and how large they are, in pixels.
 *
 * @module
 */
import type { ModelSummary } from "../../src/models/summary.ts";
import type { ModelPart } from "../../src/models/weight_list.ts";
import { wholeText } from "../kit/quantities.ts";
import { PART_NAMES, PARTS } from "./parts.ts";

/** The height of a box, and the room below it. */
export const LAYER = { height: 7, gap: 2 } as const;

/** The most boxes of a stack, the widest box, and the narrowest. */
const MOST_BOXES = 96;
const WIDEST = 144;
const NARROWEST = 12;

/** Consecutive layers that one box stands for. */
export interface LayerBox {
  readonly from: number;
  /** The last of them. */
  readonly to: number;
}

/** A part and its share. */
export interface PartShare {
  readonly part: ModelPart;
  readonly share: number;
}

/** The boxes of a stack, the first layer first: one for each, or for as many as it takes. */
export function boxesOf({ config: { nLayer } }: ModelSummary): LayerBox[] {
  const together = Math.ceil(nLayer / MOST_BOXES);
  return Array.from({ length: Math.ceil(nLayer / together) }, (_, i) => ({
    from: i * together,
    to: Math.min(nLayer, (i + 1) * together) - 1,
  }));
}

/** How wide the boxes of a model are beside those of the widest one. */
export function widthOf({ config: { nEmbd } }: ModelSummary, widest: number): number {
  return Math.max(NARROWEST, Math.round(WIDEST * nEmbd / widest));
}

/** The parameters of the first layer by part. */
function layerParts({ weights }: ModelSummary): { readonly part: ModelPart; readonly parameters: number }[] {
  const own = weights.filter(({ block }) => block === 0);
  return PARTS.map((part) => ({
    part,
    parameters: own.reduce((sum, weight) => weight.part === part ? sum + weight.parameters : sum, 0),
  })).filter(({ parameters }) => parameters > 0);
}

/** What a layer is made of. */
export function partsOf(size: ModelSummary): PartShare[] {
  const parts = layerParts(size);
  const all = parts.reduce((sum, { parameters }) => sum + parameters, 0);
  return parts.map(({ part, parameters }) => ({ part, share: parameters / all }));
}

/** `layer 3: 7,087,872 parameters; attention 2,362,368, MLPs 4,722,432, norms 3,072`. */
export function boxWords(size: ModelSummary, { from, to }: LayerBox): string {
  const parts = layerParts(size).map(({ part, parameters }) => `${PART_NAMES[part]} ${wholeText(parameters)}`);
  const layers = from === to ? `layer ${from}` : `layers ${from} to ${to}, each`;
  return `${layers}: ${wholeText(size.parametersPerBlock)} parameters; ${parts.join(", ")}`;
}

/** All parameters of a model by part, as shares of those of the largest model. */
export function barOf({ parametersOf }: ModelSummary, most: number): PartShare[] {
  return PARTS.filter((part) => parametersOf[part] > 0).map((part) => ({ part, share: parametersOf[part] / most }));
}
