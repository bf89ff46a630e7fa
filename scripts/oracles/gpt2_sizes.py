"""Writes tests/goldens/gpt2_sizes.json: how many parameters transformers counts in GPT-2 models.

The models are built without memory ("meta" device) from the settings of OpenAI's checkpoints, and from variants with
another MLP width and with logits of their own weights.

    .venv-oracle/bin/python scripts/oracles/gpt2_sizes.py
"""

import json

import torch
import transformers

SIZES = {
    "gpt2": {},
    "gpt2-medium": {"n_embd": 1024, "n_layer": 24, "n_head": 16},
    "gpt2-large": {"n_embd": 1280, "n_layer": 36, "n_head": 20},
    "gpt2-xl": {"n_embd": 1600, "n_layer": 48, "n_head": 25},
    "distilgpt2": {"n_layer": 6},
    "bundled": {"vocab_size": 4096, "n_positions": 256, "n_embd": 256, "n_layer": 6, "n_head": 8, "bos_token_id": 4095,
                "eos_token_id": 4095},
    "narrow MLP": {"n_inner": 512, "n_layer": 3},
    "untied": {"tie_word_embeddings": False, "n_layer": 2},
}


def parts(model: torch.nn.Module) -> dict[str, int]:
    """Parameters by the modules they are in, tied ones once."""
    counts = {"embedding": 0, "attention": 0, "mlp": 0, "norm": 0, "unembedding": 0}
    for name, parameter in model.named_parameters():
        module = name.split(".")
        part = (
            "unembedding" if module[0] == "lm_head"
            else "norm" if any(one.startswith("ln_") for one in module)
            else "attention" if "attn" in module
            else "mlp" if "mlp" in module
            else "embedding"
        )
        counts[part] += parameter.numel()
    return counts


def main() -> None:
    goldens = []
    for name, settings in SIZES.items():
        config = transformers.GPT2Config(**settings)
        with torch.device("meta"):
            model = transformers.GPT2LMHeadModel(config)
        goldens.append({
            "name": name,
            "config": {"model_type": "gpt2", **settings},
            "parameters": model.num_parameters(),
            "perBlock": sum(parameter.numel() for parameter in model.transformer.h[0].parameters()),
            "parts": parts(model),
        })
    with open("tests/goldens/gpt2_sizes.json", "w", encoding="utf-8") as file:
        json.dump({"transformers": transformers.__version__, "models": goldens}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
