"""Where the parts of a language model of transformers are, and the same model in double precision.

Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)
"""

import copy
import functools
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from transformers import AutoModelForCausalLM, PreTrainedModel


@dataclass(frozen=True)
class Anatomy:
    """Names of the parts: `attention` and `down` within a block, the others within `base`."""

    base: str
    blocks: str
    final_norm: str
    attention: str
    # The last matrix of the feed-forward network: its input are the activations.
    down: str


LLAMA = Anatomy("model", "layers", "norm", "self_attn", "mlp.down_proj")
ANATOMIES = {
    "gpt2": Anatomy("transformer", "h", "ln_f", "attn", "mlp.c_proj"),
    "llama": LLAMA,
    "mistral": LLAMA,
    "qwen2": LLAMA,
    "gpt_neox": Anatomy("gpt_neox", "layers", "final_layer_norm", "attention", "mlp.dense_4h_to_h"),
    "opt": Anatomy("model.decoder", "layers", "final_layer_norm", "self_attn", "fc2"),
}


def anatomy(model: PreTrainedModel) -> Anatomy:
    """The names of the parts of a model."""
    return ANATOMIES[model.config.model_type]


def blocks(model: PreTrainedModel) -> nn.ModuleList:
    """The blocks, first one first."""
    names = anatomy(model)
    return model.get_submodule(f"{names.base}.{names.blocks}")


def final_norm(model: PreTrainedModel) -> nn.Module:
    """The normalisation before the head."""
    names = anatomy(model)
    return model.get_submodule(f"{names.base}.{names.final_norm}")


def head(model: PreTrainedModel, normed: torch.Tensor) -> torch.Tensor:
    """The logits of the final norm's output; some of OPT narrow it before."""
    project = getattr(model.get_submodule(anatomy(model).base), "project_out", None)
    return model.get_output_embeddings()(normed if project is None else project(normed))


def load(folder: Path, kind: type = AutoModelForCausalLM) -> PreTrainedModel:
    """The checkpoint in float32; fails if a weight is missing."""
    model, info = kind.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    return model.eval()


class Float64(TorchFunctionMode):
    """Computes in float64 what a model asks to have in float32: norms, rotations and softmax, for half-precision's sake."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        def widened(value):
            return torch.float64 if value is torch.float32 else value

        if function is torch.Tensor.float:
            function = torch.Tensor.double
        return function(*map(widened, args), **{name: widened(value) for name, value in (kwargs or {}).items()})


def in_float64(model: PreTrainedModel) -> PreTrainedModel:
    """A copy that computes everything in float64, the frequencies of rotary positions included."""
    model = copy.deepcopy(model).double()
    if model.config.model_type == "gpt2":
        # Upcasting attention means computing it in float32. Nothing else is asked to be that.
        for block in blocks(model):
            block.attn.reorder_and_upcast_attn = False
        return model
    for module in model.modules():
        if hasattr(module, "inv_freq"):
            with Float64():
                module.inv_freq = type(module)(module.config).inv_freq
            assert module.inv_freq.dtype == torch.float64
        _compute_in_float64(module)
    return model


def _compute_in_float64(module: nn.Module) -> None:
    forward = module.forward

    @functools.wraps(forward)
    def wide(*args, **kwargs):
        with Float64():
            return forward(*args, **kwargs)

    module.forward = wide
