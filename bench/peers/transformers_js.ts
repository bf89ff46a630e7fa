/**
 * transformers.js: greedy decoding on the same checkpoint, exported to ONNX by optimum, on onnxruntime-node, which is
 * what it takes outside a page. It has no gradients and no lens.
 *
 *     deno run -A --lock=bench/peers/transformers_js.lock bench/peers/transformers_js.ts TASK
 *
 * It is imported by a name that is only known when it runs, so that nobody needs it who does not run the bench.
 *
 * @module
 */
import { memory, PREFILL, Recorder, type Text, TEXTS } from "../protocol.ts";

const VERSION = "4.3.1";

/** What is used of it. */
interface Library {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  readonly AutoModelForCausalLM: { "from_pretrained"(name: string, options: unknown): Promise<Model> };
  readonly Tensor: new (type: string, data: BigInt64Array, shape: readonly number[]) => { data: BigInt64Array };
}

interface Model {
  generate(options: unknown): Promise<{ readonly data: BigInt64Array }>;
  dispose(): Promise<unknown>;
}

const recorder = new Recorder();
const { checkpoint, texts, threads } = recorder.task;
const { AutoModelForCausalLM, env, Tensor }: Library = await import(`npm:@huggingface/transformers@${VERSION}`);
const [folder, name] = [checkpoint.replace(/[^/]*$/, ""), `${checkpoint.split("/").at(-1)}-onnx`];
env.allowRemoteModels = false;
env.localModelPath = folder;
recorder.print({ row: "versions", versions: { "transformers.js": VERSION } });

function load(): Promise<Model> {
  const options = { dtype: "fp32", device: "cpu", "session_options": { intraOpNumThreads: threads } };
  return AutoModelForCausalLM.from_pretrained(name, options);
}

/** The text with its greedy continuation, and the seconds of each step after the first. */
async function write(model: Model, { tokenIds, promptLength }: Text, newTokens: number) {
  const shape = [1, promptLength];
  const times: number[] = [];
  const { data } = await model.generate({
    input_ids: new Tensor("int64", BigInt64Array.from(tokenIds.slice(0, promptLength), BigInt), shape),
    attention_mask: new Tensor("int64", new BigInt64Array(promptLength).fill(1n), shape),
    max_new_tokens: newTokens,
    do_sample: false,
    eos_token_id: null,
    streamer: { put: () => times.push(performance.now() / 1000), end: () => {} }, // the prompt comes first
  });
  return { ids: [...data].map(Number), steps: times.slice(2).map((time, i) => time - times[i + 1]!) };
}

const start = performance.now();
const model = await load();
const seconds = [(performance.now() - start) / 1000];
const loaded = memory("VmRSS");
await recorder.measure("load", () => Promise.resolve({ seconds }));
await recorder.measure("decode", async () => {
  const steps: number[] = [];
  const { written: newTokens } = TEXTS["20 after 23"]!;
  const { last } = await recorder.times(async () => {
    const result = await write(model, texts["20 after 23"]!, newTokens);
    steps.push(...result.steps);
    return result;
  });
  return { seconds: steps.slice(newTokens - 1), answer: last.ids };
});
await recorder.measure("memory", () => {
  return Promise.resolve({ bytes: { loaded, worked: memory("VmRSS"), peak: memory("VmHWM") } });
});
await recorder.measure("prefill", async () => {
  const { last, seconds } = await recorder.times(() => write(model, texts[PREFILL]!, 1));
  return { seconds, answer: last.ids };
});
await model.dispose();
Deno.exit(0); // its threads would keep the process
