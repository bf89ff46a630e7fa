import { deepStrictEqual as deepEqual, ok } from "@std/assert";
import { FOLDING, IDLE_OPTIMIZERS } from "../../../src/runtime/backend.ts";
import { messagesOf, readMessage, stringsOf, type WireField } from "../../support/protobuf_reader.ts";

const SCRIPT = new URL("../../support/prepare_graph.ts", import.meta.url).pathname;

/** What becomes of the graph of a golden checkpoint, and which optimizers looked at it. */
async function prepare(model: string, leftOut: readonly string[]) {
  const path = await Deno.makeTempFile({ suffix: ".onnx" });
  try {
    const args = ["run", "-A", "--no-check", SCRIPT, model, path, leftOut.join(";")];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "null" }).output();
    const log = new TextDecoder().decode(stderr);
    ok(success, log);
    const [graph] = messagesOf(readMessage(await Deno.readFile(path)), 7);
    return {
      nodes: nodesOf(graph!).sort(),
      seen: new Set(Array.from(log.matchAll(/GraphTransformer (\w+) modified/g), ([, name]) => name!)),
    };
  } finally {
    await Deno.remove(path);
  }
}

/** Each node of a graph and its branches: the operator, what it reads and what it gives. */
function nodesOf(graph: readonly WireField[]): string[] {
  return messagesOf(graph, 1).flatMap((node) => {
    const branches = messagesOf(node, 5).flatMap((attribute) => messagesOf(attribute, 6));
    return [[4, 1, 2].map((field) => stringsOf(node, field)).join(" "), ...branches.flatMap(nodesOf)];
  });
}

/** Finds that the lens makes its vector of ones three times; that costs less than looking for it. */
const COMMON = "CommonSubexpressionElimination";

// The last is in half precision, which is widened when the session is made.
for (const [model, always] of [["twelve_layers", [FOLDING]], ["gelu", [FOLDING]], ["f16", []]] as const) {
  Deno.test(`IDLE_OPTIMIZERS are optimizers of ONNX Runtime, and leave the graph of ${model} as it is`, async () => {
    const all = await prepare(model, always);
    deepEqual(IDLE_OPTIMIZERS.filter((name) => !all.seen.has(name)), []);
    const most = await prepare(model, [...always, COMMON]);
    const some = await prepare(model, [...always, ...IDLE_OPTIMIZERS]);
    deepEqual(IDLE_OPTIMIZERS.filter((name) => some.seen.has(name)), []);
    ok(some.nodes.length > 100);
    deepEqual(some.nodes.filter((node) => !most.nodes.includes(node)), []);
    deepEqual(most.nodes.filter((node) => !some.nodes.includes(node)), []);
  });
}
