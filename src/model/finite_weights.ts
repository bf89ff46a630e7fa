import type { TensorEntry } from "../checkpoint/safetensors.ts";
import { firstNonFinite } from "../checkpoint/values.ts";

/**
 * Checks the weights one by one.
 *
 * @throws {RangeError} When one holds a NaN or an infinity.
 */
export async function expectFiniteWeights(weights: Iterable<TensorEntry>): Promise<void> {
  for (const entry of weights) {
    const index = await firstNonFinite(entry);
    if (index !== undefined) {
      throw new RangeError(`Cannot use "${entry.name}" of ${entry.source.name} as element ${index} is NaN or infinite`);
    }
  }
}
