"""Take logits of changed tiny checkpoints apart with PyTorch: each part is carried forwards, through the changes, to its end.

Run:   .venv-oracle/bin/python scripts/oracles/changed_attribution_goldens.py   (after logit_attribution_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<family>/<case>/changed_attribution.json

Computed in float64. `changes` are as `model.with` takes them, `tokenIds` the text, of which the likeliest next token is
taken apart. What a part wrote is multiplied by every change that it passes; what a change adds or sets is a part of its
own, under `added` by its site. All parts add up to the logit, which is asserted.
"""

import json
import math

import safetensors
import torch
import transformers
from anatomy import anatomy, blocks, final_norm, in_float64, load
from changes import Changed, changed
from gpt2_goldens import GOLDENS
from logit_attribution_goldens import embeddings, is_layer_norm, matrix, output_layer
from transformers import PreTrainedModel

CASES = ["gpt2/f32", "llama/grouped", "gpt_neox/parallel"]


def changes_of(model: PreTrainedModel, T: int) -> list[dict]:
    """Changes of every kind of place that adds to the stream, or is it."""
    C = model.config.hidden_size
    vector = [round(32 * math.sin(c)) / 64 for c in range(C)]  # float32 holds it, whatever it is read as
    return [
        {"site": "embed", "scale": 0.75},
        {"site": "z.0", "heads": [1], "scale": 0.5},
        {"site": "attn_out.0", "positions": [T - 1, 1], "add": vector},
        {"site": "resid.1", "scale": 0.875},
        {"site": "mlp_out.0", "scale": 1.5},
        {"site": "resid_mid.1", "positions": [0], "add": vector},
        {"site": "mlp_out.1", "add": [-x / 4 for x in vector]},
        {"site": "resid.2", "positions": [T - 1], "add": vector},
        {"site": "resid.2", "scale": 1.25},
    ]


class Chain:
    """What changes make of a vector of the last token."""

    def __init__(self, changes: list[dict], T: int, unit: int):
        self.changes, self.T, self.unit = changes, T, unit

    def affine(self, site: str, vector: torch.Tensor) -> torch.Tensor:
        rows = vector.repeat(self.T, 1)
        for change in (one for one in self.changes if one["site"] == site):
            rows = changed(rows, change, self.unit if site.startswith("z.") else 1)
        return rows[-1]

    def shift(self, site: str, width: int) -> torch.Tensor:
        return self.affine(site, torch.zeros(width, dtype=torch.float64))

    def linear(self, sites: list[str], vector: torch.Tensor) -> torch.Tensor:
        for site in sites:
            vector = self.affine(site, vector) - self.shift(site, len(vector))
        return vector


@torch.no_grad()
def attribution(model: PreTrainedModel, ids: list[int], changes: list[dict]) -> dict:
    """Every part of the logit of the likeliest next token."""
    with Changed(model, changes) as inside:
        logits = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
    last = {site: value[-1] for site, value in inside.seen.items() if value.dim() == 2}
    L, H, C, T = len(blocks(model)), model.config.num_attention_heads, model.config.hidden_size, len(ids)
    chain = Chain(changes, T, len(last["z.0"]) // H)
    stream = [site for i in range(L) for site in (f"resid.{i}", f"resid_mid.{i}")] + [f"resid.{L}"]
    after = lambda site: stream[stream.index(site) + 1 :]
    target = int(logits.argmax())
    norm, x, u = final_norm(model), last[f"resid.{L}"], model.get_output_embeddings().weight[target]
    epsilon = getattr(norm, "eps", None) or getattr(norm, "variance_epsilon", 0.0)
    centred = x - x.mean() if is_layer_norm(model) else x
    sigma = (centred.pow(2).mean() + epsilon).sqrt()

    def give(vector: torch.Tensor) -> float:
        moved = vector - vector.mean() if is_layer_norm(model) else vector
        return float((moved / sigma * norm.weight) @ u)

    found: dict = {"heads": [], "attentionBiases": [], "mlps": []}
    added = {}

    def add(site: str, width: int, onward) -> None:
        shift = chain.shift(site, width)
        if shift.abs().sum() > 0:
            added[site] = give(onward(shift))

    own = embeddings(model, ids[-1], T - 1)
    found["embedding"] = give(chain.linear(["embed", *stream], own["embedding"]))
    if "positionEmbedding" in own:
        found["positionEmbedding"] = give(chain.linear(stream, own["positionEmbedding"]))
    add("embed", C, lambda v: chain.linear(stream, v))
    for i, block in enumerate(blocks(model)):
        layer, down = output_layer(model, block), block.get_submodule(anatomy(model).down)
        out, rest = matrix(layer), ["resid_mid." + str(i), *after(f"resid_mid.{i}")]
        written = lambda z: chain.linear([f"attn_out.{i}", *rest], z @ out)
        z = last[f"z.{i}"]
        heads = [torch.where(torch.arange(len(z)) * H // len(z) == h, z, 0) for h in range(H)]
        found["heads"].append([give(written(own)) for own in heads])  # z is seen after its change, which only scales
        bias = torch.zeros(C).double() if layer.bias is None else layer.bias
        found["attentionBiases"].append(give(chain.linear([f"attn_out.{i}", *rest], bias)))
        mlp = last[f"neurons.{i}"] @ matrix(down) + (0 if down.bias is None else down.bias)
        found["mlps"].append(give(chain.linear([f"mlp_out.{i}", *after(f"resid_mid.{i}")], mlp)))
        add(f"resid.{i}", C, lambda v: chain.linear(after(f"resid.{i}"), v))
        add(f"attn_out.{i}", C, lambda v: chain.linear(rest, v))
        add(f"resid_mid.{i}", C, lambda v: chain.linear(after(f"resid_mid.{i}"), v))
        add(f"mlp_out.{i}", C, lambda v: chain.linear(after(f"resid_mid.{i}"), v))
    add(f"resid.{L}", C, lambda v: v)
    found["bias"] = float(norm.bias @ u) if is_layer_norm(model) else 0.0
    numbers = torch.cat([torch.tensor(one, dtype=torch.float64).flatten() for one in [*found.values(), *added.values()]])
    assert abs(float(numbers.sum()) - float(logits[target])) < 1e-9, (float(numbers.sum()), float(logits[target]))
    return {"target": target, "logit": float(logits[target]), **found, "added": added}


def make_case(name: str) -> None:
    """Store one checkpoint's golden."""
    folder = GOLDENS.parent / name
    model = in_float64(load(folder))
    ids = json.loads((folder / "golden.json").read_text())["prompts"]["long"]["tokenIds"]
    changes = changes_of(model, len(ids))
    metadata = {
        "producer": "scripts/oracles/changed_attribution_goldens.py",
        "versions": {module.__name__: module.__version__ for module in (torch, transformers, safetensors)},
        "tokenIds": ids,
        "changes": changes,
        **attribution(model, ids, changes),
    }
    (folder / "changed_attribution.json").write_text(json.dumps(metadata) + "\n")
    print(name, metadata["logit"], metadata["added"])


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in CASES:
        make_case(name)
