"""Writes tests/goldens/configs.json: what transformers reads in settings of the families, such as published files have.

    .venv-oracle/bin/python scripts/oracles/config_goldens.py
"""

import json

import transformers

NAMES = {
    "vocabSize": "vocab_size",
    "positions": "max_position_embeddings",
    "nEmbd": "hidden_size",
    "nLayer": "num_hidden_layers",
    "nHead": "num_attention_heads",
    "tieWordEmbeddings": "tie_word_embeddings",
    "bosTokenId": "bos_token_id",
    "eosTokenId": "eos_token_id",
}
LLAMA = {"nInner": "intermediate_size", "activationFunction": "hidden_act", "rmsNormEps": "rms_norm_eps",
         "numKeyValueHeads": "num_key_value_heads", "rope": "rope_parameters"}
BERT = {"nInner": "intermediate_size", "activationFunction": "hidden_act", "typeVocabSize": "type_vocab_size",
        "layerNormEps": "layer_norm_eps", "padTokenId": "pad_token_id"}
OWN = {
    "llama": {**LLAMA, "headDim": "head_dim", "attentionBias": "attention_bias", "mlpBias": "mlp_bias"},
    "mistral": {**LLAMA, "headDim": "head_dim", "slidingWindow": "sliding_window"},
    "qwen2": {**LLAMA, "slidingWindow": "sliding_window"},
    "gpt_neox": {"nInner": "intermediate_size", "activationFunction": "hidden_act", "layerNormEps": "layer_norm_eps",
                 "useParallelResidual": "use_parallel_residual", "attentionBias": "attention_bias",
                 "rope": "rope_parameters"},
    "opt": {"nInner": "ffn_dim", "activationFunction": "activation_function", "enableBias": "enable_bias"},
    "bert": BERT,
    "distilbert": {"nInner": "hidden_dim", "activationFunction": "activation"},
    "roberta": BERT,
}

SMALL = {"hidden_size": 64, "num_attention_heads": 8, "num_hidden_layers": 4}
LLAMA3 = {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
          "rope_type": "llama3"}
FULL, SLIDING = "full_attention", "sliding_attention"

