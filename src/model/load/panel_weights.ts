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
import { areMade, type MadeWeightsOptions, type Making, openKept } from "./made_weights.ts";

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
): Promise<ReadonlyMap<string, TensorEntry> | undefined> {
  return await openKept(stored, FORM, new PanelMaking(config, stored, options.signal), options);
}

/** Whether `made` are the panels of `stored`; `heard` is told how many bytes were compared, and may throw. */
export async function arePanels(
  config: ModelConfig,
  stored: ReadonlyMap<string, TensorEntry>,
  made: ReadonlyMap<string, TensorEntry>,
  heard: (bytes: number) => void,
): Promise<boolean> {
  return await areMade(made, new PanelMaking(config, stored, undefined), heard);
}

/** Makes the bytes of the file, one matrix after another. */
class PanelMaking implements Making {
  readonly #config: ModelConfig;
  readonly #stored: ReadonlyMap<string, TensorEntry>;
  readonly #signal: AbortSignal | undefined;

  constructor(config: ModelConfig, stored: ReadonlyMap<string, TensorEntry>, signal: AbortSignal | undefined) {
    this.#config = config;
    this.#stored = stored;
    this.#signal = signal;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (const { name, transposed } of productWeights(this.#config)) {
      this.#signal?.throwIfAborted();
      const entry = this.#stored.get(name)!;
      const panels = toPanels(await readFloat32(entry), entry.shape as [number, number], transposed);
      yield new Uint8Array(panels.buffer);
    }
  }

  parts(): ReadonlyMap<string, TensorPart> {
    return new Map(
      productWeights(this.#config).map(({ name, transposed }): [string, TensorPart] => {
        const { shape } = this.#stored.get(name)!;
        const panels = panelShape((transposed ? shape.toReversed() : shape) as [number, number]);
        return [panelsName(name), {
          dtype: "F32",
          shape: panels,
          bytes: panels.reduce((size, count) => size * count, 4),
        }];
      }),
    );
  }
}
