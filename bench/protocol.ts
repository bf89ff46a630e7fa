/**
 * What the bench tells a program, as JSON in its first argument, and what the program answers: one line of JSON for
 * each row that it has measured. `peers/peer.py` is the same in Python.
 *
 * @module
 */

/** A text whose last tokens were written greedily after the others, and are explained. */
export interface Text {
  /** All of its tokens. */
  readonly tokenIds: readonly number[];
  /** How many of them were given. */
  readonly promptLength: number;
}

/** What a program is to measure. */
export interface Task {
  /** The folder of the checkpoint. */
  readonly checkpoint: string;
  /** How many threads compute. */
  readonly threads: number;
  /** The rows, in the order in which they are measured. */
  readonly rows: readonly string[];
  /** How often each row is measured at most, after one time that does not count; a long one once, without that. */
  readonly repeat: number;
  /** After so many seconds a row is not measured again. */
  readonly budget: number;
  /** The texts, by name. */
  readonly texts: Readonly<Record<string, Text>>;
}

/** What a program says about a row. */
export interface Measurement {
  /** The name of the row. */
  readonly row: string;
  /** How long it took, each time. */
  readonly seconds?: readonly number[];
  /** What came out, in numbers that can be compared. */
  readonly answer?: readonly number[];
  /** Memory, by when it was looked at: `loaded`, `worked` (at the same time as `peak`) and `peak`. */
  readonly bytes?: Readonly<Record<string, number>>;
  /** Floating point operations that the result needs, and that are spent on it. */
  readonly flops?: { readonly necessary: number; readonly spent: number };
  /** The libraries. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Why there is no result. */
  readonly error?: string;
  /** What stands in the table instead of the program's name, where it measures two things in turn. */
  readonly as?: string;
}

/** The text that is decoded, and after which memory is looked at. */
export const FIRST = "20 after 23";
/** Texts by name: how many tokens are given, how many are written and explained, and whether that takes long. */
export const TEXTS: Readonly<Record<string, { given: number; written: number; long: boolean }>> = {
  [FIRST]: { given: 23, written: 20, long: false },
  "16 of 64": { given: 48, written: 16, long: false },
  "64 of 256": { given: 192, written: 64, long: true },
  "16 of 512": { given: 496, written: 16, long: true },
};
/** The text whose prompt is read for `prefill`. */
export const PREFILL = "16 of 512";
/** The text whose neurons are factored. */
export const FACTORED = "16 of 64";
/** How many factors. */
export const FACTORS = 10;
/** The words whose logits are compared where parts of the model are judged. */
export const WORDS = { target: 11, contrast: 22 } as const;

/** The text that somebody's first script and first cell begin with. */
export const WAIT_TEXT = "The keys to the cabinet";

/** What a model is called that has a changed one beside it. */
export const BESIDE = "beside a changed model";

/** A text of which one token is another, which is patched. `peers/peer.py` has the same. */
export function corruptedOf(tokenIds: readonly number[]): readonly number[] {
  return tokenIds.map((id, t) => t === 5 ? (id + 1) % 50000 : id);
}

/** How many texts are decoded side by side. */
export const BATCH = 8;

/** The prompt of a text: some ids, the same in every run. */
export function promptOf(given: number): readonly number[] {
  return Array.from({ length: given }, (_, i) => (i * 997 + 13) % 50000);
}

/** Measures rows in the program's own process and prints them. */
export class Recorder {
  /** What is to be measured. */
  readonly task: Task;

  /** Reads the task from the command line. */
  constructor() {
    this.task = JSON.parse(Deno.args[0]!);
  }

  /** Whether a row is wanted. */
  wants(row: string): boolean {
    return this.task.rows.includes(row);
  }

  /** Prints a measurement. */
  print(measurement: Measurement): void {
    // deno-lint-ignore no-console -- the result of the program
    console.log(JSON.stringify(measurement));
  }

  /** Measures a row, if it is wanted; one that fails does not keep others from being measured. */
  async measure(row: string, work: () => Promise<Omit<Measurement, "row">>): Promise<void> {
    if (!this.wants(row)) return;
    try {
      this.print({ row, ...await work() });
    } catch (error) {
      this.print({ row, error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Does something as often as the task says and returns what it gave last, with the seconds of each time. */
  async times<T>(work: () => Promise<T>, long = false): Promise<{ last: T; seconds: number[] }> {
    let last = long ? undefined : await work();
    const seconds: number[] = [];
    const { repeat, budget } = this.task;
    const end = performance.now() + 1000 * budget;
    while (seconds.length === 0 || (!long && seconds.length < repeat && performance.now() < end)) {
      const start = performance.now();
      last = await work();
      seconds.push((performance.now() - start) / 1000);
    }
    return { last: last!, seconds };
  }
}

/** Memory of this process: resident now (VmRSS), at most so far (VmHWM), or not a page of a file (RssAnon); Linux only. */
export function memory(field: "VmRSS" | "VmHWM" | "RssAnon"): number {
  const line = Deno.readTextFileSync("/proc/self/status").split("\n").find((line) => line.startsWith(field));
  return Number(line!.split(/\s+/)[1]) * 1024;
}
