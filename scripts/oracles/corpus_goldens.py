"""What transformers and PyTorch say of a small corpus and the bundled model: surprise, neuron maxima and where heads look.

Run:   .venv-oracle/bin/python scripts/oracles/corpus_goldens.py   (after every export of models/)
Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)

The float16 weights are read as float64. Texts are cut into windows of 64 tokens, of which 16 were in the one before, as
the corpus is asked with; each window is read alone. Of every 97th neuron, by a hook behind the activation function: its
three greatest texts with value and position, each text by its greatest activation, and the mean over all tokens. Heads:
the mean attention to the token before and to the first of the window, over all tokens but the first of each text.
"""

import json
from pathlib import Path

import torch
from anatomy import in_float64, load
from transformers import AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models"
OUT = ROOT / "tests" / "goldens" / "corpus" / "model.json"
WINDOW, OVERLAP, BEST, STEP = 64, 16, 3, 97
TEXTS = [
    "The keys to the cabinet are on the table.",
    "Once upon a time there was a king who had a daughter, and she was so fair that the sun itself wondered.",
    "One, two, three, four, five, one, two, three, four, five.",
    "Yes",
    "Anna gave the book to Tom. Tom thanked Anna and read it to the children. " * 8,
    "Countries of the European Union:\n1. Austria\n2. Belgium\n3. Bulgaria",
    "Ünïcödé — “quotes”, 日本語 and 🦕!",
]


def windows(ids: list[int]) -> list[tuple[int, int]]:
    """Start of each window, and its first token that counts."""
    found = []
    for start in range(0, max(1, len(ids) - OVERLAP), WINDOW - OVERLAP):
        found.append((start, 0 if start == 0 else OVERLAP))
    return found


def main() -> None:
    """Write model.json."""
    model = in_float64(load(MODEL))
    model.set_attn_implementation("eager")
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    seen: dict[int, torch.Tensor] = {}
    for layer, block in enumerate(model.transformer.h):
        block.mlp.act.register_forward_hook(lambda _, __, out, layer=layer: seen.__setitem__(layer, out[0]))
    documents, greatest, all_values = [], [], []
    previous, first, count = 0, 0, 0
    for text in TEXTS:
        ids = tokenizer(text).input_ids
        log_probs, values = [], []
        for start, counted in windows(ids):
            own = ids[start : start + WINDOW]
            with torch.no_grad():
                output = model(torch.tensor([own]), output_attentions=True)
            rows = output.logits[0].log_softmax(-1)
            log_probs += [rows[t - 1, own[t]].item() for t in range(max(1, counted), len(own))]
            values.append(torch.cat([seen[layer] for layer in range(len(seen))], -1)[counted:, ::STEP])
            attention = torch.stack(output.attentions)[:, 0]  # [L, H, T, T]
            for t in range(max(1, counted), len(own)):
                previous, first, count = previous + attention[:, :, t, t - 1], first + attention[:, :, t, 0], count + 1
        documents.append({"text": text, "tokens": len(ids), "logProbs": [round(x, 7) for x in log_probs]})
        all_values.append(torch.cat(values))
        greatest.append(all_values[-1].max(0))
    best = []
    for n in range(greatest[0].values.shape[0]):
        order = sorted(range(len(TEXTS)), key=lambda d: -greatest[d].values[n].item())[:BEST]
        best.append([[d, greatest[d].indices[n].item(), round(greatest[d].values[n].item(), 7)] for d in order])
    means = torch.cat(all_values).mean(0)
    golden = {
        **{"window": WINDOW, "overlap": OVERLAP, "step": STEP, "documents": documents, "neurons": best},
        "means": [round(x, 7) for x in means.tolist()],
        "previousToken": [round(x, 7) for x in (previous / count).flatten().tolist()],
        "firstToken": [round(x, 7) for x in (first / count).flatten().tolist()],
    }
    OUT.write_text(json.dumps(golden, ensure_ascii=False) + "\n", "utf-8")
    print(OUT, OUT.stat().st_size)


if __name__ == "__main__":
    main()
