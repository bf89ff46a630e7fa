/**
 * What the project wants of its speed, beside what was measured; and the short table of the README.
 *
 * @module
 */
import { formatRatio, formatTime, table } from "./format.ts";
import { FIRST } from "./protocol.ts";
import { bytesOf, limitOf, type Results, timesOf } from "./results.ts";

/** What is wanted, and what was measured, if it was. */
interface Goal {
  readonly what: string;
  /** The number that is wanted; none where nothing is promised. */
  readonly wanted?: number;
  readonly most?: boolean;
  readonly measured: number | undefined;
  /** Seconds rather than a ratio. */
  readonly time?: boolean;
}

/** The share that one median is of another, when both are known. */
function share(a: number | undefined, b: number | undefined): number | undefined {
  return a !== undefined && b !== undefined ? a / b : undefined;
}

function goals(results: Results): readonly Goal[] {
  const time = (program: string, row: string) => timesOf(results, program, row)?.median;
  const whole = `write and explain ${FIRST}`;
  const explain = `explain ${FIRST}`;
  const ecco = time("Ecco", whole);
  const memory = (program: string) => share(bytesOf(results, program, "worked"), results.weightBytes);
  return [
    {
      what: "write 20 tokens after 23 and explain them: native, times Ecco's speed",
      wanted: 6,
      measured: share(ecco, time("native", whole)),
    },
    {
      what: "the same with 8-bit weights, explained in int8, times Ecco's speed",
      wanted: 10,
      measured: share(ecco, time("native, q8", whole)),
    },
    { what: "the same: wasm, times Ecco's speed", wanted: 2, measured: share(ecco, time("wasm", whole)) },
    {
      what: "explain 20 tokens after 23: native, times the speed of a loop in PyTorch",
      measured: share(time("transformers", explain), time("native", explain)),
    },
    {
      what: "the same in int8, times the speed of a loop in PyTorch",
      wanted: 8,
      measured: share(time("transformers", explain), time("native, int8", "int8 explain")),
    },
    {
      what: "one decode step in float32: native, of the time to read the weights",
      wanted: 1.4,
      most: true,
      measured: share(time("native", "decode"), limitOf(results, "decode")),
    },
    {
      what: "one decode step: q8, times the speed of float32",
      wanted: 2.5,
      measured: share(time("native", "decode"), time("native, q8", "decode")),
    },
    {
      what: "one decode step: native, times the speed of Hugging Face `generate`",
      wanted: 1,
      measured: share(time("transformers", "decode"), time("native", "decode")),
    },
    {
      what: "one decode step: native, times the speed of transformers.js",
      wanted: 1,
      measured: share(time("transformers.js", "decode"), time("native", "decode")),
    },
    {
      what: "load with the tokenizer: native, times the speed of transformers",
      wanted: 1,
      measured: share(time("transformers", "load"), time("native", "load")),
    },
    { what: "load: wasm", wanted: 1, most: true, time: true, measured: time("wasm", "load") },
    { what: "resident after work: native, of the weights", wanted: 1.3, most: true, measured: memory("native") },
    { what: "resident after work: wasm, of the weights", wanted: 1.3, most: true, measured: memory("wasm") },
  ];
}

/** The goals, and whether they are reached. */
export function goalTable(results: Results): string {
  const rows = goals(results).map(({ what, wanted, most = false, measured, time = false }) => {
    const format = (value: number) => time ? formatTime(value) : formatRatio(value);
    const goal = wanted === undefined ? "" : `${most ? "at most" : "at least"} ${format(wanted)}`;
    if (measured === undefined) return [what, goal, "not measured", ""];
    const reached = wanted === undefined ? "" : (most ? measured <= wanted : measured >= wanted) ? "yes" : "no";
    return [what, goal, format(measured), reached];
  });
  return table(["", "goal", "measured", "reached"], rows);
}

/** The table of the README. */
export function shortTable(results: Results): string {
  const time = (program: string, row: string) => {
    const times = timesOf(results, program, row);
    return times ? formatTime(times.median) : "";
  };
  const beside = (name: string, program: string, row: string) => {
    const own = timesOf(results, "native", row)?.median;
    const peer = timesOf(results, program, row)?.median;
    return own && peer
      ? `${name} ${formatTime(peer)}, ${formatRatio(peer / own)} of native's`
      : `${name}: not measured`;
  };
  const line = (what: string, row: string, peer: string) => [what, time("native", row), time("wasm", row), peer];
  const memory = (program: string) => {
    const bytes = bytesOf(results, program, "worked");
    return bytes ? formatRatio(bytes / results.weightBytes) : "";
  };
  const whole = `write and explain ${FIRST}`;
  const rows = [
    line("write 20 tokens after 23 and explain them", whole, beside("Ecco 0.1.2", "Ecco", whole)),
    line("explain 20 tokens after 23", `explain ${FIRST}`, beside("PyTorch", "transformers", `explain ${FIRST}`)),
    line("explain 16 tokens of 64", "explain 16 of 64", beside("inseq", "inseq", "explain 16 of 64")),
    line("one decode step", "decode", beside("Hugging Face", "transformers", "decode")),
    ["one decode step, 8-bit weights", time("native, q8", "decode"), "", `float32 ${time("native", "decode")}`],
    line("load", "load", beside("Hugging Face", "transformers", "load")),
    ["memory, of the weights' size", memory("native"), memory("wasm"), `Hugging Face ${memory("transformers")}`],
  ];
  const { date, cpu, cores } = results;
  const where = `GPT-2 small's shape, float32, ${cores} cores of ${cpu}, ${date}; medians of one run`;
  return `${where}:\n\n${table(["", "native", "wasm", "beside it"], rows)}`;
}
