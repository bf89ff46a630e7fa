import { deepEqual, equal, ok } from "@std/assert";
import { toPanels } from "../../src/checkpoint/panels.ts";
import { openBytes } from "../../src/checkpoint/byte_source.ts";
import { Graph, type GraphScope, inPanels, type Value } from "../../src/onnx/mod.ts";
import { Session } from "../../src/runtime/session.ts";
import { random } from "../checkpoint/random.ts";
import { counted } from "../support/counted.ts";
import { maxAbsDifference } from "../support/goldens.ts";

const [R, IN] = [3, 40];

/** Numbers from -0.5 to 0.5. */
function drawn(seed: number, length: number): Float32Array<ArrayBuffer> {
  const draw = random(seed);
  return Float32Array.from({ length }, () => draw() - 0.5);
}

interface Product {
  readonly columns: number;
  readonly transposed: boolean;
  readonly bias?: "columns" | "rows";
  /** Whether the panels are those of the other product. */
  readonly other?: boolean;
}

/** `x W + b` in the main graph and, of its double, in a branch. */
function graphOf({ columns, transposed, bias, other = false }: Product) {
  const matrix = drawn(1, IN * columns);
  const shape: [number, number] = transposed ? [columns, IN] : [IN, columns];
  const panels = toPanels(matrix, shape, transposed !== other);
  const bytes = new Uint8Array([...new Uint8Array(matrix.buffer), ...new Uint8Array(panels.buffer)]);
  const at = (offset: number, length: number) => ({ location: "w", offset, length });
  const g = new Graph();
  const x = g.input("x", "float32", ["R", IN]);
  const asked = g.input("asked", "bool", []);
  const width = other ? IN : columns;
  const value = g.external("w.panels", "float32", [
    Math.ceil(width / 16),
    panels.length / 16 / Math.ceil(width / 16),
    16,
  ], {
    ...at(4 * matrix.length, 4 * panels.length),
  });
  const w: Value = {
    ...g.external("w", "float32", shape, at(0, 4 * matrix.length)),
    panels: { value, transposed: transposed !== other },
  };
  const added = bias && {
    bias: bias === "rows" ? g.input("b", "float32", ["R", columns]) : g.floats([...drawn(2, columns)], [columns]),
  };
  const y = g.output(g.gemm(x, w, { transposed, ...added }));
  const [then, otherwise] = [g.branch(), g.branch()];
  then.output(then.gemm(then.add(x, x), w, { transposed, ...added }));
  otherwise.output(otherwise.gemm(x, w, { transposed }));
  const branched = g.output(g.if(asked, then, otherwise)[0]!);
  return { g, bytes, y, branched };
}

function operatorsOf({ nodes }: GraphScope): string[] {
  return nodes.flatMap(({ op, attributes }) => {
    return [op, ...Object.values(attributes).flatMap((one) => one.kind === "graph" ? operatorsOf(one.value) : [])];
  });
}

/** The results, by a session that computes with panels, or with none. */
async function run(product: Product, isPlain: boolean): Promise<readonly Float32Array[]> {
  const { g, bytes, y, branched } = graphOf(product);
  const graph = isPlain ? plain(g) : g;
  await using session = await Session.create(graph, new Map([["w", openBytes("w", bytes)]]), {
    backend: "native",
    threads: 1,
  });
  const feeds = [
    { value: g.inputs[0]!, data: drawn(3, R * IN), dims: [R, IN] },
    { value: g.inputs[1]!, data: Uint8Array.of(1), dims: [] },
    ...g.inputs.slice(2).map((value) => ({ value, data: drawn(4, R * product.columns), dims: [R, product.columns] })),
  ];
  return await session.run(feeds, [y, branched]);
}

/** The same graph, in which no matrix has panels. */
function plain(graph: GraphScope): GraphScope {
  for (const node of graph.nodes) {
    for (const one of Object.values(node.attributes)) if (one.kind === "graph") plain(one.value);
    Object.assign(node, { inputs: node.inputs.map(({ panels: _, ...input }) => input) });
  }
  return graph;
}

const PRODUCTS: readonly Product[] = counted(
  [
    { columns: 32, transposed: false },
    { columns: 17, transposed: false, bias: "columns" },
    { columns: 1, transposed: true },
    { columns: 50, transposed: true, bias: "rows" },
  ] as const,
  4,
);

for (const product of PRODUCTS) {
  const { columns, transposed, bias = "nothing" } = product;
  const what = `${columns} ${transposed ? "transposed " : ""}columns and ${bias} added`;
  Deno.test(`a product by panels equals that by the matrix: ${what}`, async () => {
    const operators = operatorsOf(inPanels(graphOf(product).g));
    equal(operators.filter((op) => op === "MatMul").length, 3);
    ok(!operators.includes("Gemm"));
    equal(operators.includes("Slice"), columns % 16 !== 0, "what fills the last panel is cut off");
    const [found, expected] = [await run(product, false), await run(product, true)];
    for (const i of [0, 1]) {
      equal(found[i]!.length, R * columns);
      ok(Math.max(...expected[i]!.map(Math.abs)) > 0.1);
      ok(maxAbsDifference(found[i]!, expected[i]!) <= 1e-6, `${i}`); // sums of 40 products of 0.5 at most
    }
  });
}

Deno.test("inPanels() leaves products by the other side of a matrix as they are, and a graph without panels itself", () => {
  const { g } = graphOf({ columns: 17, transposed: false, other: true });
  equal(inPanels(g), g);
  const { g: other } = graphOf({ columns: 17, transposed: false });
  const before = operatorsOf(other);
  ok(inPanels(other) !== other);
  deepEqual(operatorsOf(other), before, "what it is given stays as it was");
  equal(inPanels(plain(other)), other);
});
