import type { ExplainCorpusOptions } from "../../mod.ts";
import { messageOf, shown } from "../../src/base/words.ts";

export const HELP = `deno task corpus SOURCE --ask QUESTIONS --out FOLDER [options]

SOURCE is a file (.jsonl, .csv, .parquet, .txt; also .gz and .zst), a folder, a pattern, an address,
hf://datasets/owner/name/FILE, or - for stdin. A job that was cut goes on by the same command.

  --ask a,b            surprise, saliency, heads, settling, neurons, embeddings, generated
  --out FOLDER         where the answers go
  --model ID           an id of the hub, or a folder; by default the model that comes with the package
  --workers N          how many models work side by side (1)
  --shard I/N          only the shards whose number leaves I when divided by N (0/1)
  --queue URL          share the shards with other machines over a Redis server, as redis://host:6379
  --shard-size N       documents of a shard (1000)
  --limit N            only the first N documents
  --window N           the most tokens that are read together (1024)
  --overlap N          tokens that a window has in common with the one before (a quarter)
  --max-characters N   the longest document (1000000)
  --on-error stop      end at a document that cannot be read, rather than name it and go on
  --examples N         documents kept for each neuron (20)
  --sources N          tokens kept for each document by saliency (10)
  --format F           jsonl, csv, parquet, text, lines or paragraphs, where the name does not tell
  --field NAME         the field or the column of the text (text)
  --id NAME            the field or the column that documents are called by
  --separator C        the character between columns (,)
  --backend B          native, wasm or webgpu
  --threads N          threads of each model
  --dtype q8           weights in 8 bits
  --revision R         a branch, a tag or a commit of the model
  --saliency JSON      the definition of saliency, as {"method":"gradient"}
  --generate JSON      how texts are written, as {"maxNewTokens":40}
  --embed JSON         how texts become vectors, as {"pooling":"cls"}
  --dry-run            explain a few documents, write nothing, and say what all of them would take
  --help               this text`;

/** What the command line says. */
export interface Arguments {
  readonly help: boolean;
  readonly dry: boolean;
  readonly source: string;
  readonly options: ExplainCorpusOptions;
}

type Read = (value: string) => unknown;

const text: Read = (value) => value;
const json: Read = (value) => JSON.parse(value);
const number: Read = (value) => {
  if (/^\d+$/.test(value)) return Number(value);
  throw new RangeError("it must be a whole number");
};

/** Each option, where it goes, and how it is read. */
const OPTIONS: Readonly<Record<string, readonly [path: string, read: Read]>> = {
  "--ask": ["ask", (value) => value.split(",")],
  "--out": ["out", text],
  "--model": ["model", text],
  "--workers": ["workers", number],
  "--shard": ["shard", text],
  "--queue": ["queue", text],
  "--shard-size": ["shardSize", number],
  "--limit": ["limit", number],
  "--window": ["window", number],
  "--overlap": ["overlap", number],
  "--max-characters": ["maxCharacters", number],
  "--on-error": ["onError", text],
  "--examples": ["examples", number],
  "--sources": ["sources", number],
  "--format": ["read.format", text],
  "--field": ["read.field", text],
  "--id": ["read.id", text],
  "--separator": ["read.separator", text],
  "--backend": ["load.backend", text],
  "--threads": ["load.threads", number],
  "--dtype": ["load.dtype", text],
  "--revision": ["load.revision", text],
  "--saliency": ["saliency", json],
  "--generate": ["generate", json],
  "--embed": ["embed", json],
};

/**
 * Reads the command line. What options mean together is checked by `explainCorpus`.
 *
 * @throws {RangeError} When there is no such option, or its value cannot be read.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const options: Record<string, unknown> = {};
  const flags = new Set<string>();
  const sources: string[] = [];
  for (let i = 0; i < args.length; ++i) {
    const name = args[i]!;
    if (name === "--help" || name === "--dry-run") flags.add(name);
    else if (!name.startsWith("--")) sources.push(name);
    else set(options, name, args[++i]);
  }
  const [source = ""] = sources;
  if (!flags.has("--help")) expectComplete(sources, options, flags);
  // What is missing or of a wrong type is refused by explainCorpus, which names it.
  return { help: flags.has("--help"), dry: flags.has("--dry-run"), source, options: options as never };
}

function expectComplete(sources: readonly string[], options: object, flags: ReadonlySet<string>): void {
  const advice = "see deno task corpus --help";
  if (sources.length !== 1) throw new RangeError(`Cannot explain ${sources.length} sources; name one, or ${advice}`);
  const missing = ["ask", ...flags.has("--dry-run") ? [] : ["out"]].find((name) => !(name in options));
  if (missing) throw new RangeError(`Cannot explain ${sources[0]} without --${missing}; ${advice}`);
}

function set(options: Record<string, unknown>, name: string, value: string | undefined): void {
  const known = OPTIONS[name];
  if (!known) throw new RangeError(`Cannot understand ${shown(name)}; see deno task corpus --help`);
  if (value === undefined) throw new RangeError(`Cannot use ${name} without a value; see deno task corpus --help`);
  const [path, read] = known;
  const [first, second] = path.split(".") as [string, string?];
  try {
    if (second === undefined) options[first] = read(value);
    else options[first] = { ...options[first] as object | undefined, [second]: read(value) };
  } catch (error) {
    throw new RangeError(`Cannot use ${name} ${shown(value)}: ${messageOf(error)}`);
  }
}
