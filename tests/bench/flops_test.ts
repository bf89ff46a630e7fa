import { ok } from "@std/assert";
import { FlopCounter } from "../../bench/flops.ts";
import { groupTargets, mostRows, type RunSize } from "../../src/ask/saliency/target_groups.ts";
import { parseConfig } from "../../src/models/families.ts";

/** The shape of GPT-2 small. */
const SMALL = parseConfig({ model_type: "gpt2", n_ctx: 1024, n_embd: 768, n_head: 12, n_layer: 12, vocab_size: 50257 });

/** What is spent, of what is necessary, on explaining the last tokens of a text. */
function spent(count: number, length: number): number {
  const positions = Array.from({ length: count }, (_, i) => length - count + i);
  const fits = (size: RunSize) => size.rows <= mostRows(size.length, "native");
  const counter = new FlopCounter(SMALL);
  return counter.explaining(positions, groupTargets(positions, false, fits)) / counter.necessary(positions);
}

// What is left is the text that each run reads again, and attention to the tokens that a mask hides: 0.19 and 0.11 of what
// is necessary for 16 of 512 tokens, 0.11 and 0.06 for 64 of 256.
for (const [count, length, bound] of [[20, 43, 1.04], [16, 64, 1.04], [64, 256, 1.18], [16, 512, 1.3]] as const) {
  Deno.test(`explaining ${count} of ${length} tokens spends at most ${bound} times the necessary operations`, () => {
    const ratio = spent(count, length);
    ok(ratio >= 1 && ratio <= bound, `${ratio}`);
  });
}
