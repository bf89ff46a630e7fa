"""Analyse the activations, attention and hidden states of the twelve-layer checkpoint with scikit-learn and numpy.

Run:   .venv-oracle/bin/pip install --no-deps ecco==0.1.2   (it asks for an old transformers, which is not needed here)
       .venv-oracle/bin/python scripts/oracles/analysis_goldens.py   (after gpt2_goldens.py)
Pins:  scikit-learn==1.9.1 numpy==2.4.6 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/analysis/golden.safetensors, golden.json

The input is tests/goldens/gpt2/twelve_layers/golden.safetensors, widened to float64. All is computed in float64 and
rounded to float32 in the arrays; single numbers are written in full in golden.json. T is the tokens of a prompt.

    rollout/<prompt>/<heads>            F32 [L, T, T]   Abnar and Zuidema 2020; heads: mean | max
    heads/<prompt>/<score>              F32 [L, H]      previousToken | firstToken | duplicateToken | induction
    cka/<prompt>                        F32 [L+1, L+1]  by centring matrices, HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L));
                                                        golden.json states how far Ecco's own `cka` is from it
    nmf/<case>/activity, neurons        F32 [K, N], [K, M]   scikit-learn's W transposed, and H
    nmf/<case>/start/activity, neurons                  where "custom" starts
    clusters/<case>/labels              I32 [M]         scikit-learn's KMeans, n_init=10

scikit-learn's "nndsvd" and "nndsvda" take singular vectors from a random projection. It is exact when N is at most ten
more than the number of factors; in the other cases numpy's SVD is put in its place, which golden.json calls "exactSvd".
"""

import json
import sys
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from unittest import mock

import numpy as np
import sklearn
from safetensors.numpy import load_file, save_file
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF
from sklearn.decomposition import _nmf as sklearn_nmf
from sklearn.metrics import silhouette_score

GOLDENS = Path(__file__).resolve().parents[2] / "tests" / "goldens"
SOURCE = GOLDENS / "gpt2" / "twelve_layers"
OUT = GOLDENS / "analysis"
PROMPTS = ["long", "single"]

# The arguments of NMF, the prompts that are factored together and the layers that take part.
NMF_CASES = {
    "nndsvda": {"init": "nndsvda", "factors": 5, "prompts": ["single"]},
    "nndsvd": {"init": "nndsvd", "factors": 4, "prompts": ["single"]},
    "all": {"init": "nndsvda", "factors": 9, "prompts": ["single"]},
    "texts": {"init": "nndsvda", "factors": 6, "prompts": ["long", "single"], "exactSvd": True},
    "layers": {"init": "nndsvd", "factors": 3, "prompts": ["long"], "layers": [1, 2, 10], "exactSvd": True},
    "custom": {"init": "custom", "factors": 4, "prompts": ["long"], "layers": [0, 11]},
    "one": {"init": "nndsvda", "factors": 1, "prompts": ["long"], "layers": [9]},
}
CURVE = [1, 2, 4, 8]
ECCO = {"factors": 10, "iterations": 500, "seeds": 5}
CLUSTER_CASES = {
    "none": {"prompt": "long", "layer": 10, "clusters": 4, "scale": "none"},
    "unit": {"prompt": "long", "layer": 2, "clusters": 5, "scale": "unit"},
    "alone": {"prompt": "single", "layer": 0, "clusters": 30, "scale": "none"},
}


def rollout(attention: np.ndarray, heads: str) -> np.ndarray:
    """After each block; attention is [L, H, T, T]."""
    result, states = np.eye(attention.shape[-1]), []
    for block in attention:
        fused = block.mean(0) if heads == "mean" else block.max(0)
        mixed = 0.5 * fused + 0.5 * np.eye(len(fused))
        result = (mixed / mixed.sum(1, keepdims=True)) @ result
        states.append(result)
    return np.stack(states)


def head_patterns(ids: np.ndarray) -> dict[str, np.ndarray]:
    """The detection patterns of TransformerLens's head_detector, and the first token, without the current token."""
    size = len(ids)
    duplicate = np.tril(ids[:, None] == ids[None, :], -1).astype(float)
    induction = np.zeros_like(duplicate)
    induction[:, 1:] = duplicate[:, :-1]
    first = np.zeros_like(duplicate)
    first[1:, 0] = 1
    patterns = {"previousToken": np.eye(size, k=-1), "firstToken": first}
    patterns |= {"duplicateToken": duplicate, "induction": induction}
    return {name: np.tril(pattern, -1) for name, pattern in patterns.items()}


