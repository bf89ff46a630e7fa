import { parseConfig } from "../../../src/models/families.ts";
import type { DrawnModel } from "../../../widgets/mod.ts";

/** The settings of GPT-2 small. */
export const SMALL: DrawnModel = { id: "openai-community/gpt2", config: parseConfig({ model_type: "gpt2" }) };

/** A model whose logits have weights of their own, with a name that a page must survive. */
export const UNTIED: DrawnModel = {
  id: "</script><img src=x onerror=alert(1)>\u202E",
  config: parseConfig({
    model_type: "gpt2",
    tie_word_embeddings: false,
    n_layer: 1,
    n_embd: 8,
    n_head: 2,
    vocab_size: 50,
  }),
};
