/**
 * One measurement of Looking Glass in a process of its own: loads a checkpoint, generates and explains, and prints one
 * line of JSON as the peers do.
 *
 *     deno run -A bench/ours.ts CHECKPOINT '[1, 2, 3]' native|wasm [prepack|q8]
 *
 * In q8 there are no gradients: it generates only.
 *
 * @module
 */
import { LanguageModel } from "../mod.ts";

const NEW_TOKENS = 20;
const REPEAT = 5;

const [checkpoint, prompt, backend, mode] = Deno.args as [string, string, "native" | "wasm", ("prepack" | "q8")?];
const promptIds: number[] = JSON.parse(prompt);

/** Resident memory, now (VmRSS) or at most (VmHWM); Linux only. */
function residentBytes(field: "VmRSS" | "VmHWM"): number {
  const line = Deno.readTextFileSync("/proc/self/status").split("\n").find((line) => line.startsWith(field));
  return Number(line!.split(/\s+/)[1]) * 1024;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function load(): Promise<LanguageModel> {
  const options = { backend, prepack: mode === "prepack" };
  if (mode !== "q8") return LanguageModel.fromPretrained(checkpoint, options);
  return LanguageModel.fromPretrained(checkpoint, { ...options, dtype: "q8", cacheDir: `${checkpoint}-hub` });
}

/** Each step's time after the first, which reads the prompt. */
async function decodeSteps(model: LanguageModel): Promise<number[]> {
  const times: number[] = [];
  let last = 0;
  for await (const { position } of model.steps(promptIds, { maxNewTokens: NEW_TOKENS, candidates: 0 })) {
    const now = performance.now();
    if (position > promptIds.length) times.push((now - last) / 1000);
    last = now;
  }
  return times;
}

const start = performance.now();
const model = await load();
const firstLoad = (performance.now() - start) / 1000;
let sequence = await model.generate(promptIds, { maxNewTokens: NEW_TOKENS });
if (mode !== "q8") await model.saliency(sequence);
const rssBytes = residentBytes("VmRSS");
const generate: number[] = [];
const explain: number[] = [];
const steps: number[] = [];
for (let round = 0; round < REPEAT; ++round) {
  generate.push(await seconds(async () => sequence = await model.generate(promptIds, { maxNewTokens: NEW_TOKENS })));
  if (mode !== "q8") explain.push(await seconds(() => model.saliency(sequence)));
  steps.push(...await decodeSteps(model));
}
await model.dispose();
const laterLoads: number[] = [];
for (let round = 0; round < 3; ++round) {
  laterLoads.push(await seconds(async () => await (await load()).dispose()));
}
const report = {
  name: `Looking Glass, ${backend}${mode ? `, ${mode}` : ""}`,
  tokenIds: sequence.tokenIds,
  firstLoad,
  laterLoads,
  generate,
  explain,
  seconds: generate.map((time, round) => time + (explain[round] ?? 0)),
  secondsPerStep: steps,
  rssBytes,
  peakRssBytes: residentBytes("VmHWM"),
};
// deno-lint-ignore no-console -- the result of this script
console.log(JSON.stringify(report));
