"""Patch every part of the tiny checkpoints by hooks, one run for each, and judge parts by autograd.

Run:   .venv-oracle/bin/python scripts/oracles/patching_goldens.py   (after gpt2_checkpoints.py and family_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<case>/patching.safetensors, patching.json

Everything is computed in float64 and rounded to float32. patching.json has two texts of T tokens, `clean` and
`corrupted`, which differ at `changed`; `target` and `contrast`, the tokens that they are continued with; the metrics of
both; and `float32`, how far the arrays are from those of float32, of the greatest of each array or of 1 if that is more,
the worst of each kind. Arrays, with L blocks, H heads and N neurons:

    values/<at>/<metric>        F32 [L, T], of z [L, H]   the corrupted text with one row, or one head, of the clean one
    estimate/<at>/<metric>      F32 [L, T], of z [L, H]   metric of the corrupted text + sum (clean - corrupted) gradient
    importance/<at>/<metric>    F32 [L, T], of z [L, H], of neurons [L, N]     sum of activation x gradient, clean text

    <at>: resid (what enters a block) | resid_mid (that and what attention adds) | attn_out | mlp_out | z (the input of
          the output projection, all positions of a head) | neurons (the input of the last matrix)
    <metric>: logitDifference | logit | logProb | probability | kl (clean || patched; values only), after the last token
"""

import json
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import safetensors
import torch
import transformers
from anatomy import anatomy, blocks, in_float64, load
from gpt2_goldens import GOLDENS
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedModel

FOLDER = GOLDENS.parent
CASES = {"gpt2/f32": 9, "gpt2/twelve_layers": 8, "llama/grouped": 10, "gpt_neox/parallel": 8, "opt/pre_norm": 9}
OUTPUT_PROJECTIONS = {"gpt2": "c_proj", "llama": "o_proj", "gpt_neox": "dense", "opt": "out_proj"}
ROWS = ["resid", "resid_mid", "attn_out", "mlp_out"]
# The texts are continued with tokens that are not nearly as likely as others.
SMALLEST_MARGIN = 0.05

Site = tuple[str, int]
Change = Callable[[torch.Tensor], torch.Tensor]


def parts(model: PreTrainedModel, layer: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    """A block, its output projection and the last matrix of its feed-forward network."""
    block, names = blocks(model)[layer], anatomy(model)
    attention = block.get_submodule(names.attention)
    return block, attention.get_submodule(OUTPUT_PROJECTIONS[model.config.model_type]), block.get_submodule(names.down)


@contextmanager
def hooked(model: PreTrainedModel, at: str, layer: int, change: Change):
    """What is at a place, `[T, W]`, is what `change` makes of it."""
    block, projection, down = parts(model, layer)
    entered = []

    def changed(x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1])
        return change(rows).reshape(x.shape)

    def middle(_, __, output):
        x = entered.pop().reshape(output.shape)
        return changed(x + output) - x

    before = lambda _, args: (changed(args[0]), *args[1:])
    after = lambda _, __, output: changed(output)
    with ExitStack() as stack:
        hooks = {
            "resid": lambda: [block.register_forward_pre_hook(before)],
            "resid_mid": lambda: [
                block.register_forward_pre_hook(lambda _, args: entered.append(args[0])),
                projection.register_forward_hook(middle),
            ],
            "attn_out": lambda: [projection.register_forward_hook(after)],
            "mlp_out": lambda: [down.register_forward_hook(after)],
            "z": lambda: [projection.register_forward_pre_hook(before)],
            "neurons": lambda: [down.register_forward_pre_hook(before)],
        }[at]()
        for hook in hooks:
            stack.callback(hook.remove)
        yield


