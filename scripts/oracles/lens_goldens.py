"""What each layer predicts at every position of a text: the logit lens over all of it, computed with transformers.

Run:   .venv-oracle/bin/python scripts/oracles/lens_goldens.py   (after gpt2_goldens.py, family_goldens.py, bundled_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 tuned-lens==0.2.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/lens.safetensors, lens.json

For each case a text of T tokens; position p, from 1 to T, is predicted from the tokens before it. The ranked tokens are
those of the text, and at position T the one that the model itself prefers. Arrays, under `<case>/<norm>/`:

    best               I32 [L, T]  the token with the greatest logit
    bestProbabilities  F32 [L, T]
    ranks              I32 [L, T]  1 + the number of tokens with a strictly greater logit than the ranked one
    logProbs           F32 [L, T]  of the ranked tokens
    entropies          F32 [L, T]  nats
    divergences        F32 [L, T]  KL(final || layer), nats

Everything is computed in float64 and rounded to float32. `smallestMargin` is the least distance between the two greatest
logits anywhere: where it is far above rounding, `best` has to be the same everywhere.
"""

import json
from importlib.metadata import version
from pathlib import Path

import torch
import transformers
from anatomy import in_float64, load
from bundled_goldens import MODEL, OUT as BUNDLED
from gpt2_checkpoints import GOLDENS as GPT2
from prediction_goldens import look
from safetensors.torch import save_file

GOLDENS = GPT2.parent
CASES = ["gpt2/f32", "gpt2/twelve_layers", "llama/grouped", "gpt_neox/parallel"]


@torch.no_grad()
def lens(model: transformers.PreTrainedModel, ids: list[int]) -> tuple[dict[str, torch.Tensor], float]:
    """The arrays of one text, and the smallest margin."""
    preferred = int(model(torch.tensor([ids])).logits[0, -1].argmax())
    targets = torch.tensor([*ids[1:], preferred])
    arrays, margin = {}, float("inf")
    for norm, seen in look(model, ids, list(range(len(ids)))).items():
        logits, log_p = seen["logits"][1::2], seen["logProbs"][1::2]  # the blocks, [L, T, V]
        own = targets[None, :, None].expand(len(logits), -1, 1)
        top = logits.topk(2, -1)
        margin = min(margin, float((top.values[..., 0] - top.values[..., 1]).min()))
        arrays |= {
            f"{norm}/best": top.indices[..., 0].int(),
            f"{norm}/bestProbabilities": log_p.max(-1).values.exp(),
            f"{norm}/ranks": 1 + (logits > logits.gather(-1, own)).sum(-1).int(),
            f"{norm}/logProbs": log_p.gather(-1, own)[..., 0],
            f"{norm}/entropies": seen["entropies"][1::2],
            f"{norm}/divergences": seen["divergences"][1::2],
        }
    return arrays, margin


def main() -> None:
    """Store all cases in one file."""
    asked = {}
    for case in CASES:
        prompts = json.loads((GOLDENS / case / "golden.json").read_text())["prompts"]
        asked[case] = (GOLDENS / case, prompts["long"]["tokenIds"])
    asked["bundled"] = (MODEL, json.loads((BUNDLED / "golden.json").read_text())["prompts"][0]["tokenIds"])
    stored, cases = {}, {}
    for name, (folder, ids) in asked.items():
        arrays, margin = lens(in_float64(load(folder)), ids)
        for array, values in arrays.items():
            exact = values.dtype == torch.int32
            stored[f"{name}/{array}"] = (values if exact else values.float()).contiguous()
        cases[name] = {"tokenIds": ids, "smallestMargin": margin}
        print(name, len(ids), margin)
    save_file(stored, GOLDENS / "lens.safetensors")
    metadata = {
        "producer": "scripts/oracles/lens_goldens.py",
        "versions": {package: version(package) for package in ("torch", "transformers")},
        "reference": "float64, rounded to float32",
        "cases": cases,
    }
    (GOLDENS / "lens.json").write_text(json.dumps(metadata, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    main()
