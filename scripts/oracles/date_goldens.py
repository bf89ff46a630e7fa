"""What transformers and PyTorch say of the model of dates: ids, beams, where cross-attention looks, and saliency.

Run:   .venv-oracle/bin/python scripts/oracles/date_goldens.py   (after every training of models/dates)
Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/dates.json

The float16 weights are read as float64. For each text: its ids (`sourceIds`, the token that ends it included), what is
written greedily after decoder_start_token_id (`writtenIds`, `written`), three beams as in beams.json (`texts`, `scores`),
and the source token with the greatest weight of every head at every row of the decoder [Ld, H, T] (`mostAttended`), row t
being the one that predicts writtenIds[t]. For the first text, gradient x input of each written token's log-probability,
summed, with respect to scaled embeddings as in seq2seq_goldens.py: of the source [T, E], and of what the decoder reads
[T, T + 1], decoder_start_token_id first, 0 from the token on.
"""

from pathlib import Path

import torch
import transformers
from anatomy import in_float64, load
from beam_goldens import write
from gpt2_goldens import SMALLEST_MARGIN
from seq2seq_goldens import saliency, trace
from seq2seq_texts import generate
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "dates"
TEXTS = {
    "the twenty-third of March, nineteen eighty-four": "1984-03-23",
    "March 23rd, 1984": "1984-03-23",
    "Sunday, 5 May 2019": "2019-05-05",
    "November the eleventh, two thousand and five": "2005-11-11",
    "31.12.99": "1999-12-31",
}
GREEDY = {"max_new_tokens": 12, "eos_token_id": [0]}


def make_text(single, double, tokenizer, text: str, date: str) -> dict:
    """The entry of one text; what is written has to be right, and not by a near tie."""
    source = tokenizer(text).input_ids
    written, _, margin = generate(double, [source], GREEDY)
    assert generate(single, [source], GREEDY)[0] == written and margin > SMALLEST_MARGIN, text
    decoded = tokenizer.decode(written[0], skip_special_tokens=True)
    assert decoded == date, (text, decoded)
    beams = GREEDY | {"num_beams": 3, "num_return_sequences": 3}
    texts, scores, _ = generate(double, [source], beams)
    assert generate(single, [source], beams)[0] == texts, text
    target = [double.config.decoder_start_token_id, *written[0]]
    pattern = trace(double, source, target)["decoder/crossAttention"]
    return {
        "text": text,
        "sourceIds": source,
        "writtenIds": written[0],
        "written": decoded,
        "smallestGreedyMargin": margin,
        "texts": texts[0],
        "scores": scores[0],
        "mostAttended": pattern[:, :, :-1].argmax(-1).tolist(),
    }


def main() -> None:
    """Write the file."""
    single = load(MODEL, AutoModelForSeq2SeqLM)
    double = in_float64(single)
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    texts = [make_text(single, double, tokenizer, text, date) for text, date in TEXTS.items()]
    first = texts[0]
    rows = saliency(double, first["sourceIds"], [double.config.decoder_start_token_id, *first["writtenIds"]])
    for side in ("source", "target"):
        first[f"{side}Saliency"] = rows[f"saliency/{side}/logProb/gradientXInput/sum"].tolist()
    settings = {"greedy": GREEDY, "beams": {"num_beams": 3, "num_return_sequences": 3}}
    write(ROOT / "tests/goldens/dates.json", {"settings": settings, "dates": texts}, "scripts/oracles/date_goldens.py")
    for entry in texts:
        tokens = tokenizer.convert_ids_to_tokens(entry["sourceIds"])
        print(entry["text"], "->", entry["written"], f"margin {entry['smallestGreedyMargin']:.2f}")
        print("  head 0:", " ".join(f"{d}={tokens[j]}" for d, j in zip(entry["written"], entry["mostAttended"][0][0])))


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    main()
