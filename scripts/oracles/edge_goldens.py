"""Take the edges between heads of the tiny checkpoints by autograd, one run for each head that reads.

Run:   .venv-oracle/bin/python scripts/oracles/edge_goldens.py   (after patching_goldens.py, whose texts these are)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<case>/edges.safetensors, edges.json

Edge attribution patching (Syed et al. 2023, https://arxiv.org/abs/2310.10348), from the clean text into the corrupted one:
for a head that reads, the columns of its queries (or keys, or values) are computed once more from a copy x of the stream
that enters its block, through the norm and the projection of the block; autograd gives the gradient of the metric with
respect to x, by way of these columns alone. What a head writes is its part of the input of the output projection times its
rows of that matrix. Computed in float64, rounded to float32. L layers, H heads, K heads of keys and values:

    <metric>/query              F32 [L, H, L, H]   sum over tokens (clean - corrupted written) gradient; 0 unless later
    <metric>/key, /value        F32 [L, H, L, K]

    <metric>: logitDifference | probability, at `position`: from the row before it, while all of the text is read
"""

import json
from pathlib import Path

import safetensors
import torch
import transformers
from anatomy import blocks, in_float64, load
from patching_goldens import metrics, parts, seen
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedModel

from gpt2_goldens import GOLDENS

FOLDER = GOLDENS.parent
CASES = {"gpt2/f32": 9, "gpt2/twelve_layers": 8, "llama/grouped": 7, "gpt_neox/parallel": 8, "opt/pre_norm": 6}
METRICS = ["logitDifference", "probability"]
KINDS = ["query", "key", "value"]


def reading(model: PreTrainedModel, layer: int, kind: str, head: int) -> tuple[nn.Module, nn.Module, slice]:
    """The norm before an attention, the projection of a kind, and the columns of a head in that."""
    block, config = blocks(model)[layer], model.config
    D = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    n = KINDS.index(kind)
    if config.model_type == "gpt2":
        start = n * config.hidden_size + head * D
        return block.ln_1, block.attn.c_attn, slice(start, start + D)
    if config.model_type == "gpt_neox":
        start = (3 * head + n) * D
        return block.input_layernorm, block.attention.query_key_value, slice(start, start + D)
    projection = block.self_attn.get_submodule(f"{kind[0]}_proj")
    norm = block.self_attn_layer_norm if config.model_type == "opt" else block.input_layernorm
    return norm, projection, slice(head * D, (head + 1) * D)


def gradient(model: PreTrainedModel, ids: list[int], position: int, place: tuple, layer: int, metric) -> torch.Tensor:
    """Of a metric with respect to the stream that one head reads one kind of numbers from, `[T, C]`."""
    norm, projection, columns = place
    x = seen(model, ids, "resid", layer).clone().requires_grad_()

    def replaced(_, __, output):
        if not replaced.on:
            return output
        replaced.on = False
        own = projection(norm(x)).reshape(output.shape)
        changed = output.clone()
        changed[..., columns] = own[..., columns]
        return changed

    replaced.on = True
    handle = projection.register_forward_hook(replaced)
    try:
        logits = model(torch.tensor([ids])).logits[0, position - 1]
        (found,) = torch.autograd.grad(metric(logits), x)
    finally:
        handle.remove()
    return found


def written(model: PreTrainedModel, ids: list[int], layer: int) -> torch.Tensor:
    """What each head of a layer adds to the stream, `[H, T, C]`."""
    _, projection, _ = parts(model, layer)
    z = seen(model, ids, "z", layer)
    H = model.config.num_attention_heads
    heads = z.reshape(len(ids), H, -1).transpose(0, 1)  # [H, T, D]
    stored_in_out = type(projection).__name__ == "Conv1D"
    weight = projection.weight.detach() if stored_in_out else projection.weight.detach().T  # [H D, C]
    return heads @ weight.reshape(H, -1, weight.shape[1])


def edges(model: PreTrainedModel, texts: dict, position: int) -> dict[str, torch.Tensor]:
    """All edges by the names that they are stored as."""
    clean, corrupted = texts["clean"], texts["corrupted"]
    L, H = len(blocks(model)), model.config.num_attention_heads
    K = getattr(model.config, "num_key_value_heads", None) or H
    named = metrics(texts["target"], texts["contrast"], torch.zeros(model.config.vocab_size))
    sent = [written(model, clean, layer) - written(model, corrupted, layer) for layer in range(L)]
    found = {}
    for name in METRICS:
        for kind in KINDS:
            R = H if kind == "query" else K
            result = torch.zeros(L, H, L, R, dtype=torch.float64)
            for layer in range(1, L):
                for head in range(R):
                    own = gradient(model, corrupted, position, reading(model, layer, kind, head), layer, named[name])
                    for earlier in range(layer):
                        result[earlier, :, layer, head] = (sent[earlier] * own).sum((1, 2))
            found[f"{name}/{kind}"] = result
    return found


def make_case(folder: Path, position: int) -> None:
    """Store everything about one checkpoint."""
    model = in_float64(load(folder))
    texts = json.loads((folder / "patching.json").read_text())
    found = edges(model, texts, position)
    least = {key: float(value.abs().max()) for key, value in found.items()}
    assert min(least.values()) > 1e-5, (folder, least)
    save_file({key: value.float().contiguous() for key, value in found.items()}, folder / "edges.safetensors")
    metadata = {
        "producer": "scripts/oracles/edge_goldens.py",
        "versions": {module.__name__: module.__version__ for module in (torch, transformers, safetensors)},
        "position": position,
    }
    (folder / "edges.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{folder.name}: greatest {least}, {(folder / 'edges.safetensors').stat().st_size} bytes")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name, position in CASES.items():
        make_case(FOLDER / name, position)
