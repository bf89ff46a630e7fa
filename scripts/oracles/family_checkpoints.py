"""Write the tiny random checkpoints of the families beside GPT-2 that the goldens are made from.

Run:   .venv-oracle/bin/python scripts/oracles/family_checkpoints.py
Pins:  numpy==2.4.6 torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<family>/<case>/config.json, model.safetensors; in some, config_v4.json

config.json is what transformers 5 writes; config_v4.json says the same as published files do, which transformers 4
wrote. As those of GPT-2, the weights come from a seeded generator and are far larger than a trained model's, biases and
gains included, so that patterns of attention are sharp and every number moves where something is mixed up. Names and
tied weights are as in published files; some cases have what only those have: masks, positions and frequencies that are
no weights, and BERT's older names.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedModel

GOLDENS = Path(__file__).resolve().parents[2] / "tests" / "goldens"
VOCABULARY, POSITIONS = 97, 48


@dataclass(frozen=True)
class Case:
    """One checkpoint: what its config says beyond the defaults, and how it is stored."""

    family: str
    name: str
    seed: int
    config: dict
    model_type: str = ""
    kind: type = AutoModelForCausalLM
    dtype: torch.dtype = torch.float32
    # How transformers 4 says what its fifth version says otherwise.
    version_4: dict = field(default_factory=dict)
    # Published files of this kind carry constants.
    constants: bool = False
    old_names: bool = False

    @property
    def folder(self) -> Path:
        return GOLDENS / self.family / self.name


SHARED = {
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "num_hidden_layers": 2,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}
LLAMA = SHARED | {
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
NEOX = SHARED | {
    "hidden_size": 32,
    "intermediate_size": 44,
    "num_attention_heads": 2,
    "hidden_act": "gelu",
    "tie_word_embeddings": False,
}
OPT = SHARED | {
    "hidden_size": 24,
    "ffn_dim": 40,
    "num_attention_heads": 3,
    "word_embed_proj_dim": 24,
    "pad_token_id": 1,
    "activation_function": "relu",
    "do_layer_norm_before": True,
}
BERT = SHARED | {
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_attention_heads": 3,
    "type_vocab_size": 2,
    "pad_token_id": 0,
}
DISTILBERT = {
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "n_layers": 2,
    "n_heads": 3,
    "dim": 24,
    "hidden_dim": 40,
    "pad_token_id": 0,
}

CASES = [
    Case("llama", "grouped", 201, LLAMA),
    Case("llama", "multi_query_tied", 202, LLAMA | {"num_key_value_heads": 1, "tie_word_embeddings": True}),
    # Wave lengths of 6 to 199 tokens: one is left, one lies between, two are stretched.
    Case(
        "llama",
        "llama3_rope",
        207,
        LLAMA
        | {"num_attention_heads": 3, "num_key_value_heads": 1, "rope_parameters": LLAMA3 | {"rope_theta": 100.0}},
        version_4={"rope_theta": 100.0, "rope_scaling": LLAMA3},
    ),
    Case(
        "llama",
        "linear_rope",
        204,
        LLAMA | {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}},
        version_4={"rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 4.0}},
    ),
    Case(
        "llama",
        "head_dim_biases",
        205,
        LLAMA | {"head_dim": 6, "attention_bias": True, "mlp_bias": True, "rms_norm_eps": 1e-2},
    ),
    Case(
        "llama",
        "odd",
        208,
        LLAMA
        | {
            "hidden_size": 27,
            "intermediate_size": 37,
            "num_attention_heads": 3,
            "num_key_value_heads": 3,
            "head_dim": 10,
            "num_hidden_layers": 3,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
        },
        dtype=torch.bfloat16,
    ),
    Case("mistral", "mistral", 211, LLAMA | {"sliding_window": None}),
    Case("qwen2", "qwen2", 221, LLAMA | {"use_sliding_window": False, "tie_word_embeddings": True}),
    Case(
        "gpt_neox",
        "parallel",
        231,
        NEOX
        | {
            "use_parallel_residual": True,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.25},
        },
        version_4={"rotary_emb_base": 10000, "rotary_pct": 0.25, "rope_scaling": None},
        constants=True,
    ),
    Case(
        "gpt_neox",
        "sequential",
        232,
        NEOX
        | {
            "use_parallel_residual": False,
            "attention_bias": True,
            "layer_norm_eps": 1e-2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 1.0},
        },
        version_4={"rotary_emb_base": 10000, "rotary_pct": 1.0, "rope_scaling": None},
    ),
    Case("opt", "pre_norm", 241, OPT),
    Case("opt", "projected", 242, OPT | {"word_embed_proj_dim": 14}),
    Case("bert", "bert", 251, BERT, kind=AutoModelForMaskedLM),
    Case("bert", "old_names", 252, BERT, kind=AutoModelForMaskedLM, old_names=True),
    Case("bert", "no_head", 253, BERT | {"hidden_act": "gelu_new"}, kind=AutoModel, constants=True),
    Case("bert", "untied", 256, BERT | {"tie_word_embeddings": False}, kind=AutoModelForMaskedLM),
    Case("bert", "distilbert", 254, DISTILBERT, model_type="distilbert", kind=AutoModelForMaskedLM),
    Case(
        "bert",
        "roberta",
        255,
        # A text begins at position 2, behind that of padding.
        BERT | {"type_vocab_size": 1, "pad_token_id": 1, "max_position_embeddings": POSITIONS + 2},
        model_type="roberta",
        kind=AutoModelForMaskedLM,
    ),
]


@torch.no_grad()
def fill(model: PreTrainedModel, random: np.random.Generator) -> None:
    """Random numbers for every weight, in the order of their names; sinusoids are none."""
    for name, weight in sorted(model.named_parameters()):
        if not weight.requires_grad:
            continue
        of_norm = "norm" in name.lower()
        if name.endswith("bias"):
            values = random.normal(0.0, 0.2, weight.shape)
        elif of_norm:
            values = random.normal(1.0, 0.3, weight.shape)
        elif "embed" in name:
            values = random.normal(0.0, 0.4, weight.shape)
        else:
            values = random.normal(0.0, 1.2 / weight.shape[1] ** 0.5, weight.shape)
        weight.copy_(torch.from_numpy(values))


def constants(case: Case, model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """What published files carry although it is no weight; a loader has to skip it."""
    if not case.constants:
        return {}
    if case.family == "bert":
        return {"embeddings.position_ids": torch.arange(POSITIONS)[None]}
    found = {}
    mask = torch.ones(1, 1, POSITIONS, POSITIONS, dtype=torch.bool).tril()
    for layer in range(model.config.num_hidden_layers):
        attention = f"gpt_neox.layers.{layer}.attention"
        found |= {
            f"{attention}.bias": mask.clone(),
            f"{attention}.masked_bias": torch.tensor(-1e9),
            f"{attention}.rotary_emb.inv_freq": model.gpt_neox.rotary_emb.inv_freq.clone(),
        }
    return found


def old_names(tensors: dict[str, torch.Tensor], width: int) -> dict[str, torch.Tensor]:
    """The names of BERT's first checkpoints, with the head for pairs of sentences that no one asks."""
    new = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    found = {}
    for name, tensor in tensors.items():
        for ours, theirs in new.items():
            name = name.replace(ours, theirs)
        found[name] = tensor
    return found | {
        "bert.pooler.dense.weight": torch.eye(width),
        "bert.pooler.dense.bias": torch.zeros(width),
        "cls.seq_relationship.weight": torch.ones(2, width),
        "cls.seq_relationship.bias": torch.zeros(2),
    }


