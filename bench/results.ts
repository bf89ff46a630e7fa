/**
 * What one run of the bench found, and what can be said of it.
 *
 * @module
 */
import { CHECKPOINT, PROGRAMS, ROOT } from "./programs.ts";
import { FIRST, type Measurement, PREFILL, type Text } from "./protocol.ts";
import { realRow } from "./real.ts";

/** What was measured, and where. */
export interface Results {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  /** Deno and what ours run on, with versions. */
  readonly runtimes: readonly string[];
  readonly threads: number;
  /** How many others wanted to compute, on the mean of the minute before. */
  readonly load: number;
  readonly rounds: number;
  readonly repeat: number;
  readonly quick: boolean;
  /** Whether only what is changed and judged inside was measured. */
  readonly inside?: boolean;
  readonly minutes: number;
  /** Whether it was cut off, so that programs or rounds are missing. */
  readonly unfinished?: boolean;
  /** The size of the checkpoint. */
  readonly weightBytes: number;
  /** The size of the published model, where it was there. */
  readonly realBytes?: number;
  readonly texts: Readonly<Record<string, Text>>;
  /** By the names of programs and rows; one measurement for each round. */
  readonly measured: Readonly<Record<string, Readonly<Record<string, readonly Measurement[]>>>>;
}

/** Some times of the same thing, in seconds. */
export interface Times {
  readonly median: number;
  readonly least: number;
  readonly count: number;
}

/** Programs whose numbers are others: 8 bits. */
const APPROXIMATE = ["native, q8"];
/**
 * How far maps and errors may differ, as a part of the greatest number. PyTorch in float32 is 1.7e-3 from its own float64 on
 * the published model with AVX2, where ours is 6e-6 from it.
 */
const TOLERANCE = { explain: 1e-4, factors: 1e-2, real: 3e-3, int8: 2e-2 };
/** How many of a hundred ranks may differ: those of tokens whose logits are equal but for rounding. */
const RANKS = 2;

/** Where and how a run takes place. */
export async function setting(
  { threads, rounds, repeat, quick }: { threads: number; rounds: number; repeat: number; quick: boolean },
  load: number,
) {
  const cpu = await Deno.readTextFile("/proc/cpuinfo").then((text) => text.match(/model name\s*:\s*(.*)/)?.[1]);
  const { size } = await Deno.stat(new URL(`${CHECKPOINT}/model.safetensors`, ROOT));
  const date = new Date().toISOString().slice(0, 10);
  const cores = navigator.hardwareConcurrency;
  return {
    date,
    cpu: cpu ?? "an unknown processor",
    cores,
    runtimes: await runtimes(),
    threads,
    load,
    rounds,
    repeat,
    quick,
    weightBytes: size,
  };
}

