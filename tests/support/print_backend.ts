/**
 * Prints where a session runs and why, for tests that start it under other permissions: `print_backend.ts <backend> [worker]`.
 */
import { Graph } from "../../src/onnx/mod.ts";
import type { Backend } from "../../src/runtime/backend.ts";
import { Session } from "../../src/runtime/session.ts";

const g = new Graph();
const x = g.input("x", "float32", [2]);
const y = g.output(g.add(x, x));
try {
  const [backend, worker] = Deno.args as ["auto" | Backend, string?];
  await using session = await Session.create(g, new Map(), { backend, threads: 1, worker: worker !== undefined });
  const [data] = await session.run([{ value: x, data: Float32Array.of(1, 2), dims: [2] }], [y]);
  const { reason } = session;
  await print({ backend: session.backend, reason, data: Array.from(data!) });
} catch (error) {
  await print({ error: String(error) });
}

async function print(value: unknown): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(value)));
}
