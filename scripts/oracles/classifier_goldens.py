"""What scikit-learn makes of vectors and labels, and what a class of normalised vectors is made of, for the library to reproduce.

Run:   .venv-oracle/bin/python scripts/oracles/classifier_goldens.py   (after encoder_goldens.py)
Pins:  scikit-learn==1.9.1 torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/classifier/golden.json, golden.safetensors

`cases` of golden.json: random vectors [N, C] around a centre for each class, labels, and the optimum of
LogisticRegression(C=...), run by Newton's method or L-BFGS until the gradient is below 1e-10: `weights` [K, C] (of two
classes [1, C]), `bias`, `probabilities` [M, K] and `confusion` [K, K] of M vectors that were held back, `loss`.

`<pool>/<of>/<method>/<reduce>` of golden.safetensors, F32 [K, T]: the saliency of every class of the random head of
tests/goldens/bert/bert, as in encoder_goldens.py, of the text `long`, but the pooled vector is divided by its length.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from anatomy import in_float64, load
from encoder_goldens import typed
from family_checkpoints import CASES
from gpt2_goldens import REDUCTIONS, SCALARS
from safetensors.torch import load_file, save_file
from sklearn import __version__ as sklearn_version
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix

OUT = Path(__file__).parents[2] / "tests/goldens/classifier"
SETS = {
    "two": {"classes": 2, "width": 12, "train": 40, "test": 20, "spread": 2.0, "C": 1.0},
    "three": {"classes": 3, "width": 8, "train": 60, "test": 24, "spread": 1.5, "C": 1.0},
    "weak": {"classes": 2, "width": 6, "train": 30, "test": 12, "spread": 0.3, "C": 100.0},
    "strong": {"classes": 4, "width": 20, "train": 80, "test": 32, "spread": 1.0, "C": 0.01},
    "unbalanced": {"classes": 3, "width": 5, "train": 50, "test": 15, "spread": 1.0, "C": 10.0},
    "wide": {"classes": 2, "width": 64, "train": 16, "test": 8, "spread": 1.0, "C": 1.0},
}


def objective(model: LogisticRegression, vectors: np.ndarray, labels: np.ndarray, strength: float) -> float:
    """What LogisticRegression minimises: C times the sum of the losses, and half of the squared weights."""
    log_probs = model.predict_log_proba(vectors)[np.arange(len(labels)), labels]
    return float(-strength * log_probs.sum() + 0.5 * (model.coef_**2).sum())


def make_set(number: int, name: str, classes: int, width: int, train: int, test: int, spread: float, C: float) -> dict:
    """Draw vectors, and fit them."""
    random = np.random.default_rng(number)
    shares = np.arange(1, classes + 1) if name == "unbalanced" else np.ones(classes)
    labels = random.choice(classes, train + test, p=shares / shares.sum())
    labels[:classes] = np.arange(classes)
    centres = random.normal(0, spread / np.sqrt(width), (classes, width))
    vectors = (centres[labels] + random.normal(0, 1, (train + test, width))).astype(np.float32)
    solver = "newton-cholesky" if classes == 2 else "lbfgs"
    model = LogisticRegression(C=C, solver=solver, tol=1e-10, max_iter=100_000)
    known, held = vectors[:train].astype(np.float64), vectors[train:].astype(np.float64)
    model.fit(known, labels[:train])
    return {
        "name": name,
        "C": C,
        "width": width,
        "vectors": vectors.ravel().tolist(),
        "labels": labels.tolist(),
        "train": train,
        "weights": model.coef_.ravel().tolist(),
        "bias": model.intercept_.tolist(),
        "probabilities": model.predict_proba(held).ravel().tolist(),
        "confusion": confusion_matrix(labels[train:], model.predict(held), labels=range(classes)).ravel().tolist(),
        "loss": objective(model, known, labels[:train], C),
    }


def rounded(value):
    """Nine digits, which are more than float32 has."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value


def of_unit_vectors() -> dict[str, torch.Tensor]:
    """The saliency of classes of vectors of length 1."""
    case = next(case for case in CASES if case.folder.parent.name == "bert" and case.name == "bert")
    model = in_float64(load(case.folder, case.kind))
    golden = json.loads((case.folder / "golden.json").read_text())
    text = golden["prompts"]["long"]
    ids, types = text["tokenIds"], text["tokenTypes"]
    head = load_file(case.folder / "golden.safetensors")
    weight, bias = (head[f"head/{name}"].double() for name in ("weight", "bias"))
    pools = {"mean": lambda hidden: hidden.mean(0), "cls": lambda hidden: hidden[0]}
    arrays = {}
    for pool, pooled in pools.items():
        for of, scalar in SCALARS.items():
            rows = {}
            for number in range(len(weight)):
                x = model.get_input_embeddings().weight[torch.tensor(ids)].detach().requires_grad_()
                hidden = model.base_model(inputs_embeds=x[None], **typed(model, types)).last_hidden_state[0]
                unit = torch.nn.functional.normalize(pooled(hidden), dim=0)
                g = torch.autograd.grad(scalar(weight @ unit + bias, number), x)[0]
                for method, values in {"gradientXInput": g * x.detach(), "gradient": g}.items():
                    for reduce, reduction in REDUCTIONS.items():
                        rows.setdefault(f"{pool}/{of}/{method}/{reduce}", []).append(reduction(values))
            arrays |= {name: torch.stack(some).float() for name, some in rows.items()}
    return arrays


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    OUT.mkdir(parents=True, exist_ok=True)
    cases = [make_set(number, name, **settings) for number, (name, settings) in enumerate(SETS.items())]
    versions = {"scikit-learn": sklearn_version, "torch": torch.__version__, "transformers": transformers.__version__}
    golden = {"producer": "scripts/oracles/classifier_goldens.py", "versions": versions}
    golden["cases"] = [{name: rounded(value) for name, value in case.items()} for case in cases]
    (OUT / "golden.json").write_text(json.dumps(golden) + "\n")
    save_file(of_unit_vectors(), OUT / "golden.safetensors")
    for case in cases:
        print(case["name"], f"loss {case['loss']:.4f}", "confusion", case["confusion"])
