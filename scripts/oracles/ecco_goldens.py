"""Run Ecco 0.1.2 itself on the tiny checkpoints and store its saliency, rankings and layer predictions.

Run:   .out/bench/ecco-venv/bin/python scripts/oracles/ecco_goldens.py   (after gpt2_goldens.py)
Pins:  ecco==0.1.2 transformers==4.33.3 captum==0.9.0 torch==2.13.0 (bench/peers/ecco_requirements.txt says how)
Out:   tests/goldens/gpt2/<case>/ecco_0_1_2.safetensors, ecco_0_1_2.json

Ecco runs in float32 from the prompts of golden.json, with a tokenizer that knows ids only. Arrays, under `<prompt>/`:

    saliency                            F32 [N, T]   grad_x_input, each row sums to 1, 0 at and after the position
    rankings                            I32 [L, N]   rankings()
    layerPredictions/tokenIds           I32 [L, 5]   layer_predictions(last position, topk=5), best first
    layerPredictions/probabilities      F32 [L, 5]

They are compared with golden.safetensors, which transformers made without Ecco; ecco_0_1_2.json states the difference.
"""

import contextlib
import io
import json
from importlib.metadata import version
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # Ecco draws whenever it is asked for rankings

import torch
from ecco.lm import LM
from ecco.util import pack_tokenizer_config
from matplotlib import pyplot
from safetensors.torch import load_file, save_file
from transformers import BatchEncoding, GPT2LMHeadModel

GOLDENS = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "gpt2"
CASES = ["f32", "twelve_layers"]
TOP_K = 5
ECCO_CONFIG = {
    "embedding": "transformer.wte.weight",
    "type": "causal",
    "activations": [r"mlp\.c_proj"],
    "token_prefix": "",
    "partial_token_prefix": "",
}


class IdTokenizer:
    """The few methods of a tokenizer that Ecco calls, on texts such as "17 4 93"."""

    def __call__(self, text: str, return_tensors: str) -> BatchEncoding:
        ids = torch.tensor([[int(piece) for piece in text.split()]])
        return BatchEncoding({"input_ids": ids, "attention_mask": torch.ones_like(ids)})

    def decode(self, ids) -> str:
        return " ".join(str(int(token)) for token in torch.as_tensor(ids).reshape(-1))

    def convert_ids_to_tokens(self, ids) -> list[str]:
        return [str(int(token)) for token in ids]


def run_ecco(folder: Path, prompt: dict) -> dict[str, torch.Tensor]:
    """Generate with Ecco and take what it shows."""
    model = GPT2LMHeadModel.from_pretrained(folder, output_hidden_states=True).eval()
    language_model = LM(model, IdTokenizer(), folder.name, pack_tokenizer_config(ECCO_CONFIG), verbose=False)
    ids, length = prompt["tokenIds"], prompt["promptLength"]
    text = " ".join(map(str, ids[:length]))
    output = language_model.generate(
        text, generate=len(ids) - length, do_sample=False, attribution=["grad_x_input"], pad_token_id=0
    )
    assert output.token_ids[0].tolist() == ids, (folder.name, output.token_ids)
    saliency = torch.zeros(len(ids) - length, len(ids))
    for n, row in enumerate(output.attribution["grad_x_input"]):
        saliency[n, : len(row)] = torch.from_numpy(row)
    with contextlib.redirect_stdout(io.StringIO()):
        rankings = output.rankings(printJson=True)["rankings"]
        layers = output.layer_predictions(position=len(ids) - 1, topk=TOP_K, printJson=True)
    pyplot.close("all")
    return {
        "saliency": saliency,
        "rankings": torch.from_numpy(rankings),
        "layerPredictions/tokenIds": torch.tensor(
            [[int(entry["token"]) for entry in layer] for layer in layers], dtype=torch.int32
        ),
        "layerPredictions/probabilities": torch.tensor([[float(entry["prob"]) for entry in layer] for layer in layers]),
    }


def differences(ecco: dict[str, torch.Tensor], golden: dict[str, torch.Tensor]) -> dict[str, float]:
    """The largest distance between Ecco and the golden that was made without it."""
    rows = golden["saliency/probability/gradientXInput/l2"]
    assert torch.equal(ecco["rankings"], golden["rankings/none"])
    probabilities, ids = golden["layerLogits/none"].softmax(-1).topk(TOP_K)
    assert torch.equal(ecco["layerPredictions/tokenIds"], ids.int())
    found = {
        "saliency": float((ecco["saliency"] - rows / rows.sum(-1, keepdim=True)).abs().max()),
        "layerPredictions/probabilities": float((ecco["layerPredictions/probabilities"] - probabilities).abs().max()),
    }
    assert max(found.values()) < 1e-5, found
    return found


def make_case(name: str) -> None:
    """Store what Ecco says about one checkpoint."""
    folder = GOLDENS / name
    golden = load_file(folder / "golden.safetensors")
    stored, found = {}, {}
    for prompt, record in json.loads((folder / "golden.json").read_text())["prompts"].items():
        arrays = run_ecco(folder, record)
        prefix = f"{prompt}/"
        ours = {key.removeprefix(prefix): value for key, value in golden.items() if key.startswith(prefix)}
        found |= {prefix + key: value for key, value in differences(arrays, ours).items()}
        stored |= {prefix + key: value.contiguous() for key, value in arrays.items()}
    save_file(stored, folder / "ecco_0_1_2.safetensors")
    metadata = {
        "case": name,
        "producer": "scripts/oracles/ecco_goldens.py",
        "versions": {package: version(package) for package in ("ecco", "torch", "transformers", "captum")},
        "shapes": {key: list(value.shape) for key, value in sorted(stored.items())},
        "maxAbsDifferenceFromGolden": found,
    }
    (folder / "ecco_0_1_2.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{name}: {found}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in CASES:
        make_case(case)
