/**
 * What an attention view calls what it shows: heads, or what has mixed after each layer.
 *
 * @module
 */
import type { AttentionShown } from "./attention_data.ts";
import { counted } from "./numbers.ts";

/** One picture: a head, or the rollout after a layer. */
export function headWords({ rollout, blocks }: AttentionShown, layer: number, head: number): string {
  return rollout ? `After layer ${blocks[layer]}` : `Layer ${blocks[layer]}, head ${head}`;
}

/** What is shown, in one line. */
export function introWords({ rollout, layers, heads, length }: AttentionShown): string {
  const tokens = counted(length, "token");
  return rollout
    ? `Attention rollout over ${tokens}: how much of each earlier token has reached each token after ${
      counted(layers, "layer")
    }, when the heads of a layer are averaged and layers are chained.`
    : `Attention of ${layers} × ${heads} heads (layers × heads) over ${tokens}: how much each token takes from each earlier one.`;
}
