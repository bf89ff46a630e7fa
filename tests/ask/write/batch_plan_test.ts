import { deepEqual, equal, ok, throws } from "@std/assert";
import { packsOf } from "../../../src/ask/texts.ts";
import { planBatch } from "../../../src/ask/write/batch_plan.ts";
import { cacheBytes, readBytes } from "../../../src/model/memory.ts";
import { CHUNK_TOKENS } from "../../../src/model/prompts.ts";
import { parseConfig } from "../../../src/models/families.ts";

const MACHINE = { config: parseConfig({ "model_type": "gpt2" }), backend: "native" } as const;
const lengths = (count: number, P: number) => Array<number>(count).fill(P);

Deno.test("packsOf() reads prompts together that fit into one run, in their order", () => {
  const packs = (...prompts: readonly number[]) => packsOf(prompts, (P) => P);
  deepEqual(packs(1, 2, 3), [[1, 2, 3]]);
  deepEqual(packs(CHUNK_TOKENS), [[CHUNK_TOKENS]]);
  deepEqual(packs(200, 56, 1), [[200, 56], [1]]);
  deepEqual(packs(200, 57), [[200], [57]]);
  deepEqual(packs(5, 1000, 5, 6), [[5], [1000], [5, 6]]);
  deepEqual(packs(), []);
});

Deno.test("planBatch() writes short prompts together, and fewer at a time the longer they are", () => {
  const sizes = (count: number, P: number) =>
    planBatch(MACHINE, lengths(count, P), {}).groups.map(({ length }) => length);
  deepEqual(sizes(16, 16), [16]);
  deepEqual(sizes(16, 200), [16]);
  deepEqual(sizes(16, 500), [11, 5]);
  deepEqual(sizes(16, 1000), [8, 8]);
  const { groups } = planBatch(MACHINE, lengths(1000, 10), {});
  deepEqual(groups.flat(), [...Array(1000).keys()]);
  ok(groups.every(({ length }) => length <= 50));
});

Deno.test("planBatch() counts the runs of the longest text of each group, and those that read prompts", () => {
  const runs = (prompts: readonly number[], maxNewTokens: number) => {
    return planBatch(MACHINE, prompts, { maxNewTokens }).cost.runs;
  };
  equal(runs([1], 1), 1);
  equal(runs([10, 20, 30], 5), 1 + 4);
  equal(runs([10, 600, 20], 5), 1 + 3 + 1 + 4);
  equal(runs([1023, 1020], 5), 4 + 4 + 3); // the context ends
});

Deno.test("planBatch() keeps to maxMemory with smaller groups, of one prompt at least", () => {
  const prompts = [10, 300, 20, 500, 7];
  const free = planBatch(MACHINE, prompts, {});
  equal(free.groups.length, 1);
  let before = free;
  for (const share of [0.9, 0.7, 0.5]) {
    const maxMemory = share * free.cost.bytes;
    const plan = planBatch(MACHINE, prompts, { maxMemory });
    deepEqual(plan.groups.flat(), [0, 1, 2, 3, 4]);
    ok(plan.groups.length >= before.groups.length && plan.cost.runs >= before.cost.runs);
    ok(plan.cost.bytes <= maxMemory || plan.groups.some(({ length }) => length === 1));
    equal(plan.cost.resultBytes, free.cost.resultBytes);
    before = plan;
  }
  equal(planBatch(MACHINE, prompts, { maxMemory: 1 }).groups.length, 5);
  for (const maxMemory of [0, NaN]) {
    throws(() => planBatch(MACHINE, prompts, { maxMemory }), { name: "RangeError", message: /bytes > 0$/ });
  }
  throws(() => planBatch(MACHINE, prompts, { maxNewTokens: 0 }), { name: "RangeError", message: /maxNewTokens 0/ });
});

Deno.test("planBatch() takes as much as its largest run: a prompt's last part, or all new tokens together", () => {
  const bytes = (prompts: readonly number[], maxNewTokens: number) =>
    planBatch(MACHINE, prompts, { maxNewTokens }).cost;
  equal(bytes([10, 20], 5).resultBytes, 8 * (15 + 25)); // an id for each token, in 8 bytes
  equal(bytes([600], 5).runBytes, Math.ceil(readBytes(MACHINE, { T: CHUNK_TOKENS, S: 600, R: 1 })));
  equal(bytes([100], 5).runBytes, Math.ceil(readBytes(MACHINE, { T: 100, S: 100, R: 1 })));
  equal(bytes([1], 900).runBytes, Math.ceil(readBytes(MACHINE, { T: 1, S: 901, R: 1 })));
  equal(bytes([1, 2], 900).runBytes, Math.ceil(readBytes(MACHINE, { T: 2, S: 901 + 902, R: 2 })));
  const second = readBytes(MACHINE, { T: 200, S: 200, R: 1 }) + cacheBytes(MACHINE, 100);
  equal(bytes([100, 200], 5).runBytes, Math.ceil(second));
});
