import { deepEqual, equal, ok, rejects, throws } from "@std/assert";
import { LanguageModel, type Progress } from "../../mod.ts";
import { costsOf } from "../../src/ask/cost_estimator.ts";
import { ask, type AskedModel, estimate, type Plan, type Question } from "../../src/ask/question.ts";
import { costOf } from "../../src/model/memory.ts";
import type { ModelRunner } from "../../src/model/runner.ts";

interface Options {
  readonly times?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly progress?: boolean;
  readonly signal?: AbortSignal;
}

interface EchoPlan extends Plan {
  readonly text: string;
  readonly times: number;
}

/** A question that says a text so many times, and tells what was done. */
function echo() {
  const done: string[] = [];
  const signals: AbortSignal[] = [];
  const question: Question<string, Options, EchoPlan, { readonly texts: readonly string[] }> = {
    label: "Echo",
    options: {
      task: "echo",
      kinds: {
        ...{ times: "a number", onProgress: "a function", progress: "true or false" },
        signal: "the signal of an AbortController",
      },
    },
    plan(_, text, { times = 2 }) {
      done.push("plan");
      if (text === "") throw new RangeError("Cannot echo an empty text; pass another one");
      return {
        text,
        times,
        task: `echo ${times} times`,
        cost: costOf(times, 10, times),
        maxMemory: 15,
        advice: "echo less",
      };
    },
    async run(_, { text, times }, { onProgress, signal }) {
      done.push("run");
      signals.push(signal);
      onProgress?.({ task: "trace", completed: times, total: times, message: "Echoed" });
      return await Promise.resolve({ texts: Array(times).fill(text) });
    },
  };
  return { question, done, signals };
}

/** A model that only settles. */
function model(expectUsable = () => {}): { asked: AskedModel<ModelRunner>; settled: () => number } {
  let calls = 0;
  const runner = {
    settled: <T>(call: Promise<T>) => {
      ++calls;
      return call;
    },
  };
  const asked = { runner, reader: undefined, eosTokenIds: [], defaults: {}, expectUsable } as never;
  return { asked, settled: () => calls };
}

Deno.test("ask() checks the model, the options, the plan and its memory, in this order, before it runs anything", async () => {
  const gone = () => {
    throw new Error("Cannot use it as it is disposed");
  };
  const wrong = { times: "3" as never };
  const cases: readonly (readonly [() => void, string, Options, string, RegExp, readonly string[]])[] = [
    [gone, "", wrong, "Error", /disposed/, []],
    [() => {}, "", wrong, "TypeError", /^Cannot echo with times "3" as it must be a number$/, []],
    [() => {}, "", { times: 9 }, "RangeError", /^Cannot echo an empty text/, ["plan"]],
    [
      () => {},
      "a",
      { times: 9 },
      "RangeError",
      /^Cannot echo 9 times within 15 bytes as it takes about 19 bytes.*; raise maxMemory or echo less$/,
      ["plan"],
    ],
  ];
  for (const [usable, text, options, name, message, expected] of cases) {
    const { question, done } = echo();
    const { asked, settled } = model(usable);
    await rejects(ask(asked, question, text, options), { name, message });
    deepEqual(done, expected);
    equal(settled(), 0);
  }
});

Deno.test("ask() runs the plan with the caller's progress and signal, settles, and lets the result show itself", async () => {
  const { question, done, signals } = echo();
  const { asked, settled } = model();
  const told: string[] = [];
  const controller = new AbortController();
  const options = { onProgress: ({ message }: Progress) => told.push(message), signal: controller.signal };
  const found = await ask(asked, question, "a", { ...options, progress: false });
  deepEqual(found, { texts: ["a", "a"] });
  ok(Deno.inspect(found).startsWith("Echo"));
  deepEqual([done, told, settled()], [["plan", "run"], ["Echoed"], 1]);
  controller.abort(new Error("enough"));
  equal(signals[0]!.reason.message, "enough");
});

Deno.test("estimate() is the cost of the plan, checks alike, and neither runs nor refuses what is too much", () => {
  const { question, done } = echo();
  const { asked } = model();
  deepEqual(estimate(asked, question, "a", { times: 9 }), { runs: 9, runBytes: 10, resultBytes: 9, bytes: 19 });
  deepEqual(estimate(asked, question, "a", undefined).runs, 2);
  throws(() => estimate(asked, question, "", {}), { name: "RangeError", message: /^Cannot echo an empty text/ });
  throws(() => estimate(asked, question, "a", { times: "3" as never }), { name: "TypeError" });
  deepEqual(done, ["plan", "plan", "plan"]);
});

Deno.test("every estimate is of a method of LanguageModel by the same name", () => {
  const names = Object.keys(costsOf(model().asked));
  ok(names.length >= 10);
  deepEqual(names.filter((name) => typeof Reflect.get(LanguageModel.prototype, name) !== "function"), []);
});
