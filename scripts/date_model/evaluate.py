"""Measure the model of dates on dates that were held out: exact matches, and where cross-attention looks.

Pinned: torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt). The float16 weights are read as float32.

A date is right if every token of the greedy text is. A digit is aligned by a head if the source token with the greatest
weight, in the row that predicts the digit, belongs to the words or digits that say its field: the year, the month or the
day. Each head is measured; the best one is told, of all digits and of each field.
"""

import random
from pathlib import Path

import torch
from data import FORMATS, Example, draw_date, write
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

FIELDS = ["year"] * 4 + [""] + ["month"] * 2 + [""] + ["day"] * 2
CASES, SEED = 500, 7


def token_fields(example: Example, offsets: list[tuple[int, int]]) -> list[str]:
    """The field of each source token: that of its last character; none for the token that ends the text."""
    fields = example.fields()
    return [fields[end - 1] if end > start else "" for start, end in offsets]


@torch.no_grad()
def measure(model, tokenizer, examples: list[Example]) -> tuple[int, torch.Tensor, torch.Tensor]:
    """How many are right; how many digits of each field [3] each head [Ld, H, 3] aligns, and how many there are [3]."""
    names = ["year", "month", "day"]
    right, aligned, digits = 0, 0, torch.zeros(3)
    batch = tokenizer([example.source for example in examples], return_tensors="pt", padding=True)
    ids = model.generate(**batch)
    mapping = tokenizer([example.source for example in examples], return_offsets_mapping=True)["offset_mapping"]
    written = tokenizer.batch_decode(ids, skip_special_tokens=True)
    targets = tokenizer([example.target for example in examples], return_tensors="pt").input_ids
    start = torch.full((len(examples), 1), model.config.decoder_start_token_id)
    output = model(**batch, decoder_input_ids=torch.cat([start, targets[:, :-1]], 1), output_attentions=True)
    best = torch.stack(output.cross_attentions, 1).argmax(-1)  # [B, Ld, H, T]
    for row, example in enumerate(examples):
        right += written[row] == example.target
        fields = token_fields(example, mapping[row])
        hits = torch.zeros(*best.shape[1:3], 3)
        for at, field in enumerate(FIELDS):
            if not field:
                continue
            looked = [[fields[j] if j < len(fields) else "" for j in heads] for heads in best[row, :, :, at].tolist()]
            hits[..., names.index(field)] += torch.tensor([[seen == field for seen in heads] for heads in looked])
            digits[names.index(field)] += 1
        aligned = aligned + hits
    return right, aligned, digits


def evaluate(folder: Path) -> dict:
    """Accuracy of each format and of all, and the alignment."""
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    draw = random.Random(SEED)
    right, aligned, digits = {}, 0, 0
    for name in FORMATS:
        examples = [write(draw_date(draw, of_held_out=True), draw, name) for _ in range(CASES)]
        right[name], found, count = measure(model, tokenizer, examples)
        aligned, digits = aligned + found, digits + count
    share = aligned.sum(-1) / digits.sum()
    layer, head = divmod(int(share.argmax()), share.shape[1])
    return {
        "heldOut": {
            "cases": CASES * len(FORMATS),
            "exactMatch": round(sum(right.values()) / (CASES * len(FORMATS)), 4),
            "byFormat": {name: round(count / CASES, 4) for name, count in right.items()},
        },
        "alignment": {
            "bestHead": {"layer": layer, "head": head, "share": round(float(share.max()), 4)},
            "byField": dict(
                zip(["year", "month", "day"], [round(float(x), 4) for x in aligned[layer, head] / digits])
            ),
            "heads": [[round(float(x), 4) for x in heads] for heads in share],
        },
    }