def run(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    """The logits after the last token."""
    return model(torch.tensor([ids])).logits[0, -1]


@torch.no_grad()
def seen(model: PreTrainedModel, ids: list[int], at: str, layer: int) -> torch.Tensor:
    """What is at a place, `[T, W]`."""
    found = []
    with hooked(model, at, layer, lambda x: found.append(x) or x):
        run(model, ids)
    return found[0]


def metrics(target: int, contrast: int, clean: torch.Tensor) -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    """All metrics, of logits."""
    before = clean.log_softmax(-1)
    return {
        "logitDifference": lambda logits: logits[target] - logits[contrast],
        "logit": lambda logits: logits[target],
        "logProb": lambda logits: logits.log_softmax(-1)[target],
        "probability": lambda logits: logits.softmax(-1)[target],
        "kl": lambda logits: (before.exp() * (before - logits.log_softmax(-1))).sum(),
    }


def columns(model: PreTrainedModel, at: str, count: int, width: int) -> list[tuple[slice, slice]]:
    """The rows and columns of each part of a place."""
    if at != "z":
        return [(slice(t, t + 1), slice(None)) for t in range(count)]
    heads = model.config.num_attention_heads
    return [(slice(None), slice(h * width // heads, (h + 1) * width // heads)) for h in range(heads)]


@torch.no_grad()
def patched(model: PreTrainedModel, clean: list[int], corrupted: list[int], at: str, layer: int) -> list[torch.Tensor]:
    """The logits of the corrupted text with each part of a place replaced, one run for each."""
    x = seen(model, clean, at, layer)
    found = []
    for part in columns(model, at, *x.shape):

        def change(now: torch.Tensor) -> torch.Tensor:
            now = now.clone()
            now[part] = x[part]
            return now

        with hooked(model, at, layer, change):
            found.append(run(model, corrupted))
    return found


def gradient(model: PreTrainedModel, ids: list[int], at: str, layer: int, metric) -> torch.Tensor:
    """That of a metric with respect to what is at a place, `[T, W]`."""
    x = seen(model, ids, at, layer).clone().requires_grad_()
    with hooked(model, at, layer, lambda _: x):
        (found,) = torch.autograd.grad(metric(run(model, ids)), x)
    return found


def arrays(model: PreTrainedModel, texts: dict) -> dict[str, torch.Tensor]:
    """Everything about two texts, by the names that it is stored as."""
    clean, corrupted = texts["clean"], texts["corrupted"]
    with torch.no_grad():
        all_metrics = metrics(texts["target"], texts["contrast"], run(model, clean))
        base = {name: metric(run(model, corrupted)) for name, metric in all_metrics.items()}
    layers = range(len(blocks(model)))
    found = {}
    for at in [*ROWS, "z"]:
        logits = [patched(model, clean, corrupted, at, layer) for layer in layers]
        for name, metric in all_metrics.items():
            found[f"values/{at}/{name}"] = torch.stack([torch.stack([metric(one) for one in row]) for row in logits])
            if name == "kl":
                continue
            rows = []
            for layer in layers:
                difference = seen(model, clean, at, layer) - seen(model, corrupted, at, layer)
                product = difference * gradient(model, corrupted, at, layer, metric)
                parts = columns(model, at, *product.shape)
                rows.append(base[name] + torch.stack([product[part].sum() for part in parts]))
            found[f"estimate/{at}/{name}"] = torch.stack(rows)
    for at in [*ROWS, "z", "neurons"]:
        for name, metric in all_metrics.items():
            if name == "kl":
                continue
            rows = []
            for layer in layers:
                product = seen(model, clean, at, layer) * gradient(model, clean, at, layer, metric)
                parts = columns(model, at, *product.shape)
                rows.append(
                    product.sum(0) if at == "neurons" else torch.stack([product[part].sum() for part in parts])
                )
            found[f"importance/{at}/{name}"] = torch.stack(rows)
    return found


@torch.no_grad()
def draw_texts(model: PreTrainedModel, length: int, random: np.random.Generator) -> dict:
    """Two random texts that differ in two tokens and are continued with different ones."""
    while True:
        clean = random.integers(2, model.config.vocab_size, length).tolist()
        changed = sorted(random.choice(range(1, length - 1), 2, replace=False).tolist())
        corrupted = [int(random.integers(2, model.config.vocab_size)) if t in changed else x for t, x in enumerate(clean)]
        logits = [run(model, ids) for ids in (clean, corrupted)]
        margin = min(float(best - second) for best, second in (one.topk(2).values for one in logits))
        target, contrast = (int(one.argmax()) for one in logits)
        differs = [t for t in range(length) if clean[t] != corrupted[t]] == changed
        if differs and target != contrast and margin > SMALLEST_MARGIN:
            return dict(clean=clean, corrupted=corrupted, changed=changed, target=target, contrast=contrast)


def make_case(folder: Path, length: int, seed: int) -> None:
    """Store everything about one checkpoint."""
    narrow = load(folder)
    model = in_float64(narrow)
    texts = draw_texts(model, length, np.random.default_rng(seed))
    found = arrays(model, texts)
    rounding: dict[str, float] = {}
    for key, array in arrays(narrow, texts).items():
        error = float((array.double() - found[key]).abs().max()) / max(1.0, float(found[key].abs().max()))
        kind = key.split("/")[0]
        rounding[kind] = max(rounding.get(kind, 0.0), error)
    with torch.no_grad():
        both = [run(model, texts[name]) for name in ("clean", "corrupted")]
        named = metrics(texts["target"], texts["contrast"], both[0])
        measured = {name: [float(metric(one)) for one in both] for name, metric in named.items()}
    # Parts that change nothing would hide mistakes.
    effect = {at: float((found[f"values/{at}/logit"] - measured["logit"][1]).abs().max()) for at in [*ROWS, "z"]}
    assert min(effect.values()) > 0.05, (folder, effect)
    save_file({key: array.float().contiguous() for key, array in found.items()}, folder / "patching.safetensors")
    metadata = {
        "producer": "scripts/oracles/patching_goldens.py",
        "versions": {module.__name__: module.__version__ for module in (torch, transformers, safetensors)},
        "seed": seed,
        **texts,
        "metrics": measured,
        "float32": rounding,
    }
    (folder / "patching.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{folder.name}: effects {effect}, rounding {rounding}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for seed, (name, length) in enumerate(CASES.items(), 4100):
        make_case(FOLDER / name, length, seed)
