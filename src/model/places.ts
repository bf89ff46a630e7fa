/**
 * What is at places inside of a model while it reads, and what would change if it were different.
 *
 * @module
 */
import type { SiteName } from "../models/sites.ts";
import type { Value } from "../onnx/mod.ts";
import type { Explanation, Reading } from "./requests.ts";
import type { ModelRunner } from "./runner.ts";

/** What is at some places while some texts are read, `[T, W]` each, and the logits at some rows, `[R, V]`. */
export async function seenAt(
  runner: ModelRunner,
  reading: Reading,
  sites: readonly SiteName[],
  signal?: AbortSignal,
): Promise<{ values: Float32Array[]; logits: Float32Array }> {
  const { logits, seen } = runner.program.outputs;
  const places = sites.map((site) => expectShown(site, seen.get(site)));
  const [found, ...values] = await runner.run(reading, [logits, ...places], signal);
  await runner.expectFinite(found!, "logits");
  return { values, logits: found! };
}

/** The residual stream that leaves the last block, of all tokens of some texts, `[T, C]`. */
export async function streamOf(
  runner: ModelRunner,
  { tokenIds, tokenTypes, texts }: Omit<Reading, "rows">,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const last = runner.program.outputs.hiddenStates.at(-1)!;
  const [states] = await runner.run({ tokenIds, tokenTypes, texts, rows: [0] }, [last], signal);
  await runner.expectFinite(states!, "hidden states");
  return states!;
}

/**
 * The gradient of the scalars of an explanation with respect to what is at some places, `[N, T, W]` each, the logits at
 * its rows, and what is at these places, `[T, W]` each, if that is to be `seen`.
 */
export async function gradientsAt(
  runner: ModelRunner,
  explanation: Explanation,
  sites: readonly SiteName[],
  { seen = false, signal }: { readonly seen?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<{ gradients: Float32Array[]; logits: Float32Array; values: Float32Array[] }> {
  const { tokenIds, rows, source } = explanation;
  const { outputs } = runner.program;
  const wanted = sites.map((site) => expectShown(site, outputs.sites?.get(site)));
  const places = seen ? sites.map((site) => expectShown(site, outputs.seen.get(site))) : [];
  const request = { tokenIds, rows, source, gradient: explanation };
  const [logits, ...numbers] = await runner.run(request, [outputs.logits, ...places, ...wanted], signal);
  await runner.expectFinite(logits!, "logits");
  const gradients = numbers.splice(places.length);
  for (const own of gradients) await runner.expectFinite(own, "gradient");
  return { gradients, logits: logits!, values: numbers };
}

/**
 * How much the scalar of an explanation changes to first order where what each block's heads send, `[T, H D]`, is added to
 * what one later head reads: `[R, J]` each, as `head_edges.ts` says.
 */
export async function edgesFrom(
  runner: ModelRunner,
  explanation: Explanation,
  sent: readonly Float32Array[],
  signal?: AbortSignal,
): Promise<readonly Float32Array[]> {
  const { tokenIds, rows } = explanation;
  const { logits, edges = [] } = runner.program.outputs;
  const request = { tokenIds, rows, gradient: explanation, sent };
  const [found, ...numbers] = await runner.run(request, [logits, ...edges], signal);
  await runner.expectFinite(found!, "logits");
  for (const own of numbers) await runner.expectFinite(own, "gradient");
  return numbers;
}

/** What a program shows of a place. */
function expectShown(site: SiteName, value: Value | undefined): Value {
  if (value) return value;
  throw new RangeError(`Cannot look at "${site}" as the program was not written to show it`);
}
