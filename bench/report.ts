/**
 * The tables of one run, in Markdown.
 *
 * @module
 */
import { failed, formatRatio, formatTime, table } from "./format.ts";
import { goalTable } from "./goals.ts";
import { PROGRAMS } from "./programs.ts";
import { REAL, realRow } from "./real.ts";
import { BATCH, FACTORED, FACTORS, FIRST, PREFILL, TEXTS } from "./protocol.ts";
import {
  bytesOf,
  compare,
  failureOf,
  flopsOf,
  limitOf,
  limitsOf,
  type Results,
  timesOf,
  versionsOf,
} from "./results.ts";

/** A row of the bench: what it is called, and what it measures. */
interface Section {
  readonly row: string;
  readonly title: string;
}

const explained = (name: string) => {
  const { given, written } = TEXTS[name]!;
  return `the last ${written} of ${given + written} tokens`;
};

const SECTIONS: readonly Section[] = [
  { row: "decode", title: `One decode step (of 19, after ${TEXTS[FIRST]!.given} + 1 tokens)` },
  { row: "batch", title: `One decode step of ${BATCH} texts side by side, per text` },
  { row: "prefill", title: `Read ${TEXTS[PREFILL]!.given} tokens and write one` },
  ...Object.keys(TEXTS).map((name) => ({ row: `explain ${name}`, title: `Explain ${explained(name)}` })),
  ...Object.keys(TEXTS).map((name) => {
    const { given, written } = TEXTS[name]!;
    return { row: `write and explain ${name}`, title: `Write ${written} tokens after ${given} and explain them` };
  }),
  { row: "lens", title: `Rank the ${TEXTS[FIRST]!.written} written of 43 tokens in all 12 layers` },
  { row: "factors", title: `${FACTORS} factors of the 36,864 neurons over ${FACTORED.split(" ").at(-1)} tokens` },
  { row: "patch", title: "Patch 12 layers x 43 positions of the residual stream, one at a time" },
  { row: "attribute", title: "Attribution of all 144 heads and 36,864 neurons over 43 tokens" },
  { row: "default decode", title: "One decode step, nothing changed; in turn with a model that was looked into" },
  { row: "default explain", title: `Explain ${explained(FIRST)}, nothing changed; in turn with the same` },
  { row: "int8 explain", title: `Explain ${explained(FIRST)}, in float32 and in turn with the gradient in int8` },
  { row: "script", title: "A whole script: import, load, read a text, write one token, end" },
  { row: "first view", title: "From the start of a notebook's kernel to the first map, with the bundled model" },
  { row: "load", title: "Load the model, ours and transformers its tokenizer too, first in a process" },
  { row: "load again", title: "Load and dispose again, later in a process" },
  { row: realRow("decode"), title: `${REAL}, a published Llama: one decode step (of 19, after 23 + 1 tokens)` },
  { row: realRow(`explain ${FIRST}`), title: `${REAL}: explain ${explained(FIRST)}` },
  { row: realRow("load"), title: `${REAL}: load the model, first in a process` },
];

/** The name of a program in tables. */
const inTable = (name: string) => PROGRAMS.some(({ name: own, need }) => own === name && need) ? name : `ours, ${name}`;

function sectionOf(results: Results, { row, title }: Section): string | undefined {
  const own = timesOf(results, "native", row);
  const limit = limitOf(results, row);
  const lines = Object.keys(results.measured).flatMap((program) => {
    const times = timesOf(results, program, row);
    const error = failureOf(results, program, row);
    if (!times) return error === undefined ? [] : [[inTable(program), failed(error), "", "", "", "", ""]];
    const ratio = own ? formatRatio(times.median / own.median) : "";
    const ofLimit = limit === undefined || program === "native, q8" ? "" : formatRatio(times.median / limit);
    const compared = compare(results, program, row)?.text ?? "";
    const { median, least, count } = times;
    return [[inTable(program), formatTime(median), formatTime(least), `${count}`, ratio, ofLimit, compared]];
  });
  if (lines.length === 0) return undefined;
  const head = ["", "median", "least", "times", "of native's", "of the limit", "numbers"];
  const note = limit === undefined ? "" : ` (limit ${formatTime(limit)})`;
  return `**${title}**${note}\n\n${table(head, lines)}`;
}

