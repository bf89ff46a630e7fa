/** Prints where a session runs and why, for tests that start it under other permissions: `print_backend.ts <backend>`. */
import { Graph } from "../../src/onnx/mod.ts";
import type { Backend } from "../../src/runtime/backend.ts";
import { Session } from "../../src/runtime/session.ts";

const g = new Graph();
const x = g.input("x", "float32", [2]);
const y = g.output(g.add(x, x));
try {
  await using session = await Session.create(g, new Map(), { backend: Deno.args[0] as "auto" | Backend, threads: 1 });
  const [data] = await session.run([{ value: x, data: Float32Array.of(1, 2), dims: [2] }], [y]);
  const { backend, reason } = session;
  await print({ backend, reason, data: Array.from(data!) });
} catch (error) {
  await print({ error: String(error) });
}

async function print(value: unknown): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(value)));
}
