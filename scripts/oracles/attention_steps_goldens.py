"""What attention computes on its way, taken with hooks from tiny checkpoints and the bundled model in transformers.

Run:   .venv-oracle/bin/python scripts/oracles/attention_steps_goldens.py   (after gpt2_checkpoints.py, family_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/attention_steps.safetensors, attention_steps.json

For each case, of eight tokens and one layer: queries, keys and values by head, after they were turned by their positions
where the family does so; the scores before and after they are scaled and masked; the attention probabilities; the sums of
values by head side by side, which is what the projection reads; what attention and the feed-forward network add to the
stream. Everything is computed in float64 and rounded to float32.

Queries, keys and values are taken from the function that transformers computes attention with, which is replaced by one
that records what it is given and computes the same; that it does is asserted.
"""

import json
import math
from pathlib import Path

import torch
import transformers
from anatomy import anatomy, blocks, in_float64, load
from safetensors.torch import save_file
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens"
CASES = {
    "gpt2/n_inner": 1,
    "gpt2/scaled": 1,
    "llama/grouped": 1,
    "gpt_neox/parallel": 1,
}
BUNDLED_LAYER = 4
BUNDLED_IDS = "The keys to the cabinet are on the"
TOKENS = 8
PROJECTION = {"gpt2": "c_proj", "gpt_neox": "dense"}


def recording(seen: dict[int, dict[str, torch.Tensor]]):
    """Attention as transformers' `eager_attention_forward` computes it, which keeps what it reads and finds."""

    def attend(module, query, key, value, attention_mask, scaling=None, **_):
        layer = len(seen)
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        if getattr(module, "scale_attn_by_inverse_layer_idx", False):
            scale = scale if scaling is not None else scale / (module.layer_idx + 1)
        groups = query.shape[1] // key.shape[1]
        keys, values = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        scores = query @ keys.transpose(-1, -2)
        T = query.shape[2]
        later = torch.ones(T, T, dtype=torch.bool).triu(1)
        masked = (scores * scale).masked_fill(later, -math.inf)
        weights = masked.softmax(-1)
        seen[layer] = {
            "queries": query[0], "keys": key[0], "values": value[0], "scores": scores[0],
            "attention": weights[0], "scale": torch.tensor([scale], dtype=torch.float64),
        }
        return (weights @ values).transpose(1, 2).contiguous(), weights

    return attend


@torch.no_grad()
def steps_of(model, ids: list[int], layer: int) -> dict[str, torch.Tensor]:
    """All stages of one layer."""
    tokens = torch.tensor([ids])
    own = model(tokens, output_attentions=True)
    seen: dict[int, dict[str, torch.Tensor]] = {}
    caught: dict[str, torch.Tensor] = {}
    names = anatomy(model)
    block = blocks(model)[layer]
    attention = block.get_submodule(names.attention)
    project = attention.get_submodule(PROJECTION.get(model.config.model_type, "o_proj"))
    hooks = [
        project.register_forward_pre_hook(lambda _, args: caught.update(headSums=args[0].reshape(len(ids), -1))),
        project.register_forward_hook(lambda _, __, out: caught.update(attentionOutputs=out.reshape(len(ids), -1))),
        block.get_submodule(names.down).register_forward_hook(
            lambda _, __, out: caught.update(mlpOutputs=out.reshape(len(ids), -1))
        ),
    ]
    ALL_ATTENTION_FUNCTIONS.register("recording", recording(seen))
    before = model.config._attn_implementation
    model.config._attn_implementation = "recording"
    logits = model(tokens).logits
    model.config._attn_implementation = before
    for hook in hooks:
        hook.remove()
    assert (logits - own.logits).abs().max() < 1e-10, "what records computes something else"
    assert (seen[layer]["attention"] - own.attentions[layer][0]).abs().max() < 1e-12
    return seen[layer] | caught


def main() -> None:
    """All cases."""
    arrays, cases = {}, {}
    for name, layer in CASES.items():
        model = in_float64(load(GOLDENS / name))
        ids = torch.randint(3, model.config.vocab_size, (TOKENS,), generator=torch.Generator().manual_seed(17)).tolist()
        cases[name] = {"layer": layer, "tokenIds": ids}
        for array, values in steps_of(model, ids, layer).items():
            arrays[f"{name}/{array}"] = values.float().contiguous()
    bundled = in_float64(load(ROOT / "models"))
    ids = transformers.AutoTokenizer.from_pretrained(ROOT / "models")(BUNDLED_IDS)["input_ids"]
    cases["bundled"] = {"layer": BUNDLED_LAYER, "tokenIds": ids}
    for array, values in steps_of(bundled, ids, BUNDLED_LAYER).items():
        arrays[f"bundled/{array}"] = values.float().contiguous()
    save_file(arrays, GOLDENS / "attention_steps.safetensors")
    metadata = {
        "producer": "scripts/oracles/attention_steps_goldens.py",
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "reference": "float64, rounded to float32",
        "cases": cases,
    }
    (GOLDENS / "attention_steps.json").write_text(json.dumps(metadata, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    main()