def head_scores(attention: np.ndarray, ids: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Attention on the pattern, summed, divided by the number of rows that have one."""
    scores, counts = {}, {}
    for name, pattern in head_patterns(ids).items():
        counts[name] = int(pattern.any(1).sum())
        scores[name] = (attention * pattern).sum((-1, -2)) / counts[name]
    return scores, counts


def cka(x: np.ndarray, y: np.ndarray) -> float:
    """Kornblith et al. 2019, equations 2 and 3, with linear kernels."""
    centre = np.eye(len(x)) - 1 / len(x)
    hsic = lambda k, l: np.trace(k @ centre @ l @ centre)
    k, l = x @ x.T, y @ y.T
    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


def ecco_cka():
    """Ecco's function, without Ecco's __init__, which imports an old transformers."""
    package = find_spec("ecco")
    sys.modules["ecco"] = module_from_spec(package)  # not executed
    from ecco.analysis import cka as of_ecco

    return of_ecco


def clipped(arrays: dict, prompts: list[str], layers: list[int] | None) -> np.ndarray:
    """Tokens x neurons: layers side by side in numeric order, texts one below the other."""
    texts = []
    for prompt in prompts:
        activations = arrays[f"{prompt}/activations"].astype(np.float64)
        chosen = activations if layers is None else activations[layers]
        texts.append(np.concatenate(list(chosen), axis=1))
    return np.maximum(np.concatenate(texts), 0)


def exact_svd(x: np.ndarray, n_components: int, random_state=None):
    """What scikit-learn's randomized SVD approximates."""
    u, s, v = np.linalg.svd(x, full_matrices=False)
    return u[:, :n_components], s[:n_components], v[:n_components]


def factor(x: np.ndarray, case: dict, **options) -> tuple[NMF, np.ndarray, dict]:
    """scikit-learn's NMF, its W, and where it started when that was given."""
    model = NMF(case["factors"], init=case["init"], **options)
    if case["init"] == "custom":
        random = np.random.default_rng(3)
        w, h = (random.random(shape, np.float32) for shape in [(len(x), model.n_components), (4, x.shape[1])])
        start = {"start/activity": w.T, "start/neurons": h}
        return model, model.fit_transform(x, W=w.astype(np.float64), H=h.astype(np.float64)), start
    if case.get("exactSvd"):
        with mock.patch.object(sklearn_nmf, "_randomized_svd", exact_svd):
            return model, model.fit_transform(x), {}
    return model, model.fit_transform(x), {}


def factor_cases(source: dict, arrays: dict) -> dict:
    """Every case of NMF."""
    cases = {}
    for name, case in NMF_CASES.items():
        x = clipped(source, case["prompts"], case.get("layers"))
        model, w, start = factor(x, case, max_iter=2000)
        arrays |= {f"nmf/{name}/{key}": value for key, value in start.items()}
        arrays |= {f"nmf/{name}/activity": w.T, f"nmf/{name}/neurons": model.components_}
        error = float(np.linalg.norm(x - w @ model.components_))
        assert np.isclose(error, model.reconstruction_err_, rtol=1e-6, atol=1e-6)
        relative = error / float(np.linalg.norm(x))
        cases[name] = case | {"error": error, "relativeError": relative, "iterations": model.n_iter_}
    return cases


def curve(source: dict) -> list[float]:
    """The relative error by the number of factors."""
    x = clipped(source, ["long"], None)
    models = [factor(x, {"init": "nndsvda", "factors": count, "exactSvd": True}, max_iter=200) for count in CURVE]
    return [float(np.linalg.norm(x - w @ model.components_) / np.linalg.norm(x)) for model, w, _ in models]


def ecco_errors(source: dict) -> list[float]:
    """The relative errors of Ecco 0.1.2's settings: a random start, 500 iterations."""
    x = clipped(source, ["long"], None)
    errors = []
    for seed in range(ECCO["seeds"]):
        model = NMF(ECCO["factors"], init="random", random_state=seed, max_iter=ECCO["iterations"]).fit(x)
        errors.append(float(model.reconstruction_err_ / np.linalg.norm(x)))
    return errors


def cluster_cases(source: dict, arrays: dict) -> dict:
    """Every case of k-means, with the silhouette of its labels."""
    cases = {}
    for name, case in CLUSTER_CASES.items():
        points = source[f"{case['prompt']}/activations"][case["layer"]].astype(np.float64).T
        if case["scale"] == "unit":
            points /= np.linalg.norm(points, axis=1, keepdims=True)
        model = KMeans(case["clusters"], n_init=10, random_state=0).fit(points)
        arrays[f"clusters/{name}/labels"] = model.labels_.astype(np.int32)
        silhouette = float(silhouette_score(points, model.labels_))
        cases[name] = case | {"silhouette": silhouette, "inertia": float(model.inertia_) / len(points)}
    return cases


def main() -> None:
    source = load_file(SOURCE / "golden.safetensors")
    prompts = json.loads((SOURCE / "golden.json").read_text())["prompts"]
    arrays, counts, ecco_differences = {}, {}, {}
    of_ecco = ecco_cka()
    for prompt in PROMPTS:
        attention = source[f"{prompt}/attention"].astype(np.float64)
        arrays |= {f"rollout/{prompt}/{heads}": rollout(attention, heads) for heads in ["mean", "max"]}
        scores, counts[prompt] = head_scores(attention, np.array(prompts[prompt]["tokenIds"]))
        arrays |= {f"heads/{prompt}/{name}": score for name, score in scores.items()}
        states = source[f"{prompt}/hiddenStates"].astype(np.float64)
        arrays[f"cka/{prompt}"] = np.array([[cka(x, y) for y in states] for x in states])
        theirs = np.array([[of_ecco(x.T, y.T) for y in states] for x in states])
        ecco_differences[prompt] = float(np.abs(theirs - arrays[f"cka/{prompt}"]).max())
    facts = {
        "producer": "scripts/oracles/analysis_goldens.py",
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "headCounts": counts,
        "nmf": factor_cases(source, arrays),
        "errorCurve": {"factors": CURVE, "relativeErrors": curve(source)},
        "eccoCkaMaxAbsDifference": ecco_differences,
        "ecco": ECCO | {"relativeErrors": ecco_errors(source)},
        "clusters": cluster_cases(source, arrays),
    }
    OUT.mkdir(exist_ok=True)
    rounded = {key: a if a.dtype == np.int32 else a.astype(np.float32) for key, a in arrays.items()}
    save_file({key: np.ascontiguousarray(a) for key, a in rounded.items()}, OUT / "golden.safetensors")
    (OUT / "golden.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
