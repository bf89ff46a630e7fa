import { ok } from "@std/assert";
import { FlopCounter } from "../../bench/flops.ts";
import { groupTargets, mostRows, type RunSize } from "../../src/ask/saliency/target_groups.ts";
import { parseConfig } from "../../src/models/families.ts";

/** The shape of GPT-2 small. */
const SMALL = parseConfig({ model_type: "gpt2", n_ctx: 1024, n_embd: 768, n_head: 12, n_layer: 12, vocab_size: 50257 });

/** What is spent, of what is necessary, on explaining the last tokens of a text, which is read `once` or in each run. */
function spent(count: number, length: number, once: boolean): number {
  const positions = Array.from({ length: count }, (_, i) => length - count + i);
  const fits = (size: RunSize) => size.rows <= mostRows(size.length, "native");
  const counter = new FlopCounter(SMALL);
  return counter.explaining(positions, groupTargets(positions, false, fits), once) / counter.necessary(positions);
}

// Of maps of one run, and of those of several where each reads the text again: what is left is that text, and attention to
// the tokens that a mask hides, 0.19 and 0.11 of what is necessary for 16 of 512 tokens, 0.11 and 0.06 for 64 of 256.
for (const [count, length, bound] of [[20, 43, 1.04], [16, 64, 1.04], [64, 256, 1.18], [16, 512, 1.3]] as const) {
  Deno.test(`explaining ${count} of ${length} tokens spends at most ${bound} times the necessary operations`, () => {
    const ratio = spent(count, length, false);
    ok(ratio >= 1 && ratio <= bound, `${ratio}`);
  });
}

for (const [count, length, bound] of [[64, 256, 1.03], [16, 512, 1.04]] as const) {
  Deno.test(`explaining ${count} of ${length} tokens of a text that is read once spends at most ${bound} times that`, () => {
    const ratio = spent(count, length, true);
    ok(ratio >= 1 && ratio <= bound, `${ratio}`);
  });
}
