/**
 * The parts of a model in words and colours.
 *
 * @module
 */
import type { ModelPart } from "../../src/models/weight_list.ts";
import { type Html, markup } from "../kit/html.ts";
import { wholeText } from "../kit/quantities.ts";
import { PART_FILLS } from "./chart.ts";

/** The parts, in the order in which they are told. */
export const PARTS: readonly ModelPart[] = ["embedding", "attention", "mlp", "norm", "unembedding"];

/** How each is called. */
export const PART_NAMES: Readonly<Record<ModelPart, string>> = {
  embedding: "embeddings",
  attention: "attention",
  mlp: "MLPs",
  norm: "norms",
  unembedding: "unembedding",
};

/** A share of all parameters. */
export function percent(share: number): string {
  return share > 0 && share < 0.0001 ? "<0.01%" : `${(100 * share).toFixed(share < 0.0995 ? 2 : 1)}%`;
}

/** How much memory parameters take, at 4 bytes each. */
export function megabytes(parameters: number): string {
  const size = parameters * 4 / 1e6;
  return size < 10 ? size.toFixed(1) : wholeText(Math.round(size));
}

/** A small square in the colour of a part. */
export function swatch(part: ModelPart): Html {
  return markup`<span style="display:inline-block;width:10px;height:10px;margin:0 6px 0 0;border:1px solid #888;background-color:${
    PART_FILLS[part]
  }"></span>`;
}
