"""Continue prompts of different lengths together with Hugging Face's generate, and store what it writes.

Run:   .venv-oracle/bin/python scripts/oracles/batch_goldens.py   (after gpt2_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/gpt2/<case>/batch.json

Prompts of 1, 2, 7, 20 and 36 random tokens are padded on the left, as decoder-only models are batched in transformers,
and continued greedily by at most 12 tokens. They end at the tokens that end a text, one of which, `stop`, is chosen so
that texts end at different steps. The choices are the same in float64 and in float32, and none of them is a near tie.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from anatomy import in_float64, load
from gpt2_checkpoints import CASES, GOLDENS
from gpt2_goldens import SMALLEST_MARGIN
from transformers import PreTrainedModel

LENGTHS = (1, 2, 7, 20, 36)
NEW_TOKENS = 12


@torch.no_grad()
def write(model: PreTrainedModel, prompts: list[list[int]], stops: list[int]) -> tuple[list[list[int]], float]:
    """What is written after each prompt, and the smallest gap between a chosen logit and the next best one."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    output = model.generate(
        ids,
        attention_mask=mask,
        do_sample=False,
        max_new_tokens=NEW_TOKENS,
        eos_token_id=stops,
        pad_token_id=0,
        return_dict_in_generate=True,
        output_logits=True,
    )
    texts, margin = [], float("inf")
    for row, ids in enumerate(output.sequences[:, longest:].tolist()):
        end = next((step + 1 for step, token in enumerate(ids) if token in stops), len(ids))
        texts.append(ids[:end])
        for logits in output.logits[:end]:
            best, second = logits[row].topk(2).values.tolist()
            margin = min(margin, best - second)
    return texts, margin


def make_case(folder: Path, seed: int, producer: str) -> None:
    """Draw prompts until their texts end at three different steps at least and no choice is a near tie."""
    single = load(folder)
    double = in_float64(single)
    eos = json.loads((folder / "config.json").read_text())["eos_token_id"]
    random = np.random.default_rng(seed)
    while True:
        prompts = [random.integers(0, single.config.vocab_size, length).tolist() for length in LENGTHS]
        free, _ = write(double, prompts, [eos])
        stop = max(set(sum(free, [])), key=lambda token: sum(token in text[1:-1] for text in free))
        texts, margin = write(double, prompts, [eos, stop])
        if len(set(map(len, texts))) >= 3 and margin > SMALLEST_MARGIN:
            break
    assert write(single, prompts, [eos, stop])[0] == texts, (folder.name, margin)
    golden = {
        "producer": producer,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "maxNewTokens": NEW_TOKENS,
        "stop": stop,
        "prompts": prompts,
        "written": texts,
        "smallestGreedyMargin": margin,
    }
    (folder / "batch.json").write_text(json.dumps(golden) + "\n")
    print(f"{folder.name}: {list(map(len, texts))} tokens, margin {margin:.3f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        make_case(GOLDENS / case.name, case.seed + 900, "scripts/oracles/batch_goldens.py")
