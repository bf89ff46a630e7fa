import type { Machine } from "../../model/memory.ts";
import type { ModelConfig } from "../../models/config.ts";
import { familyOf } from "../../models/families.ts";
import type { Writers } from "../../models/family.ts";

/**
 * What adds to the residual stream of a model.
 *
 * @throws {TypeError} When its blocks normalise what was added, by the name of the family.
 * @throws {Error} When the weights are in 8 bits.
 */
export function writersOf(task: string, machine: Machine): Writers {
  const family = familyOf(machine.config);
  const writers = family.writers?.(machine.config);
  if (!writers) {
    const why = "its blocks normalise the residual stream, which is then no sum of what their parts write";
    throw new TypeError(`Cannot ${task} with ${family.name} as ${why}; load a model such as GPT-2 or Llama`);
  }
  if (machine.quantized) {
    throw new Error(`Cannot ${task} with 8-bit weights as the weights themselves are read; load without dtype "q8"`);
  }
  return writers;
}

/** How many numbers the largest matrix of a block has. */
export function largestMatrix(config: ModelConfig, { attention, mlp, heads }: Writers): number {
  const specs = familyOf(config).weights(config);
  const names = [attention(0), mlp(0), ...Object.values(heads(0)).map(({ layer }) => layer)];
  return Math.max(...names.map((name) => specs.get(`${name}.weight`)!.shape.reduce((a, b) => a * b, 1)));
}
