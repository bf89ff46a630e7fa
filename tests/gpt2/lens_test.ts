import { deepEqual, equal, ok } from "@std/assert";
import { LENS } from "../../src/gpt2/lens.ts";
import { maxAbsDifference } from "../support/goldens.ts";
import { type TinyModel, tinyModel, type TinyRequest } from "../support/tiny_gpt2.ts";

const IDS = [5, 22, 7, 0, 7, 13, 1];
const ROWS = [4, 1, 6];
const TARGETS = [13, 3, 9];
const [L, V] = [2, 23];

async function look(model: TinyModel, request: Omit<TinyRequest, "tokenIds">) {
  const { lens, logits } = model.program.outputs;
  const [own, ...values] = await model.run({ tokenIds: IDS, ...request }, [logits, ...LENS.map((name) => lens[name])]);
  return { own: own!, seen: Object.fromEntries(LENS.map((name, i) => [name, values[i]!])) };
}

Deno.test("lens(): the last block's numbers are those of the model's logits", async () => {
  await using model = await tinyModel();
  const { own, seen } = await look(model, { rows: ROWS, targets: TARGETS, best: 4 });
  ROWS.forEach((_, r) => {
    const logits = own.subarray(r * V, (r + 1) * V);
    const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
    const at = (L - 1) * ROWS.length + r;
    equal(seen.greater![at], order.indexOf(TARGETS[r]!));
    deepEqual([...seen.tokenIds!.subarray(4 * at, 4 * at + 4)], order.slice(0, 4));
    ok(maxAbsDifference(seen.logits!.subarray(4 * at, 4 * at + 4), order.slice(0, 4).map((id) => logits[id]!)) <= 1e-5);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - logits[order[0]!]!), 0);
    ok(Math.abs(seen.total![at]! - total) <= 1e-4);
    ok(seen.gap![r]! <= 1e-5, `${seen.gap![r]}`);
  });
  ok(seen.greater!.length === L * ROWS.length && seen.gap!.length === ROWS.length);
});

Deno.test("lens(): ln_f is applied to the blocks that are named, and to no other", async () => {
  await using model = await tinyModel();
  const request = { rows: ROWS, targets: TARGETS, best: 3 };
  const [both, last, none] = await Promise.all(
    [[true, true], [false, true], [false, false]].map((normed) => look(model, { ...request, normed })),
  );
  const half = 3 * ROWS.length;
  deepEqual(both!.seen.logits!.subarray(half), last!.seen.logits!.subarray(half));
  deepEqual(last!.seen.logits!.subarray(0, half), none!.seen.logits!.subarray(0, half));
  ok(maxAbsDifference(both!.seen.logits!.subarray(0, half), last!.seen.logits!.subarray(0, half)) > 0.1);
  ok(none!.seen.gap!.every((gap) => gap > 0.1), "the gap tells a wrong norm");
});

Deno.test("lens() is left out when no tokens are asked for", async () => {
  await using model = await tinyModel();
  const { seen } = await look(model, { rows: ROWS, targets: TARGETS });
  for (const name of LENS) equal(seen[name]!.length, 0);
});

Deno.test("lens() lists the whole vocabulary on request", async () => {
  await using model = await tinyModel();
  const { seen } = await look(model, { rows: [0], targets: [2], best: V });
  deepEqual([...seen.tokenIds!.subarray(V)].sort((a, b) => a - b), [...Array(V).keys()]);
});
