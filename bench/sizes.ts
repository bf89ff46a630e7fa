/**
 * Measures loading and decoding at the four published shapes of GPT-2, with random weights, natively: one process after
 * another, each with a checkpoint that is made before it and removed after it. Name some shapes to measure only those.
 *
 *     deno task bench:sizes [gpt2 gpt2-medium gpt2-large gpt2-xl]
 *
 * @module
 */
import { LanguageModel } from "../mod.ts";
import { parseConfig } from "../src/models/families.ts";
import { weightsOf } from "../src/models/weights.ts";
import { byteCharacter } from "../src/tokenizer/byte_level.ts";
import { FIRST, memory, promptOf, TEXTS } from "./protocol.ts";
import { median } from "./results.ts";

const OUT = new URL("../.out/bench/sizes/", import.meta.url);
const NEW_TOKENS = 10;
const PROMPT = promptOf(TEXTS[FIRST]!.given);
const SHAPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "gpt2": { "n_embd": 768, "n_layer": 12, "n_head": 12 },
  "gpt2-medium": { "n_embd": 1024, "n_layer": 24, "n_head": 16 },
  "gpt2-large": { "n_embd": 1280, "n_layer": 36, "n_head": 20 },
  "gpt2-xl": { "n_embd": 1600, "n_layer": 48, "n_head": 25 },
};

/** What one process measured, in seconds and bytes. */
interface Row {
  readonly load: number;
  readonly prompt: number;
  readonly steps: readonly number[];
  readonly resident: number;
  readonly anonymous: number;
}

function say(message: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
}

/** Numbers around 0 with the standard deviation of GPT-2's initialisation, by the Box-Muller transform. */
function normals(length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, () => {
    return 0.02 * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  });
}

/** Writes a checkpoint; the same numbers come again and again, which no program can notice. Returns its bytes. */
async function writeCheckpoint(folder: URL, shape: Readonly<Record<string, number>>): Promise<number> {
  await Deno.mkdir(folder, { recursive: true });
  const json = { "model_type": "gpt2", ...shape };
  await Deno.writeTextFile(new URL("config.json", folder), JSON.stringify(json));
  const pieces = Array.from({ length: 256 }, (_, byte) => byteCharacter(byte));
  const pairs = pieces.flatMap((left) => pieces.map((right) => left + right)).slice(0, 50256 - 256);
  const vocab = Object.fromEntries([...pieces, ...pairs, "<|endoftext|>"].map((piece, id) => [piece, id]));
  await Deno.writeTextFile(new URL("vocab.json", folder), JSON.stringify(vocab));
  await Deno.writeTextFile(new URL("merges.txt", folder), "#version: 0.2\n");
  return await writeWeights(new URL("model.safetensors", folder), json);
}

async function writeWeights(path: URL, json: unknown): Promise<number> {
  let end = 0;
  const entries = weightsOf(parseConfig(json)).entries().map(([name, { shape }]) => {
    const start = end;
    end += 4 * shape.reduce((a, b) => a * b, 1);
    return [`transformer.${name}`, { dtype: "F32", shape, "data_offsets": [start, end] }];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  const header = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(header.length), true);
  const block = new Uint8Array(normals(2 ** 22).buffer);
  const writer = (await Deno.open(path, { write: true, create: true, truncate: true })).writable.getWriter();
  await writer.write(prefix);
  await writer.write(header);
  for (let done = 0; done < end; done += block.length) {
    await writer.write(block.subarray(0, Math.min(block.length, end - done)));
  }
  await writer.close();
  return 8 + header.length + end;
}

/** One measurement, in a process of its own. */
async function measure(folder: string): Promise<Row> {
  const start = performance.now();
  await using model = await LanguageModel.fromPretrained(folder, { backend: "native" });
  const load = performance.now() - start;
  const times: number[] = [];
  let last = performance.now();
  for await (const _ of model.steps(PROMPT, { maxNewTokens: NEW_TOKENS, candidates: 0 })) {
    times.push(performance.now() - last);
    last = performance.now();
  }
  const [prompt = 0, ...steps] = times.map((time) => time / 1000);
  return { load: load / 1000, prompt, steps, resident: memory("VmRSS"), anonymous: memory("RssAnon") };
}

async function measureInProcess(name: string): Promise<string> {
  const folder = new URL(`${name}/`, OUT);
  try {
    const bytes = await writeCheckpoint(folder, SHAPES[name]!);
    const args = ["run", "-A", new URL(import.meta.url).pathname, "--folder", folder.href];
    const { success, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
    if (!success) throw new Error(`Cannot go on as ${name} could not be measured`);
    const { load, prompt, steps, resident, anonymous }: Row = JSON.parse(new TextDecoder().decode(stdout));
    const cells = [
      name,
      `${(bytes / 1e9).toFixed(2)} GB`,
      `${load.toFixed(2)} s`,
      `${(1000 * prompt).toFixed(0)} ms`,
      `${(1000 * median(steps)).toFixed(0)} ms`,
      `${(resident / 1e9).toFixed(2)} GB`,
      `${(resident / bytes).toFixed(2)}x`,
      `${(anonymous / 1e9).toFixed(2)} GB`,
    ];
    return `| ${cells.join(" | ")} |`;
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

if (Deno.args[0] === "--folder") {
  say(JSON.stringify(await measure(Deno.args[1]!)));
} else {
  const names = Deno.args.length > 0 ? Deno.args : Object.keys(SHAPES);
  const unknown = names.find((name) => !(name in SHAPES));
  if (unknown !== undefined) {
    if (unknown !== "--help") say(`Cannot measure ${unknown}`);
    say(`deno task bench:sizes [shape ...]\n  of the shapes ${Object.keys(SHAPES).join(", ")}; all by default`);
    Deno.exit(unknown === "--help" ? 0 : 2);
  }
  const today = new Date().toISOString().slice(0, 10);
  say(`${today}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}, native, random weights\n`);
  say("| shape | file | load | 23 tokens | one more | resident | of the file | not of a file |");
  say("| ----- | ---- | ---- | --------- | -------- | -------- | ----------- | ------------- |");
  for (const name of names) say(await measureInProcess(name));
}