/** The versions of ONNX Runtime that the sources name, which ours run on. */
async function runtimes(): Promise<readonly string[]> {
  const files = ["native.ts", "onnxruntime_web.ts"].map((file) => new URL(`src/runtime/backends/${file}`, ROOT));
  const text = (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("\n");
  const pins = text.matchAll(/(onnxruntime-(?:node|web))[@", ]+(\d+\.\d+\.\d+)/g);
  return [`Deno ${Deno.version.deno}`, ...new Set([...pins].map(([, name, version]) => `${name} ${version}`))];
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

const measurements = ({ measured }: Results, program: string, row: string) => measured[program]?.[row] ?? [];

/** How long a row took a program in all rounds; none if it was not measured. */
export function timesOf(results: Results, program: string, row: string): Times | undefined {
  const seconds = measurements(results, program, row).flatMap(({ seconds = [] }) => seconds);
  if (seconds.length === 0) return undefined;
  return { median: median(seconds), least: Math.min(...seconds), count: seconds.length };
}

/** Why a row of a program has no result, if that is so. */
export function failureOf(results: Results, program: string, row: string): string | undefined {
  const all = measurements(results, program, row);
  return all.every(({ error }) => error !== undefined) ? all[0]?.error : undefined;
}

/** Memory of a program, the median of the rounds, in bytes. */
export function bytesOf(results: Results, program: string, when: string, row = "memory"): number | undefined {
  const all = measurements(results, program, row).flatMap(({ bytes }) => bytes?.[when] ?? []);
  return all.length === 0 ? undefined : median(all);
}

/** Floating point operations of a row, as they were counted in the graph of ours. */
export function flopsOf(results: Results, row: string): { necessary: number; spent: number } | undefined {
  return measurements(results, "native", `work of ${row}`).find(({ flops }) => flops)?.flops;
}

/** The libraries of all programs; two versions of one are both named. */
export function versionsOf(results: Results): string {
  const all = Object.values(results.measured).flatMap((rows) => rows.versions ?? []);
  const names = all.flatMap(({ versions = {} }) => Object.entries(versions).map((entry) => entry.join(" ")));
  return [...results.runtimes, ...new Set(names)].join(", ");
}

/** Bytes per second and operations per second that the probes reached, at best. */
export function limitsOf(results: Results): { bandwidth?: number; gemm?: number } {
  const least = (row: string) => timesOf(results, "limit", row)?.least;
  const [pass, product] = [least("bandwidth"), least("gemm")];
  return {
    ...(pass && { bandwidth: results.weightBytes / pass }),
    ...(product && { gemm: 2 * 504 * 768 * 3072 / product }),
  };
}

/** The least that a row can take on the machine, in seconds: weights are read once, or products are computed. */
export function limitOf(results: Results, row: string): number | undefined {
  const { bandwidth, gemm } = limitsOf(results);
  const flops = flopsOf(results, row);
  if (row === "decode") return bandwidth && results.weightBytes / bandwidth;
  if (row === realRow("decode")) return bandwidth && results.realBytes && results.realBytes / bandwidth;
  return gemm && flops && flops.necessary / gemm;
}

/** What is said of the numbers of a program: how they differ from the others', and whether too much. */
export interface Comparison {
  readonly text: string;
  readonly same: boolean;
}

/** Compares what a program found with what it should be. */
export function compare(results: Results, program: string, row: string): Comparison | undefined {
  const answers = measurements(results, program, row).flatMap(({ answer }) => answer ? [answer] : []);
  if (answers.length === 0 || APPROXIMATE.includes(program)) return undefined;
  if (answers[0] === referenceOf(results, row) && !expectedTokens(results, row)) {
    return { text: "what others are compared with", same: true };
  }
  const worst = answers.map((answer) => compareAnswer(results, row, answer));
  return worst.find(({ same }) => !same) ?? worst[0];
}

function compareAnswer(results: Results, row: string, answer: readonly number[]): Comparison {
  const expected = expectedTokens(results, row);
  if (expected) {
    const same = answer.join() === expected.join();
    return { text: same ? "same tokens" : "OTHER TOKENS", same };
  }
  const reference = referenceOf(results, row)!;
  if (reference.length !== answer.length) return { text: "OTHER SIZE", same: false };
  if (row === "lens") {
    const others = answer.filter((rank, i) => rank !== reference[i]).length;
    const same = 100 * others <= RANKS * answer.length;
    return { text: `${same ? "" : "OTHER: "}${others} of ${answer.length} ranks differ`, same };
  }
  const greatest = Math.max(...reference.map(Math.abs));
  const difference = Math.max(...answer.map((number, i) => Math.abs(number - reference[i]!))) / greatest;
  const same = difference <= toleranceOf(row);
  const text = difference === 0 ? "the same numbers" : `within ${difference.toExponential(0)}`;
  return { text: `${same ? "" : "OTHER: "}${text}`, same };
}

/** A published model has greater numbers inside than a random one, so that rounding shows more. */
function toleranceOf(row: string): number {
  if (row === "factors") return TOLERANCE.factors;
  if (row === "int8 explain") return TOLERANCE.int8;
  return row.startsWith(realRow("")) ? TOLERANCE.real : TOLERANCE.explain;
}

/** The tokens that a row writes. */
function expectedTokens(results: Results, row: string): readonly number[] | undefined {
  const { texts } = results;
  if (row === realRow("decode")) return texts[realRow(FIRST)]?.tokenIds;
  if (row === "script") return referenceOf(results, row);
  const name = ["decode", "default decode", "batch"].includes(row)
    ? FIRST
    : row.startsWith("write and explain ")
    ? row.slice(18)
    : "";
  if (row !== "prefill") return texts[name]?.tokenIds;
  const { tokenIds, promptLength } = texts[PREFILL]!;
  return tokenIds.slice(0, promptLength + 1);
}

/** What other programs are compared with: the first that found anything. */
function referenceOf(results: Results, row: string): readonly number[] | undefined {
  const names = PROGRAMS.map(({ name }) => name).filter((name) => !APPROXIMATE.includes(name));
  return names.flatMap((name) => measurements(results, name, row)).find(({ answer }) => answer)?.answer;
}
