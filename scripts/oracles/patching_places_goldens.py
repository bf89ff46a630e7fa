"""Patch and judge parts of models with an encoder, and what is predicted inside of a text, by hooks and autograd.

Run:   .venv-oracle/bin/python scripts/oracles/patching_places_goldens.py   (after all checkpoints)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<case>/patching_places.safetensors, patching_places.json

Computed in float64 and rounded to float32. patching_places.json has two texts of T tokens, `clean` and `corrupted`, and
where there is an encoder their sources of E tokens, `cleanSource` and `corruptedSource`; the `position` whose prediction
is measured from the row before it, while all of the texts is read; `target` and `contrast`, what is predicted there; and
the `metrics` of both. Rows are those before the position, P of them, or of the source E. Arrays, with L blocks of the
stack, H heads and N neurons:

    values/<at>/<metric>        F32 [L, P or E], of heads [L, H]    the corrupted text with one part of the clean one
    estimate/<at>/<metric>      F32 [L, P or E], of heads [L, H]    metric + sum (clean - corrupted) gradient
    importance/<at>/<metric>    F32 [L, P or E], of heads [L, H], of neurons [L, N]   sum of activation x gradient, clean

    <at>: all rows of `changes.py` but embeddings, by their names without the layer    <metric>: logitDifference | logProb
"""

import json
from pathlib import Path

import numpy as np
import safetensors
import torch
import transformers
from anatomy import in_float64, load
from change_goldens import KINDS
from changes import Changed, places
from family_checkpoints import GOLDENS
from patching_goldens import SMALLEST_MARGIN, metrics
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, PreTrainedModel

# T, E and the position.
CASES = {
    "bart/bart": (6, 7, 6),
    "marian/marian": (5, 6, 4),
    "gpt2/twelve_layers": (9, 0, 5),
    "llama/grouped": (8, 0, 3),
}
METRICS = ["logitDifference", "logProb"]

Text = tuple[list[int], list[int]]


def run(model: PreTrainedModel, text: Text, position: int) -> torch.Tensor:
    """The logits for a position of a text, all of which is read."""
    ids, source = text
    own = torch.tensor([ids])
    read = dict(input_ids=torch.tensor([source]), decoder_input_ids=own) if source else dict(input_ids=own)
    return model(**read, use_cache=False).logits[0, position - 1]


def seen(model: PreTrainedModel, text: Text, position: int, metric=None) -> tuple[dict, dict]:
    """What is at every place, and the gradient of a metric with respect to it."""
    with Changed(model, []) as inside:
        logits = run(model, text, position)
    rows = {site: value for site, value in inside.seen.items() if site in inside.places.rows}
    if metric is None:
        return rows, {}
    found = torch.autograd.grad(metric(logits), list(rows.values()), allow_unused=True)
    return rows, {site: torch.zeros_like(rows[site]) if one is None else one for site, one in zip(rows, found)}


def kinds(model: PreTrainedModel) -> dict[str, list[str]]:
    """The sites of each kind, first layer first: a stream that leaves the last block is none of a block."""
    found: dict[str, list[str]] = {}
    for site in places(model).rows:
        at, dot, layer = site.partition(".")
        if dot:
            found.setdefault(at, []).append(site)
    for at in ("resid", "source_resid"):
        if at in found:
            found[at].pop()
    return found


