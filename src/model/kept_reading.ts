import { free } from "../base/numbers.ts";
import type { Feed } from "../onnx/feed.ts";
import type { KeptValue } from "../onnx/mod.ts";

/** What was computed of a text when it was read, for what goes back from it; or nothing, before it is read. */
export class KeptReading {
  readonly #values: readonly KeptValue[];
  readonly #numbers: readonly Float32Array[];

  /** Takes over the numbers of some values: rows of each token, `[T, ...]`, or patterns, `[heads..., T, T]`. */
  constructor(values: readonly KeptValue[], numbers: readonly Float32Array[] = values.map(() => new Float32Array(0))) {
    this.#values = values;
    this.#numbers = numbers;
  }

  /** The feeds of a run over its first T tokens; patterns are fed whole. */
  feeds(T: number): Feed[] {
    return this.#values.map(({ fed }, i) => {
      const numbers = this.#numbers[i]!;
      const inner = fed.shape.filter((size) => typeof size === "number");
      const width = inner.reduce((product, size) => product * size, 1);
      if (fed.shape[0] === "T") return { value: fed, data: numbers.subarray(0, T * width), dims: [T, ...inner] };
      const all = Math.sqrt(numbers.length / width);
      return { value: fed, data: numbers, dims: [...inner, all, all] };
    });
  }

  /** Gives the memory back. */
  free(): void {
    free(...this.#numbers);
  }
}
