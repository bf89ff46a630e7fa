"""Try the maps of the tiny checkpoints by taking tokens away, and measure how far maps are from complete.

Run:   .venv-oracle/bin/python scripts/oracles/faithfulness_goldens.py   (after gpt2_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 captum==0.9.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/gpt2/<case>/faithfulness.safetensors, faithfulness.json

Everything is computed in float64 and rounded to float32, from the prompts and positions of golden.json. Arrays, under
`<prompt>/`, with N explained positions, T tokens and S = STEPS + 1 shares (fewer where no position has STEPS tokens
before it):

    completeness/<of>                       F32 [N]      captum InputXGradient's compute_convergence_delta, baseline
                                                         zero: sum of g x - (f(x) - f(0))
    completeness/contrast                   F32 [N]      the same of logit(token) - logit(CONTRAST)
    completeness/together                   F32 [1]      the same of the loss of all targets, one scalar
    <map>/deletion, .../insertion           F32 [N, S]   probability of the token as the embeddings of the most salient
                                                         tokens become zero, or come back, one text at a time
    <map>/randomDeletion, .../randomInsertion  F32 [N, S]  the mean over RANDOM_ORDERS orders
    <map>/deletionGain, .../insertionGain   F32 [N]      differences of numpy's trapezoids

    <of>: probability | logProb | logit
    <map>: ecco (L2 of g x of the log-probability) | captum (its signed sum) | contrast (signed sum of the difference of
           logits; the probability is the token's out of the two)

Under `<prompt>/groups/` the same of maps by groups: tokens that follow each other with even ids, or odd ones, are one
group, G of them with explained tokens and others before them. Rows of a group's explained tokens are added up (ecco:
normalised first), groups go as a whole, and the probability is the product of those of the explained tokens.

    groups/positions                        I32 [G]      the explained groups
    groups/completeness/<of>                F32 [G]      captum's convergence delta of the sum of the tokens' scalars
    groups/<map>/deletion, ...              as above, of groups

Random orders: Mulberry32 seeded with imul(seed, 0x9E3779B1) + position, shuffled by Fisher and Yates from the end.
"""

import json
from itertools import accumulate, groupby

import captum
import numpy as np
import torch
import transformers
from anatomy import in_float64, load
from attribution_goldens import CONTRAST, contrast
from captum.attr import InputXGradient
from gpt2_goldens import GOLDENS, SCALARS, gradient
from safetensors.torch import save_file
from transformers import GPT2LMHeadModel

CASES = ["f32", "twelve_layers"]
STEPS, RANDOM_ORDERS, SEED = 7, 3, 11
# Scores closer than this, relative to the largest, could be ordered differently in float32.
SMALLEST_MARGIN = 1e-5
MASK = 0xFFFFFFFF


def mulberry32(seed: int):
    """Numbers in [0, 1)."""
    state = seed & MASK
    while True:
        state = (state + 0x6D2B79F5) & MASK
        t = state
        t = ((t ^ (t >> 15)) * (t | 1)) & MASK
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & MASK)) & MASK
        yield (t ^ (t >> 14)) / 2**32


def random_orders(count: int, position: int) -> list[list[int]]:
    """The random orders of the tokens before a position."""
    numbers = mulberry32(SEED * 0x9E3779B1 + position)
    orders = []
    for _ in range(count):
        order = list(range(position))
        for i in range(position - 1, 0, -1):
            j = int(next(numbers) * (i + 1))
            order[i], order[j] = order[j], order[i]
        orders.append(order)
    return orders


@torch.no_grad()
def probability(model: GPT2LMHeadModel, ids: list[int], positions: list[int], kept: list[int], against: bool) -> float:
    """That of all tokens at some positions, when all tokens but the kept ones have embeddings of zero."""
    x = torch.zeros(1, max(positions), model.config.n_embd, dtype=torch.float64)
    for t in kept:
        x[0, t] = model.transformer.wte.weight[ids[t]]
    product = 1.0
    for position in positions:
        logits = model(inputs_embeds=x).logits[0, position - 1]
        own = logits[ids[position]]
        product *= float(torch.sigmoid(own - logits[CONTRAST]) if against else logits.softmax(-1)[ids[position]])
    return product


