import { free } from "../base/numbers.ts";
import type { Feed } from "../onnx/feed.ts";
import type { InHalves, KeptValue } from "../onnx/mod.ts";

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

/** The feeds of one half of a program, of those of the whole: of the second over T tokens where something is `kept`. */
export function halfFeeds(
  { graph, isFirst, kept: values }: InHalves,
  feeds: readonly Feed[],
  { T, kept }: { readonly T: number; readonly kept?: KeptReading },
): Feed[] {
  const names = new Set(graph.inputs.map(({ name }) => name));
  return [
    { value: isFirst, data: Uint8Array.of(Number(!kept)), dims: [1] },
    ...feeds.filter(({ value }) => names.has(value.name)),
    ...(kept ? kept.feeds(T) : new KeptReading(values).feeds(0)),
  ];
}
