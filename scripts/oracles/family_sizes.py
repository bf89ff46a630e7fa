"""Writes tests/goldens/family_sizes.json: how many parameters transformers counts in models of the families.

The models are built without memory ("meta" device) from settings of published checkpoints, and from variants.

    .venv-oracle/bin/python scripts/oracles/family_sizes.py
"""

import json

import torch
import transformers

SIZES = {
    "Llama 7B": ("llama", {}),
    "Llama 3.2 1B": ("llama", {"vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 8192, "head_dim": 64,
                               "num_hidden_layers": 16, "num_key_value_heads": 8, "tie_word_embeddings": True}),
    "SmolLM2 135M": ("llama", {"vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
                               "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
                               "tie_word_embeddings": True}),
    "a Llama with biases": ("llama", {"hidden_size": 24, "num_attention_heads": 6, "num_key_value_heads": 2,
                                      "head_dim": 6, "attention_bias": True, "mlp_bias": True}),
    "Mistral 7B": ("mistral", {}),
    "Qwen2.5 0.5B": ("qwen2", {"hidden_size": 896, "intermediate_size": 4864, "num_attention_heads": 14,
                               "num_hidden_layers": 24, "num_key_value_heads": 2, "tie_word_embeddings": True}),
    "Pythia 70M": ("gpt_neox", {"vocab_size": 50304, "hidden_size": 512, "intermediate_size": 2048,
                                "num_attention_heads": 8, "num_hidden_layers": 6}),
    "a GPT-NeoX without biases": ("gpt_neox", {"hidden_size": 64, "attention_bias": False, "num_attention_heads": 4,
                                               "tie_word_embeddings": True}),
    "OPT 125M": ("opt", {}),
    "an OPT without biases": ("opt", {"enable_bias": False, "tie_word_embeddings": False}),
    "BERT base": ("bert", {}),
    "DistilBERT base": ("distilbert", {}),
    "RoBERTa base": ("roberta", {"max_position_embeddings": 514, "type_vocab_size": 1}),
    "an untied DistilBERT": ("distilbert", {"tie_word_embeddings": False}),
}
ENCODERS = ("bert", "distilbert", "roberta")
HEADS = ("lm_head", "embed_out", "cls", "vocab_transform", "vocab_layer_norm", "vocab_projector")


def part(name: str) -> str:
    module = name.split(".")
    if any("norm" in one.lower() for one in module):
        return "norm"
    if module[0] in HEADS:
        return "unembedding"
    if any("attn" in one or one == "attention" for one in module):
        return "attention"
    if any(one in ("mlp", "fc1", "fc2", "ffn", "intermediate", "output") for one in module):
        return "mlp"
    return "embedding"


def main() -> None:
    goldens = []
    for name, (model_type, settings) in SIZES.items():
        config = transformers.CONFIG_MAPPING[model_type](**settings)
        kind = transformers.AutoModelForMaskedLM if model_type in ENCODERS else transformers.AutoModelForCausalLM
        with torch.device("meta"):
            model = kind.from_config(config)
        parts = {"embedding": 0, "attention": 0, "mlp": 0, "norm": 0, "unembedding": 0}
        for parameter, value in model.named_parameters():
            parts[part(parameter)] += value.numel()
        blocks = [value for value in model.modules() if isinstance(value, torch.nn.ModuleList)]
        goldens.append({
            "name": name,
            "config": {"model_type": model_type, **settings},
            "parameters": model.num_parameters(),
            "perBlock": sum(value.numel() for value in blocks[0][0].parameters()),
            "parts": parts,
        })
    with open("tests/goldens/family_sizes.json", "w", encoding="utf-8") as file:
        rows = ",\n".join(json.dumps(golden) for golden in goldens)
        file.write(f'{{"transformers": "{transformers.__version__}", "models": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main()
