/**
 * The programs that are measured, each in a process of its own, and what each of them measures.
 *
 * @module
 */
import { FIRST, type Measurement, TEXTS } from "./protocol.ts";

/** The folder of the repository; all paths are relative to it. */
export const ROOT = new URL("../", import.meta.url);
/** The checkpoint that every program loads. */
export const CHECKPOINT = ".out/bench/gpt2-small-random";

/** Where peers are installed. */
export const PYTHON = {
  oracle: ".venv-oracle/bin/python",
  ecco: ".out/bench/ecco-venv/bin/python",
  inseq: ".out/inseq-venv/bin/python",
  transformerlens: ".out/bench/transformerlens-venv/bin/python",
  exporter: ".out/bench/export-venv/bin/python",
} as const;

/** What must be there before a program can run. */
export type Need = "oracle" | "ecco" | "inseq" | "transformerlens" | "onnx";

/** A program. */
export interface Program {
  /** What it is called in tables. */
  readonly name: string;
  /** What it is called on the command line. */
  readonly key: string;
  readonly need?: Need;
  readonly command: string;
  /** What stands before and after the task. */
  readonly args: readonly [readonly string[], readonly string[]];
  /** What it measures in every round. */
  readonly rows: readonly string[];
  /** What takes long: each row in the first round only, in a process of its own. */
  readonly longRows: readonly string[];
  /** What it measures on a published model, in every round, in a process of its own. */
  readonly realRows?: readonly string[];
}

/** What a program measured in all rounds, by row. */
export type Measured = ReadonlyMap<string, readonly Measurement[]>;

/** The names of all probes. */
export const PROBES = ["bandwidth", "gemm"];

const named = (prefix: string, long: boolean) => {
  return Object.entries(TEXTS).filter(([, text]) => text.long === long).map(([name]) => `${prefix} ${name}`);
};
const explain = named("explain", false);
const explainLong = named("explain", true);

/** Rows that are not measured with the others. */
interface OtherRows {
  readonly long?: readonly string[];
  readonly real?: readonly string[];
}

function ours(
  key: string,
  args: readonly string[],
  rows: readonly string[],
  { long = [], real = [] }: OtherRows = {},
): Program {
  const deno = ["run", "-A", "--quiet", "bench/ours.ts"];
  const name = args.join(", ");
  return { name, key, command: Deno.execPath(), args: [deno, args], rows, longRows: long, realRows: real };
}

function python(
  name: string,
  need: Exclude<Need, "onnx">,
  file: string,
  { rows, long = [], real = [] }: OtherRows & { readonly rows: readonly string[] },
): Program {
  const key = file.split("_")[0]!;
  const args = [[`bench/peers/${file}.py`], []] as const;
  return { name, key, need, command: PYTHON[need], args, rows, longRows: long, realRows: real };
}

/** What is changed and judged inside: each in a process of its own, as a program is made for it. */
const INSIDE: readonly string[] = ["patch", "attribute"];
/** What those wait for who change nothing. */
const DEFAULT: readonly string[] = ["default decode", "default explain"];
/** The same map in both precisions. */
const INT8 = "int8 explain";
const DECODING = ["load", "decode", "memory", "prefill"];
const WORK = ["work of prefill", ...[...explain, ...explainLong].map((row) => `work of ${row}`)];
/** What is measured on a published model. */
export const REAL_ROWS: readonly string[] = ["load", "decode", `explain ${FIRST}`, "memory"];
const ALL = ["load", "decode", ...explain, "memory", "batch", "prefill", "lens"];

/** What is waited for from the start of a process; its rows stand with the other rows of the same name. */
function waits(name: string, args: readonly string[], rows: readonly string[], need?: Need): Program {
  const deno = ["run", "-A", "--quiet", "bench/waits/waits.ts"];
  return { name, key: "waits", ...need && { need }, command: Deno.execPath(), args: [deno, args], rows, longRows: [] };
}

/** All programs, in the order of a round: ours and peers take turns, so that all see the same disturbances. */
export const PROGRAMS: readonly Program[] = [
  python("limit", "oracle", "probe", { rows: PROBES }),
  ours("native", ["native"], [...ALL, ...WORK, "load again"], {
    long: [...explainLong, "factors", ...INSIDE, ...DEFAULT, INT8],
    real: REAL_ROWS,
  }),
  python("Ecco", "ecco", "ecco_peer", {
    rows: ["load", ...named("write and explain", false), "memory", "lens"],
    long: named("write and explain", true),
  }),
  ours("wasm", ["wasm"], [...ALL, "load again"], { long: [...explainLong, ...INSIDE, INT8], real: REAL_ROWS }),
  python("transformers", "oracle", "transformers_peer", {
    rows: ALL,
    long: [...explainLong, "factors", ...INSIDE],
    real: REAL_ROWS,
  }),
  python("TransformerLens", "transformerlens", "transformerlens_peer", { rows: [], long: ["patch"] }),
  ours("q8", ["native", "q8"], [...DECODING, `explain ${FIRST}`, "batch", "load again"]),
  python("captum", "oracle", "captum_peer", { rows: [...explain, "memory"], long: explainLong }),
  ours("prepack", ["wasm", "prepack"], [...DECODING, "load again"]),
  ours("native-plain", ["native", "plain"], [...DECODING, ...explain, "batch", "load again"]),
  python("inseq", "inseq", "inseq_peer", { rows: [...explain, "memory"], long: explainLong }),
  {
    name: "transformers.js",
    key: "transformers.js",
    need: "onnx",
    command: Deno.execPath(),
    args: [["run", "-A", "--quiet", "--lock=bench/peers/transformers_js.lock", "bench/peers/transformers_js.ts"], []],
    rows: DECODING,
    longRows: [],
  },
  waits("native", ["ours"], ["script", "first view"]),
  waits("transformers", ["transformers"], ["script"], "oracle"),
];

/** The same, for what is changed and judged inside only; who measures nothing of it is left out. */
export function insideOf(programs: readonly Program[]): readonly Program[] {
  return programs.map((program) => ({
    ...program,
    rows: program.rows.filter((row) => PROBES.includes(row)),
    longRows: program.longRows.filter((row) => INSIDE.includes(row) || DEFAULT.includes(row)),
    realRows: [],
  })).filter(({ rows, longRows }) => rows.length + longRows.length > 0);
}
