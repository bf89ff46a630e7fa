/**
 * The matrices of a model in panels, in a file that is made once for each checkpoint and mapped into memory afterwards.
 *
 * @module
 */
import { panelShape, toPanels } from "../../checkpoint/panels.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import { readFloat32 } from "../../checkpoint/values.ts";
import type { TensorPart } from "../../checkpoint/write_safetensors.ts";
import type { ModelConfig } from "../../models/config.ts";
import { panelsName, productWeights } from "../../models/weights.ts";
import type { Form } from "./made_file.ts";
import { type MadeWeights, type MadeWeightsOptions, type Making, openKept } from "./made_weights.ts";

const FORM: Form = { name: "F32 in panels", version: 1 };

/**
 * The tensors of {@linkcode panelsName} for the weights `stored` of a model, from a file in `folder` that is made when there
 * is none; undefined where none can be made, as writing is not permitted or there is no room. The files of `stored` are
 * left open.
 *
 * @throws The signal's reason, when it is aborted.
 */
export async function openPanels(
  config: ModelConfig,
  stored: ReadonlyMap<string, TensorEntry>,
  options: MadeWeightsOptions,
): Promise<MadeWeights | undefined> {
  return await openKept(stored, FORM, makingOf(config, stored), options);
}

/** The file, one matrix after another. */
function makingOf(config: ModelConfig, stored: ReadonlyMap<string, TensorEntry>): Making {
  const products = productWeights(config);
  return {
    async *chunks() {
      for (const { name, transposed } of products) {
        const entry = stored.get(name)!;
        const panels = toPanels(await readFloat32(entry), entry.shape as [number, number], transposed);
        yield new Uint8Array(panels.buffer);
      }
    },
    parts: () =>
      new Map(products.map(({ name, transposed }): [string, TensorPart] => {
        const { shape } = stored.get(name)!;
        const panels = panelShape((transposed ? shape.toReversed() : shape) as [number, number]);
        const bytes = panels.reduce((size, count) => size * count, 4);
        return [panelsName(name), { dtype: "F32", shape: panels, bytes }];
      })),
  };
}
