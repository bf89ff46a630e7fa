/**
 * The graphs that models run when nothing is changed inside of them, as the bytes that ONNX Runtime is given.
 *
 * @module
 */
import { openFile } from "../../src/checkpoint/byte_source.ts";
import { readSafetensors } from "../../src/checkpoint/safetensors.ts";
import { parseConfig } from "../../src/models/families.ts";
import { Program } from "../../src/models/program.ts";
import { selectWeights, settleTie } from "../../src/models/weights.ts";
import { encodeModel, type GraphScope } from "../../src/onnx/mod.ts";
import type { Backend } from "../../src/runtime/backend.ts";
import { LOADERS } from "../../src/runtime/engine.ts";
import { ENCODER_NAMES, FAMILY_NAMES, folderOf, GOLDEN_NAMES, SOURCE_NAMES } from "./goldens.ts";

/** Where the hashes are; `scripts/oracles/graph_hashes.ts` writes them. */
export const GRAPH_HASHES = new URL("../goldens/graphs.json", import.meta.url);

/** The checkpoints: all tiny ones, and the two that come with the package. */
export const GRAPH_NAMES: readonly string[] = [
  ...GOLDEN_NAMES.map((name) => `gpt2/${name}`),
  ...FAMILY_NAMES,
  ...SOURCE_NAMES,
  ...ENCODER_NAMES,
  "models",
  "models/dates",
];

/** What is kept of a graph: with another hash, the counts say what kind of change it is. */
export interface GraphHash {
  /** SHA-256 of the `ModelProto`, in hexadecimal. */
  readonly sha256: string;
  /** The same of the graph without the gradient, which native starts first. */
  readonly reading: string;
  /** How many bytes it has; weights stay in their file. */
  readonly bytes: number;
  /** How many operators there are, those of branches too. */
  readonly nodes: number;
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)).toHex();
}

/** The graph of a checkpoint as a load writes it, and what is kept of it. */
export async function graphHash(name: string): Promise<GraphHash> {
  const root = new URL("../../", import.meta.url);
  const folder = name.startsWith("models") ? new URL(`${name}/`, root) : folderOf(name);
  const source = await openFile(new URL("model.safetensors", folder));
  try {
    const stated = parseConfig(JSON.parse(await Deno.readTextFile(new URL("config.json", folder))));
    const entries = await readSafetensors(source);
    const config = await settleTie(stated, entries);
    const weights = selectWeights(config, entries);
    const { graph } = new Program(config, weights);
    const bytes = encodeModel(graph);
    const reading = await sha256(encodeModel(new Program(config, weights, { gradient: false }).graph));
    return { sha256: await sha256(bytes), reading, bytes: bytes.length, nodes: countNodes(graph) };
  } finally {
    source.close();
  }
}

function countNodes({ nodes }: Pick<GraphScope, "nodes">): number {
  return nodes.reduce((count, { attributes }) => {
    const branches = Object.values(attributes).flatMap((one) => one.kind === "graph" ? [one.value] : []);
    return count + 1 + branches.reduce((sum, branch) => sum + countNodes(branch), 0);
  }, 0);
}

/** What ONNX Runtime was given. */
export interface Given extends Disposable {
  /** The models, in the order in which they were started. */
  readonly models: readonly Uint8Array[];
  /** Each run: its inputs with their bytes, and what was fetched. */
  readonly runs: { inputs: Record<string, ArrayBufferView>; fetches: readonly string[] }[];
}

/** Keeps what ONNX Runtime is given on a backend, by all models of this process, until the scope ends. */
export function watchRuntime(backend: Backend): Given {
  const own = LOADERS[backend];
  const models: Uint8Array[] = [];
  const runs: Given["runs"] = [];
  const loader = async () => {
    const runtime = await own.loader();
    const create: typeof runtime.create = async (model, files, options) => {
      models.push(model.slice());
      const session = await runtime.create(model, files, options);
      const run = session.run.bind(session) as (feeds: Feeds, fetches: readonly string[]) => Promise<never>;
      const watched = (feeds: Feeds, fetches: readonly string[]) => {
        const inputs = Object.entries(feeds).map(([name, { data }]) => [name, data.slice()]);
        runs.push({ inputs: Object.fromEntries(inputs), fetches });
        return run(feeds, fetches);
      };
      return Object.assign(session, { run: watched });
    };
    return { ...runtime, create };
  };
  Object.assign(LOADERS, { [backend]: { ...own, loader } });
  return { models, runs, [Symbol.dispose]: () => void Object.assign(LOADERS, { [backend]: own }) };
}

type Feeds = Readonly<Record<string, { readonly data: Float32Array }>>;