# Only what differs from the defaults, by model type; the names say where such files are found.
CASES = [
    *((model_type, "defaults", {}) for model_type in OWN),
    ("llama", "Llama 2", {"num_key_value_heads": None, "head_dim": None, "rms_norm_eps": 1e-5, "pretraining_tp": 2,
                          "max_position_embeddings": 4096, "rope_scaling": None, "torch_dtype": "float16"}),
    ("llama", "Llama 3.2 1B", {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "head_dim": 64,
                               "num_key_value_heads": 8, "max_position_embeddings": 131072, "rope_theta": 500000.0,
                               "rope_scaling": LLAMA3, "tie_word_embeddings": True, "vocab_size": 128256,
                               "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009]}),
    ("llama", "SmolLM2", {"hidden_size": 576, "num_attention_heads": 9, "num_key_value_heads": 3, "rope_theta": 100000,
                          "rope_interleaved": False, "rope_scaling": None, "intermediate_size": 1536,
                          "is_llama_config": True, "tie_word_embeddings": True}),
    ("llama", "heads that are wider than the model", {**SMALL, "head_dim": 20, "num_key_value_heads": 2}),
    ("llama", "rope of the old kind", {"rope_scaling": {"type": "linear", "factor": 2}}),
    ("llama", "rope of both kinds", {"rope_scaling": {"rope_type": "linear", "factor": 2.0}, "rope_theta": 5,
                                     "rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 7}}),
    ("llama", "an empty rope of the old kind", {"rope_scaling": {}, "rope_parameters": {"rope_type": "linear",
                                                                                        "factor": 3.0}}),
    ("llama", "a base beside the rope", {"rope_theta": 5, "rope_parameters": {"rope_type": "default"}}),
    ("llama", "a base in the rope and beside it", {"rope_theta": 5, "rope_parameters": {"rope_theta": 7}}),
    ("llama", "no first context", {"max_position_embeddings": 100, "rope_scaling": {
        name: value for name, value in LLAMA3.items() if not name.startswith("original")}}),
    ("llama", "a first context beside the rope", {"rope_scaling": LLAMA3, "original_max_position_embeddings": 512}),
    ("llama", "no ends", {"bos_token_id": None, "eos_token_id": None}),
    ("llama", "biases", {"attention_bias": True, "mlp_bias": True}),
    ("mistral", "Mistral 7B v0.1", {"sliding_window": 4096, "max_position_embeddings": 32768, "rope_theta": 10000.0}),
    ("mistral", "Mistral 7B v0.3", {"sliding_window": None, "max_position_embeddings": 32768, "rope_theta": 1000000.0,
                                    "vocab_size": 32768, "head_dim": None}),
    ("mistral", "Mistral Nemo", {"hidden_size": 5120, "head_dim": 128, "sliding_window": None}),
    ("mistral", "biases, which it has not", {"attention_bias": True, "mlp_bias": True}),
    ("qwen2", "Qwen2.5 0.5B", {"hidden_size": 896, "intermediate_size": 4864, "num_attention_heads": 14,
                               "num_hidden_layers": 24, "num_key_value_heads": 2, "max_window_layers": 21,
                               "sliding_window": 32768, "use_sliding_window": False, "rope_theta": 1000000.0,
                               "use_mrope": False, "tie_word_embeddings": True, "bos_token_id": 151643,
                               "eos_token_id": 151645}),
    ("qwen2", "windows after the last layer", {**SMALL, "num_key_value_heads": 2, "use_sliding_window": True,
                                               "sliding_window": 16, "max_window_layers": 4}),
    ("qwen2", "windows in the last layer", {**SMALL, "num_key_value_heads": 2, "use_sliding_window": True,
                                            "sliding_window": 16, "max_window_layers": 3}),
    ("qwen2", "windows by layer", {**SMALL, "num_key_value_heads": 2, "use_sliding_window": True, "sliding_window": 16,
                                   "layer_types": [FULL, SLIDING, FULL, FULL]}),
    ("qwen2", "windows in no layer", {**SMALL, "num_key_value_heads": 2, "use_sliding_window": True,
                                      "sliding_window": 16, "max_window_layers": 0, "layer_types": [FULL] * 4}),
    ("qwen2", "no window", {**SMALL, "num_key_value_heads": 2, "use_sliding_window": True, "sliding_window": None,
                            "max_window_layers": 0}),
    ("qwen2", "no number of shared heads", {**SMALL, "num_key_value_heads": None}),
    ("qwen2", "a bias, which it always has", {"attention_bias": False}),
    ("gpt_neox", "Pythia 70M", {"hidden_size": 512, "num_attention_heads": 8, "num_hidden_layers": 6,
                                "intermediate_size": 2048, "vocab_size": 50304, "eos_token_id": 0, "rotary_pct": 0.25,
                                "rotary_emb_base": 10000, "torch_dtype": "float16", "use_parallel_residual": True}),
    ("gpt_neox", "a base of the old kind", {"rotary_emb_base": 500, "rotary_pct": 1.0}),
    ("gpt_neox", "a base of another family", {"rotary_emb_base": 500, "rope_theta": 700, "partial_rotary_factor": 0.5}),
    ("gpt_neox", "no biases", {"attention_bias": False, "use_parallel_residual": False}),
    ("gpt_neox", "rope of the old kind", {"rope_scaling": {"type": "linear", "factor": 2.0}, "rotary_pct": 0.5}),
    ("opt", "OPT 125M", {"word_embed_proj_dim": 768, "prefix": "</s>", "layerdrop": 0.0, "torch_dtype": "float16"}),
    ("opt", "no biases", {"enable_bias": False, "tie_word_embeddings": False}),
    ("bert", "bert-base-uncased", {"gradient_checkpointing": False, "position_embedding_type": "absolute"}),
    ("bert", "all-MiniLM-L6-v2", {"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536}),
    ("distilbert", "distilbert-base-uncased", {"tie_weights_": True, "sinusoidal_pos_embds": False}),
    ("distilbert", "names of other families", {"hidden_size": 24, "dim": 48, "num_attention_heads": 2, "n_heads": 3,
                                               "num_hidden_layers": 4, "n_layers": 5, "intermediate_size": 7,
                                               "hidden_dim": 9, "hidden_act": "relu", "activation": "gelu"}),
    ("roberta", "roberta-base", {"max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5}),
    ("roberta", "another padding", {"pad_token_id": 5}),
]


def main() -> None:
    goldens = []
    for model_type, name, changes in CASES:
        config = transformers.CONFIG_MAPPING[model_type].from_dict(json.loads(json.dumps(changes)))
        if hasattr(config, "rope_parameters"):
            config.standardize_rope_params()  # as the model does once more
        read = {own: getattr(config, theirs) for own, theirs in {**NAMES, **OWN[model_type]}.items()}
        if SLIDING not in getattr(config, "layer_types", [SLIDING]):
            read["slidingWindow"] = None  # in no layer
        goldens.append({"name": f"{model_type}: {name}", "config": {"model_type": model_type, **changes}, "read": read})
    with open("tests/goldens/configs.json", "w", encoding="utf-8") as file:
        rows = ",\n".join(json.dumps(golden) for golden in goldens)
        file.write(f'{{"transformers": "{transformers.__version__}", "configs": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main()
