"""Run inseq 0.7.1 itself on the tiny checkpoints and store its default attribution, input x gradient.

Run:   .out/inseq-venv/bin/python scripts/oracles/inseq_goldens.py   (after gpt2_goldens.py)
Pins:  inseq==0.7.1 jaxtyping==0.3.11 treescope==0.1.10 (pip install --no-deps), and scripts/requirements-oracle.txt
Out:   tests/goldens/gpt2/<case>/inseq_0_7_1.json

inseq runs in float32 on texts such as "17 4 93", whose words are token ids; the ids
that it read are stored too. Each row is L1-normalised over the tokens before the attributed one.
"""

import json
import math
from importlib.metadata import version
from pathlib import Path

import inseq
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

GOLDENS = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "gpt2"
CASES = ["f32", "twelve_layers"]


def id_tokenizer(vocabulary: int, used: set[int]) -> PreTrainedTokenizerFast:
    """Words are ids. inseq wants special tokens, and leaves them out: an id that is not used stands for all of them."""
    special = str(max(set(range(vocabulary)) - used))
    tokenizer = Tokenizer(models.WordLevel({str(i): i for i in range(vocabulary)}, unk_token=special))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {f"{kind}_token": special for kind in ("bos", "eos", "pad", "unk")}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def attribute(model, prompt: dict) -> dict:
    """What inseq says of the tokens after a prompt, when they are given to it."""
    ids, length = prompt["tokenIds"], prompt["promptLength"]
    text = " ".join(map(str, ids))
    output = model.attribute(" ".join(map(str, ids[:length])), text, show_progress=False, pretty_progress=False)
    attribution = output.sequence_attributions[0]
    start, end = attribution.attr_pos_start, attribution.attr_pos_end
    scores = attribution.aggregate().target_attributions  # [tokens, attributed]
    rows = [
        [0.0 if math.isnan(value) else value for value in scores[:, n].tolist()] for n in range(end - start)
    ]
    read = [token.id for token in attribution.target]
    assert len(read) == scores.shape[0] and read[-len(ids) :] == ids, (read, ids)
    return {"tokenIds": read, "promptLength": start, "rows": rows}


def make_case(name: str) -> None:
    folder = GOLDENS / name
    model = GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager").eval()
    prompts = json.loads((folder / "golden.json").read_text())["prompts"]
    used = {token for prompt in prompts.values() for token in prompt["tokenIds"]}
    tokenizer = id_tokenizer(model.config.vocab_size, used)
    loaded = inseq.load_model(model, "input_x_gradient", tokenizer=tokenizer)
    golden = {
        "producer": "scripts/oracles/inseq_goldens.py",
        "versions": {package: version(package) for package in ("inseq", "torch", "transformers", "captum")},
        "prompts": {key: attribute(loaded, prompt) for key, prompt in prompts.items()},
    }
    (folder / "inseq_0_7_1.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    torch.manual_seed(0)
    for case in CASES:
        make_case(case)
        print(case)
