"""Write a GPT-2 small of random weights: the shape that every speed claim is measured on, without a download.

Run:   .venv-oracle/bin/python bench/make_random_gpt2.py [FOLDER]   (default .out/bench/gpt2-small-random)
Pins:  numpy==2.4.6 safetensors==0.8.0 (scripts/requirements-oracle.txt)

124 million float32 parameters (498 MB), tied, seeded, standard deviation 0.02 as GPT-2's initialisation. The tokenizer
has GPT-2's size, 50,257 tokens and 50,000 merges, but merges any two bytes, so prompts are ids.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

DEFAULT_FOLDER = Path(__file__).resolve().parents[1] / ".out" / "bench" / "gpt2-small-random"
END_OF_TEXT = "<|endoftext|>"
CONFIG = {
    "activation_function": "gelu_new",
    "architectures": ["GPT2LMHeadModel"],
    "attn_pdrop": 0.1,
    "bos_token_id": 50256,
    "embd_pdrop": 0.1,
    "eos_token_id": 50256,
    "initializer_range": 0.02,
    "layer_norm_epsilon": 1e-5,
    "model_type": "gpt2",
    "n_ctx": 1024,
    "n_embd": 768,
    "n_head": 12,
    "n_layer": 12,
    "n_positions": 1024,
    "resid_pdrop": 0.1,
    "vocab_size": 50257,
}


def weights(seed: int) -> dict[str, np.ndarray]:
    """The tensors of a freshly initialised GPT-2 small, under their Hugging Face names."""
    random = np.random.default_rng(seed)
    width = CONFIG["n_embd"]

    def normal(*shape: int) -> np.ndarray:
        return random.standard_normal(shape, np.float32) * np.float32(CONFIG["initializer_range"])

    tensors = {"wte.weight": normal(CONFIG["vocab_size"], width), "wpe.weight": normal(CONFIG["n_positions"], width)}
    norms = ["ln_f"]
    for layer in range(CONFIG["n_layer"]):
        norms += [f"h.{layer}.ln_1", f"h.{layer}.ln_2"]
        for name, shape in {
            "attn.c_attn": (width, 3 * width),
            "attn.c_proj": (width, width),
            "mlp.c_fc": (width, 4 * width),
            "mlp.c_proj": (4 * width, width),
        }.items():
            tensors[f"h.{layer}.{name}.weight"] = normal(*shape)
            tensors[f"h.{layer}.{name}.bias"] = np.zeros(shape[1], np.float32)
    for norm in norms:
        tensors[f"{norm}.weight"] = np.ones(width, np.float32)
        tensors[f"{norm}.bias"] = np.zeros(width, np.float32)
    return {f"transformer.{name}": tensor for name, tensor in tensors.items()}


def byte_characters() -> list[str]:
    """The character that stands for each byte in a byte-level vocabulary: itself if printable, else from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def tokenizer() -> dict:
    """tokenizer.json: byte-level BPE whose merges are pairs of bytes."""
    characters = byte_characters()
    count = CONFIG["vocab_size"] - len(characters) - 1
    merges = [(left, right) for left in characters for right in characters][:count]
    tokens = characters + [left + right for left, right in merges] + [END_OF_TEXT]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": len(tokens) - 1, "content": END_OF_TEXT, **special}],
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {token: index for index, token in enumerate(tokens)},
            "merges": [" ".join(merge) for merge in merges],
        },
    }


def main() -> None:
    """Write the four files of the checkpoint."""
    parser = argparse.ArgumentParser(description="Write a GPT-2 small of random weights.")
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--seed", type=int, default=20)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    tokenizer_config = {
        "tokenizer_class": "GPT2Tokenizer",
        "add_prefix_space": False,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
        "model_max_length": CONFIG["n_positions"],
    }
    for name, content in {
        "config.json": CONFIG,
        "tokenizer.json": tokenizer(),
        "tokenizer_config.json": tokenizer_config,
    }.items():
        (arguments.folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    path = arguments.folder / "model.safetensors"
    save_file(weights(arguments.seed), path, metadata={"format": "pt"})
    print(f"{path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
