"""Measure the exported model on what was held out: perplexity per source, greedy accuracy per behaviour.

Pinned: torch==2.13.0, transformers==5.23.0, tokenizers==0.23.3 (scripts/requirements-oracle.txt). The float16 weights
are read through transformers and computed with in float32. A case counts as right when every token of a continuation
that fits is the most probable one. Perplexity uses windows of the whole context, each after the end-of-text token.
"""

import argparse
import json
import math
from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

SAMPLES = [
    "The countries of the European Union are:\n1. Austria\n2. Belgium\n3. Bulgaria\n4.",
    "The keys to the cabinet",
    "Anna gave the book to Tom. Tom thanked",
    "When Mary and John went to the garden, John gave a ring to",
    "A robot must obey the orders given it by human beings, except where such",
    "The wizard was called Zorbal. Everyone in the village knew",
    "The capital of France is",
    "The opposite of hot is",
    "3 + 4 =",
    "10, 20, 30,",
    "[ ( {",
    "Once upon a time there was",
    "And God said",
    "My fellow Americans,",
]


def per_token_loss(model: PreTrainedModel, windows: list[list[int]]) -> float:
    """Summed negative log-probability, in nats, of all tokens but the first of every window."""
    total = 0.0
    for window in windows:
        ids = torch.tensor([window])
        logits = model(ids).logits[0, :-1]
        total += functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item()
    return total


def perplexity(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str) -> dict:
    ids = tokenizer(text, verbose=False)["input_ids"]
    span = model.config.n_positions - 1
    windows = [[model.config.bos_token_id, *ids[start : start + span]] for start in range(0, len(ids), span)]
    nats = per_token_loss(model, windows)
    return {
        "tokens": len(ids),
        "perplexity": round(math.exp(nats / len(ids)), 2),
        "bits_per_byte": round(nats / math.log(2) / len(text.encode()), 3),
    }


def is_right(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: str, answer: str) -> bool:
    prompt_ids = tokenizer(prompt)["input_ids"]
    ids = tokenizer(prompt + answer)["input_ids"]
    if ids[: len(prompt_ids)] != prompt_ids:
        raise ValueError(f"Cannot cut {prompt + answer!r} into tokens after {prompt!r}")
    predicted = model(torch.tensor([ids])).logits[0].argmax(-1).tolist()
    return predicted[len(prompt_ids) - 1 : -1] == ids[len(prompt_ids) :]


def continuation(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: str, tokens: int = 24) -> str:
    inputs = tokenizer(prompt, return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=tokens, do_sample=False, pad_token_id=tokenizer.eos_token_id)
    return tokenizer.decode(output[0, inputs["input_ids"].shape[1] :])


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--text", type=Path, default=Path(".train"), help="folder generate_text.py wrote to")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    corpus = json.loads((options.text / "heldout_corpus.json").read_text(encoding="utf-8"))
    behaviours = json.loads((options.text / "heldout_cases.json").read_text(encoding="utf-8"))

    report: dict = {"parameters": model.num_parameters(), "held_out_corpus": {}, "held_out_behaviours": {}, "greedy": {}}
    for source, text in corpus.items():
        report["held_out_corpus"][source] = perplexity(model, tokenizer, text)
        print(source, report["held_out_corpus"][source], flush=True)
    for behaviour, cases in behaviours.items():
        wrong = [
            case for case in cases
            if not any(is_right(model, tokenizer, case["prompt"], answer) for answer in case["answers"])
        ]
        accuracy = round(1 - len(wrong) / len(cases), 3)
        report["held_out_behaviours"][behaviour] = {"cases": len(cases), "accuracy": accuracy}
        print(f"{behaviour}: {accuracy:.3f} of {len(cases)}; wrong, for example: {wrong[:2]}", flush=True)
    for prompt in SAMPLES:
        report["greedy"][prompt] = continuation(model, tokenizer, prompt)
        print(repr(prompt), "->", repr(report["greedy"][prompt]), flush=True)

    target = options.model / "evaluation.json"
    temporary = target.with_suffix(".tmp")
    temporary.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(target)


if __name__ == "__main__":
    main()
