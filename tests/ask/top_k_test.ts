import { equal, throws } from "@std/assert";
import { checkedTopK } from "../../src/ask/lens/reading.ts";
import { planCandidates } from "../../src/ask/reading/candidates.ts";
import { parseConfig } from "../../src/models/families.ts";

/** A model of bases, whose vocabulary is smaller than what is usually listed. */
const CONFIG = parseConfig({
  ...{ model_type: "gpt2", vocab_size: 6, n_positions: 16, n_embd: 12, n_head: 3, n_layer: 2 },
  ...{ bos_token_id: 0, eos_token_id: 0 },
});

Deno.test("candidates() of a vocabulary of six tokens lists all of them by default, and refuses more by name", () => {
  const machine = { config: CONFIG, backend: "wasm" } as const;
  const sequence = { text: "ACG", tokenIds: [1, 2, 3], tokens: [], promptLength: 1 };
  equal(planCandidates(machine, sequence, {}).topK, 6);
  equal(planCandidates(machine, sequence, { topK: 2 }).topK, 2);
  const message = "Cannot list topK 7 tokens as it must be a whole number from 1 to 6";
  throws(() => planCandidates(machine, sequence, { topK: 7 }), { name: "RangeError", message });
});

Deno.test("checkedTopK() takes what is usual where nothing is asked, and no more than there is", () => {
  equal(checkedTopK(undefined, 10, 50257), 10);
  equal(checkedTopK(undefined, 10, 3), 3);
  for (const asked of [0, 1.5, 4, NaN]) throws(() => checkedTopK(asked, 10, 3), { name: "RangeError" });
});