def half_up(x: float) -> int:
    return int(np.floor(x + 0.5))


def curves(
    model: GPT2LMHeadModel,
    ids: list[int],
    positions: list[int],
    bounds: list[int],
    scores: torch.Tensor,
    steps: int,
    against: bool,
):
    """The four curves of what is explained: units from one of the bounds to the next are taken away."""
    n = len(bounds) - 1
    order = sorted(range(n), key=lambda t: (-float(scores[t]), t))
    sorted_scores = scores[order]
    if n > 1 and not (against and all(ids[position] == CONTRAST for position in positions)):
        margin = float((sorted_scores[:-1] - sorted_scores[1:]).min() / scores.abs().max())
        assert margin > SMALLEST_MARGIN, (positions, margin)
    orders = random_orders(RANDOM_ORDERS, n)

    def value(kept: list[int]) -> float:
        tokens = [t for unit in kept for t in range(bounds[unit], bounds[unit + 1])]
        return probability(model, ids, positions, [*tokens, *range(bounds[-1], max(positions))], against)

    gone = [half_up(j * n / steps) for j in range(steps + 1)]
    back = [n - half_up((steps - j) * n / steps) for j in range(steps + 1)]
    return {
        "deletion": [value(order[k:]) for k in gone],
        "insertion": [value(order[:k]) for k in back],
        "randomDeletion": [np.mean([value(other[: n - k]) for other in orders]) for k in gone],
        "randomInsertion": [np.mean([value(other[:k]) for other in orders]) for k in back],
    }


def completeness(model: GPT2LMHeadModel, ids: list[int], position: int, scalar) -> float:
    """Captum's convergence delta of gradient x input."""

    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        return torch.stack([scalar(logits[-1], ids[position]) for logits in model(inputs_embeds=embeddings).logits])

    x = model.transformer.wte.weight[torch.tensor(ids[:position])].detach()[None]
    method = InputXGradient(forward)
    attributions = method.attribute(x)
    return float(method.compute_convergence_delta(attributions, torch.zeros_like(x), x))


def completeness_of_all(model: GPT2LMHeadModel, ids: list[int], positions: list[int], scalar) -> float:
    """The same of the sum of the scalars of some tokens."""

    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        logits = model(inputs_embeds=embeddings).logits
        return torch.stack([sum(scalar(rows[p - 1], ids[p]) for p in positions) for rows in logits])

    x = model.transformer.wte.weight[torch.tensor(ids[: max(positions)])].detach()[None]
    method = InputXGradient(forward)
    return float(method.compute_convergence_delta(method.attribute(x), torch.zeros_like(x), x))


def together(model: GPT2LMHeadModel, ids: list[int], positions: list[int]) -> float:
    """The delta of the summed loss of all targets over the text before the last of them."""

    def loss(logits: torch.Tensor) -> torch.Tensor:
        return -sum(logits[p - 1].log_softmax(-1)[ids[p]] for p in positions)

    x, g = gradient(model, ids[: max(positions)], loss)
    with torch.no_grad():
        end, start = (loss(model(inputs_embeds=e[None]).logits[0]) for e in (x, torch.zeros_like(x)))
    return float((g * x).sum() - (end - start))


def maps_of(model: GPT2LMHeadModel, ids: list[int], p: int) -> dict[str, torch.Tensor]:
    """The scores of the tokens before a position."""
    x, g = gradient(model, ids[:p], lambda logits: SCALARS["logProb"](logits[-1], ids[p]))
    _, c = gradient(model, ids[:p], lambda logits: contrast(logits[-1], ids[p]))
    return {"ecco": (g * x).norm(dim=-1), "captum": (g * x).sum(-1), "contrast": (c * x).sum(-1)}


