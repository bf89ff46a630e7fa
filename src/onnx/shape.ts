/** The size of one axis: a number, or a name for a size that is known at run time. */
export type Dim = number | string;

/** The sizes of a tensor's axes. */
export type Shape = readonly Dim[];

/** Writes a shape for an error message, as `[T,768]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

/** Whether two shapes are the same, name by name. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** The non-negative index of an axis that may count from the end. */
export function axisIndex(shape: Shape, axis: number): number {
  const index = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(index) || index < 0 || index >= shape.length) {
    throw new RangeError(`Cannot take axis ${axis} of ${formatShape(shape)}`);
  }
  return index;
}

/** The size of one axis, which may count from the end. */
export function dimAt(shape: Shape, axis: number): Dim {
  return shape[axisIndex(shape, axis)]!;
}

/** The shape with one axis set to another size. */
export function withDim(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.with(axisIndex(shape, axis), dim);
}

/** The common shape of two broadcast operands, or undefined when there is none. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let i = 0; i < rank; ++i) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    result.push(x === 1 ? y : x);
  }
  return result;
}

/** The product of the sizes, or undefined when one of them is a name. */
export function elementCount(shape: Shape): number | undefined {
  return shape.reduce<number | undefined>(
    (count, dim) => count === undefined || typeof dim === "string" ? undefined : count * dim,
    1,
  );
}
