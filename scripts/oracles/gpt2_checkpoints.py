"""Write the tiny random GPT-2 checkpoints that the goldens are made from.

Run:   .venv-oracle/bin/python scripts/oracles/gpt2_checkpoints.py
Pins:  numpy==2.4.6 torch==2.13.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/gpt2/<case>/config.json, model.safetensors

The weights come from a seeded generator and are far larger than a trained model's, biases and LayerNorm gains
included, so that a transposed matrix, a dropped bias or two swapped layers moves every number.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

GOLDENS = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "gpt2"


@dataclass(frozen=True)
class Case:
    """One checkpoint: what its config.json says beyond the defaults, and how its weights are stored."""

    name: str
    seed: int
    config: dict = field(default_factory=dict)
    dtype: torch.dtype = torch.float32
    prefix: str = "transformer."
    mask_buffers: bool = False
    # A head of its own although config.json ties it: transformers does not tie what differs.
    stored_head: bool = False


SMALL = {"n_layer": 2, "n_head": 2, "n_embd": 16, "vocab_size": 97, "n_positions": 48}

CASES = [
    Case("f32", 101, SMALL),
    Case("twelve_layers", 102, SMALL | {"n_layer": 12, "n_head": 3, "n_embd": 12}),
    Case("f16", 103, SMALL, dtype=torch.float16),
    Case("bf16", 104, SMALL, dtype=torch.bfloat16),
    Case("no_prefix", 105, SMALL, prefix="", mask_buffers=True),
    Case("gelu", 109, SMALL | {"activation_function": "gelu"}),
    Case("untied", 106, SMALL | {"tie_word_embeddings": False}),
    Case(
        "n_inner",
        107,
        SMALL | {"n_inner": 40, "layer_norm_epsilon": 1e-3, "activation_function": "relu"},
    ),
    Case(
        "scaled",
        108,
        SMALL
        | {
            "n_layer": 3,
            "n_head": 4,
            "scale_attn_weights": True,
            "scale_attn_by_inverse_layer_idx": True,
            "reorder_and_upcast_attn": True,
        },
    ),
    Case("stored_head", 110, SMALL | {"tie_word_embeddings": True}, stored_head=True),
    # Of two names of a setting that differ, transformers takes the one that all models share.
    Case("f64", 111, SMALL | {"n_head": 4, "num_attention_heads": 2}, dtype=torch.float64),
]


def full_config(case: Case) -> dict:
    """config.json in the layout of the published GPT-2 checkpoints."""
    defaults = {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "attn_pdrop": 0.0,
        "bos_token_id": 0,
        "embd_pdrop": 0.0,
        "eos_token_id": 0,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5,
        "model_type": "gpt2",
        "n_ctx": case.config["n_positions"],
        "resid_pdrop": 0.0,
    }
    return defaults | case.config


def weights(
    config: dict, prefix: str, random: np.random.Generator, own_head: bool, dtype: type
) -> dict[str, np.ndarray]:
    """Random tensors under the names and shapes of a GPT-2 checkpoint. Conv1D matrices are [in, out]."""
    width, vocab = config["n_embd"], config["vocab_size"]
    inner = config.get("n_inner") or 4 * width

    def normal(*shape: int, std: float, mean: float = 0.0) -> np.ndarray:
        return random.normal(mean, std, shape).astype(dtype)

    tensors = {
        "wte.weight": normal(vocab, width, std=0.3),
        "wpe.weight": normal(config["n_positions"], width, std=0.2),
    }
    for layer in range(config["n_layer"]):
        for name, shape in {
            "attn.c_attn": (width, 3 * width),
            "attn.c_proj": (width, width),
            "mlp.c_fc": (width, inner),
            "mlp.c_proj": (inner, width),
        }.items():
            tensors[f"h.{layer}.{name}.weight"] = normal(*shape, std=0.25)
            tensors[f"h.{layer}.{name}.bias"] = normal(shape[1], std=0.2)
        for name in ("ln_1", "ln_2"):
            tensors[f"h.{layer}.{name}.weight"] = normal(width, mean=1.0, std=0.3)
            tensors[f"h.{layer}.{name}.bias"] = normal(width, std=0.2)
    tensors["ln_f.weight"] = normal(width, mean=1.0, std=0.3)
    tensors["ln_f.bias"] = normal(width, std=0.2)
    tensors = {prefix + name: tensor for name, tensor in tensors.items()}
    if own_head:
        tensors["lm_head.weight"] = normal(vocab, width, std=0.3)
    return tensors


def mask_buffers(config: dict, prefix: str) -> dict[str, np.ndarray]:
    """The causal masks that early checkpoints carry as tensors; a loader has to skip them."""
    positions = config["n_positions"]
    mask = np.tril(np.ones((1, 1, positions, positions), np.float32))
    buffers = {}
    for layer in range(config["n_layer"]):
        buffers[f"{prefix}h.{layer}.attn.bias"] = mask.copy()
        buffers[f"{prefix}h.{layer}.attn.masked_bias"] = np.array(-1e4, np.float32)
    return buffers


def write_case(case: Case) -> int:
    """Write one checkpoint; the answer is the size of its weights file in bytes."""
    folder = GOLDENS / case.name
    folder.mkdir(parents=True, exist_ok=True)
    config = full_config(case)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    own_head = case.stored_head or config.get("tie_word_embeddings") is False
    # Doubles that are no floats, so that a reader has to round them.
    dtype = np.float64 if case.dtype == torch.float64 else np.float32
    random = np.random.default_rng(case.seed)
    tensors = {
        name: torch.from_numpy(tensor).to(case.dtype)
        for name, tensor in weights(config, case.prefix, random, own_head, dtype).items()
    }
    if case.mask_buffers:
        buffers = mask_buffers(config, case.prefix)
        tensors |= {name: torch.from_numpy(buffer) for name, buffer in buffers.items()}
    path = folder / "model.safetensors"
    save_file(tensors, path, metadata={"format": "pt"})
    return path.stat().st_size


if __name__ == "__main__":
    for case in CASES:
        print(f"{case.name}: {write_case(case)} bytes")