def gains(seen: dict[str, list], steps: int) -> dict[str, float]:
    """What the areas under the curves say."""
    area = {curve: np.trapezoid(values, dx=1 / steps) for curve, values in seen.items()}
    return {
        "deletionGain": area["randomDeletion"] - area["deletion"],
        "insertionGain": area["insertion"] - area["randomInsertion"],
    }


def by_groups(model: GPT2LMHeadModel, ids: list[int], positions: list[int]) -> dict[str, list]:
    """The same of maps by groups."""
    lengths = [len(list(run)) for _, run in groupby(ids, key=lambda id: id % 2)]
    bounds = [0, *accumulate(lengths)]
    explained = {
        group: [p for p in positions if bounds[group] <= p < bounds[group + 1]] for group in range(1, len(lengths))
    }
    explained = {group: own for group, own in explained.items() if own}
    lists: dict[str, list] = {"positions": list(explained)}
    steps = min(STEPS, max(explained))
    for group, own in explained.items():
        for of, scalar in SCALARS.items():
            lists.setdefault(f"completeness/{of}", []).append(completeness_of_all(model, ids, own, scalar))
        rows = [maps_of(model, ids, p) for p in own]
        for name in rows[0]:
            tokens = [row[name] / row[name].abs().sum() if name == "ecco" else row[name] for row in rows]
            columns = list(zip(bounds[:group], bounds[1:], strict=False))
            scores = torch.stack([sum(row[start:end].sum() for row in tokens) for start, end in columns])
            seen = curves(model, ids, own, bounds[: group + 1], scores, steps, name == "contrast")
            for array, values in (seen | gains(seen, steps)).items():
                lists.setdefault(f"{name}/{array}", []).append(values)
    return lists


def compute(model: GPT2LMHeadModel, ids: list[int], positions: list[int]) -> dict[str, torch.Tensor]:
    """Every array of one prompt."""
    lists: dict[str, list] = {}
    for of, scalar in {**SCALARS, "contrast": contrast}.items():
        lists[f"completeness/{of}"] = [completeness(model, ids, p, scalar) for p in positions]
    lists["completeness/together"] = [together(model, ids, positions)]
    steps = min(STEPS, max(positions))
    for p in positions:
        for name, scores in maps_of(model, ids, p).items():
            seen = curves(model, ids, [p], list(range(p + 1)), scores, steps, name == "contrast")
            for array, values in (seen | gains(seen, steps)).items():
                lists.setdefault(f"{name}/{array}", []).append(values)
    lists |= {f"groups/{array}": values for array, values in by_groups(model, ids, positions).items()}
    return {name: torch.tensor(np.array(values), dtype=torch.float64) for name, values in lists.items()}


def make_case(name: str) -> None:
    """Store one checkpoint's golden."""
    folder = GOLDENS / name
    model = in_float64(load(folder))
    stored = {}
    for prompt, record in json.loads((folder / "golden.json").read_text())["prompts"].items():
        for array, values in compute(model, record["tokenIds"], record["positions"]).items():
            exact = array.endswith("/positions")
            stored[f"{prompt}/{array}"] = (values.int() if exact else values.float()).contiguous()
    save_file(stored, folder / "faithfulness.safetensors")
    metadata = {
        "case": name,
        "producer": "scripts/oracles/faithfulness_goldens.py",
        "versions": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "captum": captum.__version__,
            "numpy": np.__version__,
        },
        "reference": "float64, rounded to float32",
        "contrast": CONTRAST,
        "steps": STEPS,
        "randomOrders": RANDOM_ORDERS,
        "seed": SEED,
        "shapes": {array: list(values.shape) for array, values in sorted(stored.items())},
        "maxAbs": {array: float(values.abs().max()) for array, values in sorted(stored.items())},
    }
    (folder / "faithfulness.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{name}: {len(stored)} arrays")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        make_case(case)
