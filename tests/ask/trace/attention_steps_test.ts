/** What attention computes on its way: PyTorch's, taken with hooks, and consistent in itself. */
import { deepEqual, equal, ok } from "@std/assert";
import { type Capture, LanguageModel, type Trace } from "../../../mod.ts";
import { decodeResults, encodeResults } from "../../../src/analysis/mod.ts";
import { checkpointCopy, maxAbsDifference, openGoldenFile } from "../../support/goldens.ts";

const FOLDER = new URL("../../goldens/", import.meta.url);
const FILE = new URL("attention_steps.safetensors", FOLDER);
const { cases } = JSON.parse(await Deno.readTextFile(new URL("attention_steps.json", FOLDER)));
const CAPTURES = ["queries", "keys", "values", "attention", "headSums", "attentionOutputs", "mlpOutputs"] as const;

type Golden = (name: string) => ReturnType<typeof openGoldenFile>;

async function open(name: string) {
  const { layer, tokenIds } = cases[name] as { layer: number; tokenIds: number[] };
  const copy = name === "bundled" ? undefined : await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy?.directory, { backend: "wasm" });
  const golden: Golden = (array) => openGoldenFile(FILE, `${name}/${array}`);
  const dispose = async () => {
    await model.dispose();
    await copy?.[Symbol.asyncDispose]();
  };
  return { model, layer, sequence: model.sequence(tokenIds), golden, [Symbol.asyncDispose]: dispose };
}

/** The products of queries and keys of a head, before they are scaled. */
function scoresOf({ queries, keys }: Trace): Float32Array {
  const [, H, T, D] = queries!.shape as [number, number, number, number];
  const groups = H / keys!.shape[1]!;
  return Float32Array.from({ length: H * T * T }, (_, i) => {
    const [head, query, key] = [Math.floor(i / (T * T)), Math.floor(i / T) % T, i % T];
    let sum = 0;
    for (let d = 0; d < D; ++d) {
      sum += queries!.data[(head * T + query) * D + d]! * keys!.data[(Math.floor(head / groups) * T + key) * D + d]!;
    }
    return sum;
  });
}

/** Sums of values by attention, heads side by side. */
function sumsOf({ attention, values }: Trace): Float32Array {
  const [, H, T] = attention!.shape as [number, number, number, number];
  const [, K, , D] = values!.shape as [number, number, number, number];
  return Float32Array.from({ length: T * H * D }, (_, i) => {
    const [query, head, d] = [Math.floor(i / (H * D)), Math.floor(i / D) % H, i % D];
    let sum = 0;
    for (let key = 0; key < T; ++key) {
      const weight = attention!.data[(head * T + query) * T + key]!;
      sum += weight * values!.data[(Math.floor(head * K / H) * T + key) * D + d]!;
    }
    return sum;
  });
}

for (const name of Object.keys(cases)) {
  Deno.test(`trace() of attentionSteps is PyTorch's: ${name}`, async () => {
    await using opened = await open(name);
    const { model, layer, sequence, golden } = opened;
    const trace = await model.trace(sequence, { capture: ["attentionSteps", "mlpOutputs"], layers: [layer] });
    for (const capture of CAPTURES) {
      const { data, shape } = await golden(capture);
      deepEqual(trace[capture]!.shape, [1, ...shape], capture);
      const scale = Math.max(1, ...data.map(Math.abs));
      ok(maxAbsDifference(trace[capture]!.data, data) <= 1e-5 * scale, `${capture} differs`);
    }
    const scores = await golden("scores");
    const greatest = Math.max(1, ...scores.data.map(Math.abs));
    ok(maxAbsDifference(scoresOf(trace), scores.data) <= 1e-5 * greatest, "scores differ");
    equal(trace.attentionScales!.length, 1);
    equal(Math.fround(trace.attentionScales![0]!), (await golden("scale")).data[0]);
    ok(maxAbsDifference(sumsOf(trace), trace.headSums!.data) <= 1e-5, "the sums are not of these values");
  });
}

Deno.test("trace() records what attention computes in parts as in one, and by itself", async () => {
  await using opened = await open("gpt2/n_inner");
  const { model, sequence } = opened;
  const capture: readonly Capture[] = CAPTURES;
  const whole = await model.trace(sequence, { capture });
  const { bytes: maxMemory } = model.cost.trace(sequence, { capture, maxMemory: 1 });
  const cut = await model.trace(sequence, { capture, maxMemory });
  for (const name of CAPTURES) ok(maxAbsDifference(whole[name]!.data, cut[name]!.data) <= 1e-5, name);
  const keys = await model.trace(sequence, { capture: ["keys"] });
  deepEqual([keys.keys, keys.attentionScales, keys.queries], [whole.keys, undefined, undefined]);
  ok(
    model.cost.trace(sequence, { capture: ["keys"] }).bytes <
      model.cost.trace(sequence, { capture: ["queries"] }).bytes,
  );
});

Deno.test("what attention and MLP add is what the stream grows by", async () => {
  await using opened = await open("bundled");
  const { model, sequence } = opened;
  const { hiddenStates, attentionOutputs, mlpOutputs } = await model.trace(sequence, {
    capture: ["hiddenStates", "attentionOutputs", "mlpOutputs"],
  });
  const size = sequence.tokens.length * model.config.nEmbd;
  const [states, attended, thought] = [hiddenStates!.data, attentionOutputs!.data, mlpOutputs!.data];
  const grown = attended.map((one, i) => states[i]! + one + thought[i]!);
  const scale = Math.max(...states.map(Math.abs));
  ok(maxAbsDifference(grown, states.subarray(size)) <= 1e-5 * scale);
});

Deno.test("a trace with attentionSteps is saved and loaded whole", async () => {
  await using opened = await open("llama/grouped");
  const { model, sequence } = opened;
  const trace = await model.trace(sequence, { capture: ["attentionSteps", "mlpOutputs"], layers: [1] });
  const { results } = await decodeResults(await encodeResults({ trace }), { trace: "trace" });
  deepEqual({ ...results.trace }, { ...trace });
});