function memoryTable(results: Results, row: string, weightBytes: number): string {
  const lines = Object.keys(results.measured).flatMap((program) => {
    const cells = ["loaded", "worked", "peak"].map((when) => {
      const bytes = bytesOf(results, program, when, row);
      if (bytes === undefined) return undefined;
      return `${(bytes / 1e6).toFixed(0)} MB, ${formatRatio(bytes / weightBytes)}`;
    });
    const error = failureOf(results, program, row);
    if (error !== undefined) return [[inTable(program), failed(error), "", ""]];
    return cells.every((cell) => cell !== undefined) ? [[inTable(program), ...cells]] : [];
  });
  if (lines.length === 0) return "";
  const head = ["", "loaded", "after work", "peak until then"];
  const what = (row === "memory" ? "" : `${REAL}: `) +
    "Resident memory, and of the weights' size; work is decoding and explaining 20 tokens after 23, as far as " +
    "the program does that";
  return `**${what}**\n\n${table(head, lines)}`;
}

/** What is spent on matrix products, beside what is necessary and what the machine can do. */
function workTable(results: Results): string {
  const { gemm } = limitsOf(results);
  const lines = SECTIONS.flatMap(({ row, title }) => {
    const flops = flopsOf(results, row);
    const error = failureOf(results, "native", `work of ${row}`);
    if (!flops) return error === undefined ? [] : [[title, failed(error), "", "", "", ""]];
    const rates = ["native", "wasm"].map((program) => {
      const times = timesOf(results, program, row);
      if (!times) return "";
      const rate = flops.spent / times.median;
      return `${(rate / 1e9).toFixed(0)} GFLOP/s${gemm ? `, ${(100 * rate / gemm).toFixed(0)} %` : ""}`;
    });
    const counts = [flops.necessary, flops.spent].map((count) => `${(count / 1e9).toFixed(0)} GFLOP`);
    return [[title, ...counts, formatRatio(flops.spent / flops.necessary), ...rates]];
  });
  if (lines.length === 0) return "";
  const head = ["", "necessary", "spent", "ratio", "native, of the probe", "wasm, of the probe"];
  const what =
    "Matrix products of ours: what is necessary (`bench/flops.ts` has the formula), what is spent, and how fast";
  return `**${what}**\n\n${table(head, lines)}`;
}

/** What was measured where. */
function settingOf(results: Results): string {
  const { date, cpu, cores, threads, load, rounds, repeat, quick, inside, minutes, weightBytes, unfinished } = results;
  const once = inside ? ", patching once" : quick ? "" : ", the two long texts once";
  const { bandwidth, gemm } = limitsOf(results);
  const rate = (value: number | undefined, unit: string) =>
    value ? `${(value / 1e9).toFixed(0)} ${unit}` : "not measured";
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    `${date}, ${cores} cores of ${cpu}, ${
      many(threads, "thread")
    } for every program; the load of the minute before was ${load.toFixed(2)}.`,
    `${versionsOf(results)}.`,
    `GPT-2 small's shape, random weights, ${(weightBytes / 1e6).toFixed(0)} MB in float32. ${
      many(rounds, "round")
    } of ` +
    `at most ${repeat}${once}; it ${unfinished ? "was cut off after" : "took"} ${
      minutes.toFixed(0)
    } minutes. Ratios are of medians.`,
    `Limits, in the same run and with as many threads: PyTorch reads ${
      rate(bandwidth, "GB/s")
    } and multiplies 504 x 768 by ` +
    `768 x 3072 at ${
      rate(gemm, "GFLOP/s")
    }, at best. A decode step reads all weights once; the rest is matrix products.`,
  ].join("\n");
}

/** All programs whose numbers are not what they should be, by row. */
export function differing(results: Results): readonly string[] {
  return Object.keys(results.measured).flatMap((program) =>
    SECTIONS.filter(({ row }) => compare(results, program, row)?.same === false).map(({ row }) => `${program}, ${row}`)
  );
}

/** Everything about one run. */
export function markdown(results: Results): string {
  const different = differing(results);
  const verdict = different.length === 0 ? [] : [`NOT THE SAME NUMBERS: ${different.join("; ")}`];
  const sections = SECTIONS.flatMap((section) => sectionOf(results, section) ?? []);
  if (results.inside) return [settingOf(results), ...verdict, ...sections].join("\n\n");
  const { weightBytes, realBytes } = results;
  const memory = [
    memoryTable(results, "memory", weightBytes),
    realBytes === undefined
      ? `${REAL} was not in the cache of the hub, so it was not measured.`
      : memoryTable(results, realRow("memory"), realBytes),
  ];
  const parts = [settingOf(results), ...verdict, goalTable(results), ...sections, ...memory];
  return [...parts, workTable(results)].filter((part) => part !== "").join("\n\n");
}
