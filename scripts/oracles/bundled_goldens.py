"""What transformers and PyTorch say of the bundled model: ids, logits, states and saliency of a few texts.

Run:   .venv-oracle/bin/python scripts/oracles/bundled_goldens.py   (after every export of models/)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)

The float16 weights are read as float64, so that the golden is exact to the last digit of float32. Stored for each
text: its ids, its greedy continuation, and at the last position before the end the logits [V] and the hidden states
[L+1, C] before ln_f; for every written token the rows of the ecco and captum presets [N, T].
"""

import json
from pathlib import Path

import torch
from anatomy import in_float64, load
from gpt2_goldens import continue_greedily, gradient, trace
from safetensors.torch import save_file
from transformers import AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models"
OUT = ROOT / "tests" / "goldens" / "bundled"
TEXTS = [
    "The keys to the cabinet",
    "Countries of the European Union:\n1. Austria\n2. Belgium\n3.",
    "Anna gave the book to Tom. Tom thanked",
    "In old times when wishing still helped one, there lived a king",
    "Ünïcödé — “quotes”, 日本語 and 🦕🇪🇺!",
    "<|endoftext|>",
]


def saliency(model, ids: list[int], positions: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows of ecco (normalised L2 of g * x) and captum (signed sum), both [N, T]."""
    ecco = torch.zeros(len(positions), len(ids), dtype=torch.float64)
    captum = torch.zeros_like(ecco)
    for n, position in enumerate(positions):
        target = ids[position]
        embeddings, g = gradient(model, ids[:position], lambda logits: logits[-1].log_softmax(-1)[target])
        norms = (g * embeddings).norm(dim=-1)
        ecco[n, :position] = norms / norms.sum()
        captum[n, :position] = (g * embeddings).sum(-1)
    return ecco, captum


def main() -> None:
    """Write golden.json and golden.safetensors."""
    model = in_float64(load(MODEL))
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    arrays, prompts = {}, []
    for number, text in enumerate(TEXTS):
        prompt = tokenizer(text).input_ids
        ids, margin = continue_greedily(model, prompt)
        positions = list(range(len(prompt), len(ids)))
        seen = trace(model, ids)
        ecco, captum = saliency(model, ids, positions)
        arrays |= {
            f"{number}/logits": seen["logits"][-1],
            f"{number}/hiddenStates": seen["hiddenStates"][:, -1],
            f"{number}/ecco": ecco,
            f"{number}/captum": captum,
        }
        prompts.append({"text": text, "promptIds": prompt, "tokenIds": ids, "smallestMargin": margin})
        print(f"{text!r}: {tokenizer.decode(ids[len(prompt):])!r}, smallest margin {margin:.2g}")
    OUT.mkdir(parents=True, exist_ok=True)
    save_file({name: array.detach().float().contiguous() for name, array in arrays.items()}, OUT / "golden.safetensors")
    (OUT / "golden.json").write_text(json.dumps({"prompts": prompts}, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
