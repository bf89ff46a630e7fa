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

/** The settings of SmolLM2-135M, a Llama. */
export const LLAMA: DrawnModel = {
  id: "HuggingFaceTB/SmolLM2-135M-Instruct",
  config: parseConfig({
    ...{ model_type: "llama", hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30 },
    ...{ num_attention_heads: 9, num_key_value_heads: 3, vocab_size: 49152, tie_word_embeddings: true },
    ...{ bos_token_id: 1, eos_token_id: 2, max_position_embeddings: 8192 },
  }),
};
