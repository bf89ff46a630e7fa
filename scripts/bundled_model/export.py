"""Export the newest checkpoint as a Hugging Face GPT-2 model in float16.

Pinned: torch==2.13.0, safetensors==0.8.0 (scripts/requirements-oracle.txt). Weight matrices are stored input-first, as
in GPT-2's Conv1D; the output projection is tied to the token embedding and not stored. Files are replaced whole.
"""

import argparse
import json
from pathlib import Path

import torch
from model import SIZES
from safetensors.torch import save_file
from torch import Tensor

END_OF_TEXT_ID = SIZES["vocab_size"] - 1


def configuration(sizes: dict[str, int] = SIZES, end_id: int = END_OF_TEXT_ID) -> dict:
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        **sizes,
        "n_inner": None,
        "activation_function": "gelu_new",
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "layer_norm_epsilon": 1e-05,
        "initializer_range": 0.02,
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "reorder_and_upcast_attn": False,
        "tie_word_embeddings": True,
        "use_cache": True,
        "bos_token_id": end_id,
        "eos_token_id": end_id,
        "dtype": "float16",
        "torch_dtype": "float16",
    }


def checkpoint_tensors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    tensors = {}
    for name, tensor in state.items():
        is_matrix = tensor.dim() == 2 and name.startswith("h.")
        stored = tensor.t() if is_matrix else tensor
        tensors[f"transformer.{name}"] = stored.to(torch.float16).contiguous()
    return tensors


def write_json(path: Path, value: dict) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def write_weights(path: Path, state: dict[str, Tensor]) -> None:
    temporary = path.with_suffix(".tmp")
    save_file(checkpoint_tensors(state), temporary, metadata={"format": "pt"})
    temporary.chmod(0o644)
    temporary.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, default=Path(".train/checkpoint.pt"))
    parser.add_argument("--out", type=Path, default=Path("models"))
    options = parser.parse_args()
    checkpoint = torch.load(options.checkpoint)

    write_json(options.out / "config.json", configuration())
    generation = {"bos_token_id": END_OF_TEXT_ID, "eos_token_id": END_OF_TEXT_ID, "do_sample": False}
    write_json(options.out / "generation_config.json", generation)
    weights = options.out / "model.safetensors"
    write_weights(weights, checkpoint["model"])
    print(f"step {checkpoint['step']}, {checkpoint['tokens']:,} tokens, {weights.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