def parts(model: PreTrainedModel, at: str, shape: torch.Size, position: int) -> list[tuple[slice, slice]]:
    """The rows and columns of each part of a place."""
    T, W = shape
    if at.endswith("neurons"):
        return [(slice(None), slice(n, n + 1)) for n in range(W)]
    if at != "z" and not at.endswith("_z"):
        return [(slice(t, t + 1), slice(None)) for t in range(T if at.startswith("source_") else position)]
    heads = places(model).heads[at[:-1]]
    return [(slice(None), slice(h * W // heads, (h + 1) * W // heads)) for h in range(heads)]


@torch.no_grad()
def patched(model: PreTrainedModel, corrupted: Text, position: int, site: str, part, clean: torch.Tensor) -> torch.Tensor:
    """The logits of the corrupted text with one part of the clean one."""
    rows, columns = part
    T, W = clean.shape
    change = {"site": site, "positions": list(range(T))[rows], "set": clean[rows, columns].float().tolist()}
    if columns != slice(None):
        unit = columns.stop - columns.start
        change["heads"] = [columns.start // unit]
    with Changed(model, [change]):
        return run(model, corrupted, position)


def arrays(model: PreTrainedModel, texts: dict, named: dict) -> dict[str, torch.Tensor]:
    """Everything about two texts, by the names that it is stored as."""
    position = texts["position"]
    clean, corrupted = ((texts[name], texts.get(f"{name}Source", [])) for name in ("clean", "corrupted"))
    found = {}
    with torch.no_grad():
        base = {name: named[name](run(model, corrupted, position)) for name in METRICS}
    there, _ = seen(model, clean, position)
    logits = {}
    for at, sites in kinds(model).items():
        if at.endswith("neurons"):
            continue
        logits[at] = [
            [patched(model, corrupted, position, site, part, there[site]) for part in parts(model, at, there[site].shape, position)]
            for site in sites
        ]
    for name in METRICS:
        own, gradients = seen(model, corrupted, position, named[name])
        _, ofClean = seen(model, clean, position, named[name])
        for at, sites in kinds(model).items():
            split = {site: parts(model, at, there[site].shape, position) for site in sites}
            sums = lambda of: torch.stack([torch.stack([of(site)[part].sum() for part in split[site]]) for site in sites])
            found[f"importance/{at}/{name}"] = sums(lambda site: there[site] * ofClean[site])
            if at in logits:
                found[f"values/{at}/{name}"] = torch.stack([torch.stack([named[name](one) for one in row]) for row in logits[at]])
                found[f"estimate/{at}/{name}"] = base[name] + sums(lambda site: (there[site] - own[site]) * gradients[site])
    return {key: value.detach() for key, value in found.items()}


@torch.no_grad()
def draw(model: PreTrainedModel, T: int, E: int, position: int, random: np.random.Generator) -> dict:
    """Two texts, or two sources of one text, that have different predictions at the position."""
    words = lambda count: random.integers(5, model.config.vocab_size - 1, count).tolist()
    start = [model.config.decoder_start_token_id] if E else []
    while True:
        clean = start + words(T - len(start))
        texts = dict(clean=clean, corrupted=[*clean[:1], *words(1), *clean[2:]], position=position)
        if E:
            source = words(E)
            texts |= dict(cleanSource=source, corruptedSource=[*source[:2], *words(2), *source[4:]])
        both = [run(model, (texts[name], texts.get(f"{name}Source", [])), position) for name in ("clean", "corrupted")]
        margin = min(float(best - second) for best, second in (one.topk(2).values for one in both))
        target, contrast = (int(one.argmax()) for one in both)
        if target != contrast and margin > SMALLEST_MARGIN:
            named = metrics(target, contrast, both[0])
            measured = {name: [float(named[name](one)) for one in both] for name in METRICS}
            return texts | dict(target=target, contrast=contrast, metrics=measured)


def make_case(folder: Path, sizes: tuple[int, int, int], seed: int) -> None:
    """Store everything about one checkpoint."""
    model = in_float64(load(folder, KINDS.get(folder.parent.name, AutoModelForCausalLM)))
    texts = draw(model, *sizes, np.random.default_rng(seed))
    found = arrays(model, texts, metrics(texts["target"], texts["contrast"], torch.zeros(model.config.vocab_size)))
    # Parts that change nothing would hide mistakes.
    effect = {key: float((value - texts["metrics"]["logProb"][1]).abs().max()) for key, value in found.items() if key.startswith("values") and key.endswith("logProb")}
    assert min(effect.values()) > 1e-3, (folder, effect)
    save_file({key: value.float().contiguous() for key, value in found.items()}, folder / "patching_places.safetensors")
    metadata = {
        "producer": "scripts/oracles/patching_places_goldens.py",
        "versions": {module.__name__: module.__version__ for module in (torch, transformers, safetensors)},
        "seed": seed,
        **texts,
    }
    (folder / "patching_places.json").write_text(json.dumps(metadata, indent=1) + "\n")
    size = (folder / "patching_places.safetensors").stat().st_size
    print(f"{folder.parent.name}/{folder.name}: {len(found)} arrays, {size} bytes, least effect {min(effect.values()):.4f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for seed, (name, sizes) in enumerate(CASES.items(), 5100):
        make_case(GOLDENS / name, sizes, seed)
