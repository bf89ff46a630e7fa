"""Explain the tiny checkpoints with captum's integrated gradients, and with PyTorch a token rather than another.

Run:   .venv-oracle/bin/python scripts/oracles/attribution_goldens.py   (after gpt2_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 captum==0.9.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/gpt2/<case>/attribution.safetensors, attribution.json

Everything is computed in float64 and rounded to float32, from the prompts and positions of golden.json. Arrays, under
`<prompt>/`, with N explained positions and T tokens:

    integrated/<of>/<reduce>                F32 [N, T]   captum IntegratedGradients on the embeddings wte[ids], baseline
                                                         zero, 50 Gauss-Legendre steps (captum's and Ecco's default)
    integrated/<of>/gap                     F32 [N]      captum's convergence delta: sum - (f(x) - f(0))
    integrated8/logProb/<reduce>, .../gap                the same with 8 steps
    contrast/<method>/<reduce>              F32 [N, T]   gradient of logit(token) - logit(CONTRAST), by autograd
    contrastIntegrated/<reduce>, .../gap                 captum's integrated gradients of that difference
    nodes<n>, weights<n>                    F32 [n]      numpy's Gauss-Legendre rule on [0, 1]

    <of>: probability | logProb | logit    <method>: gradientXInput | gradient    <reduce>: l2 | sum
"""

import json

import captum
import numpy as np
import torch
import transformers
from anatomy import in_float64, load
from captum.attr import IntegratedGradients
from gpt2_goldens import GOLDENS, REDUCTIONS, SCALARS, gradient
from safetensors.torch import save_file
from transformers import GPT2LMHeadModel

CASES = ["f32", "twelve_layers"]
CONTRAST = 11
STEPS = 50


def integrated(model: GPT2LMHeadModel, ids: list[int], positions: list[int], scalar, steps: int) -> dict:
    """Captum's attributions of scalar(logits of the last row, target), reduced, and its convergence deltas."""
    rows = {reduce: torch.zeros(len(positions), len(ids), dtype=torch.float64) for reduce in REDUCTIONS}
    gaps = []
    for n, position in enumerate(positions):

        def forward(embeddings: torch.Tensor) -> torch.Tensor:
            logits = model(inputs_embeds=embeddings).logits[:, -1]
            return torch.stack([scalar(row, ids[position]) for row in logits])

        x = model.transformer.wte.weight[torch.tensor(ids[:position])].detach()[None]
        scores, gap = IntegratedGradients(forward).attribute(x, n_steps=steps, return_convergence_delta=True)
        gaps.append(float(gap))
        for reduce, reduction in REDUCTIONS.items():
            rows[reduce][n, :position] = reduction(scores[0].detach())
    return rows | {"gap": torch.tensor(gaps, dtype=torch.float64)}


def contrast(logits: torch.Tensor, token: int) -> torch.Tensor:
    """The logit of a token less that of the other one."""
    return logits[token] - logits[CONTRAST]


def compute(model: GPT2LMHeadModel, ids: list[int], positions: list[int]) -> dict[str, torch.Tensor]:
    """Every array of one prompt."""
    arrays = {}
    for of, scalar in SCALARS.items():
        for name, values in integrated(model, ids, positions, scalar, STEPS).items():
            arrays[f"integrated/{of}/{name}"] = values
    for name, values in integrated(model, ids, positions, SCALARS["logProb"], 8).items():
        arrays[f"integrated8/logProb/{name}"] = values
    for name, values in integrated(model, ids, positions, contrast, STEPS).items():
        arrays[f"contrastIntegrated/{name}"] = values
    for n, position in enumerate(positions):
        x, g = gradient(model, ids[:position], lambda logits: contrast(logits[-1], ids[position]))
        for method, scores in {"gradientXInput": g * x, "gradient": g}.items():
            for reduce, reduction in REDUCTIONS.items():
                rows = arrays.setdefault(f"contrast/{method}/{reduce}", torch.zeros(len(positions), len(ids)).double())
                rows[n, :position] = reduction(scores)
    return arrays


def make_case(name: str) -> None:
    """Store one checkpoint's golden."""
    folder = GOLDENS / name
    model = in_float64(load(folder))
    stored = {}
    for prompt, record in json.loads((folder / "golden.json").read_text())["prompts"].items():
        for array, values in compute(model, record["tokenIds"], record["positions"]).items():
            stored[f"{prompt}/{array}"] = values.float().contiguous()
    for steps in (1, 8, STEPS, 101):
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        stored[f"nodes{steps}"] = torch.from_numpy((1 + nodes) / 2).float()
        stored[f"weights{steps}"] = torch.from_numpy(weights / 2).float()
    save_file(stored, folder / "attribution.safetensors")
    metadata = {
        "case": name,
        "producer": "scripts/oracles/attribution_goldens.py",
        "versions": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "captum": captum.__version__,
            "numpy": np.__version__,
        },
        "reference": "float64, rounded to float32",
        "contrast": CONTRAST,
        "shapes": {array: list(values.shape) for array, values in sorted(stored.items())},
        "maxAbs": {array: float(values.abs().max()) for array, values in sorted(stored.items())},
    }
    (folder / "attribution.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{name}: {len(stored)} arrays")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        make_case(case)