def version_4(case: Case, config: dict) -> dict:
    """The config as transformers 4 wrote it."""
    config = {name: value for name, value in config.items() if name not in ("rope_parameters", "dtype")}
    return config | case.version_4 | {"torch_dtype": "float32", "transformers_version": "4.46.0"}


def write_json(path: Path, value: dict) -> None:
    """Store a config."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def write_case(case: Case) -> int:
    """Write one checkpoint; the answer is the size of its weights file in bytes."""
    config = AutoConfig.for_model(case.model_type or case.family, **case.config)
    torch.manual_seed(case.seed)
    model = case.kind.from_config(config).float()
    fill(model, np.random.default_rng(case.seed))
    model = model.to(case.dtype)
    case.folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(case.folder)
    (case.folder / "generation_config.json").unlink(missing_ok=True)
    if case.version_4:
        written = json.loads((case.folder / "config.json").read_text())
        write_json(case.folder / "config_v4.json", version_4(case, written))
    path = case.folder / "model.safetensors"
    if case.constants or case.old_names:
        tensors = load_file(path) | constants(case, model)
        tensors = old_names(tensors, config.hidden_size) if case.old_names else tensors
        save_file(tensors, path, metadata={"format": "pt"})
    return path.stat().st_size


if __name__ == "__main__":
    for case in CASES:
        print(f"{case.family}/{case.name}: {write_case(case)} bytes")
