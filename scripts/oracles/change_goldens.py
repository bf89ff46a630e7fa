"""Change what is inside the tiny checkpoints with hooks of PyTorch, and store what comes of it.

Run:   .venv-oracle/bin/python scripts/oracles/change_goldens.py [family/case...]   (after all checkpoints)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<family>/<case>/changes.safetensors, changes.json

changes.json has the text (`tokenIds`, and `sourceIds` where there is an encoder), and `cases`, each with the `changes` as
`model.with` takes them; numbers are named where they are many, and stand in changes.safetensors under that name. A
`continuation` are the 8 tokens that are written greedily, after the prompt or for the source, end ignored; every choice
is clear by 1e-3. Computed in float64 from changes in float32, and rounded to float32; K cases, T tokens, E of a source,
V vocabulary, N explained `positions`:

    logits                                  F32 [K, T, V]
    saliency                                F32 [K, N, E + T]  |g x|_2 of the probability, each row divided by its sum; x
                                                               are the embeddings after the change at `embed`, 0 at and
                                                               after the position; of a row of zeros, zeros
                                                               (in BERT with the position masked, and on both sides)
"""

import json
import sys

import numpy as np
import safetensors
import torch
import transformers
from anatomy import in_float64, load
from change_cases import cases_of
from changes import Changed
from encoder_goldens import DOWN, FIRST_WORD, MASK
from family_checkpoints import GOLDENS
from gpt2_goldens import NEW_TOKENS, SMALLEST_MARGIN
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM, PreTrainedModel

PRODUCER = "scripts/oracles/change_goldens.py"
KINDS = {"bert": AutoModelForMaskedLM, "bart": AutoModelForSeq2SeqLM, "marian": AutoModelForSeq2SeqLM}
SEEDS = {
    "gpt2/f32": 701,
    "gpt2/twelve_layers": 702,
    "llama/grouped": 703,
    "qwen2/qwen2": 704,
    "gpt_neox/parallel": 705,
    "gpt_neox/sequential": 706,
    "opt/pre_norm": 707,
    "bert/bert": 708,
    "bart/scaled": 709,
    "marian/marian": 710,
}
T, E, OTHER = 6, 5, 8
POSITIONS = [3, 5]


def run(model: PreTrainedModel, ids: list[int], source: list[int]) -> torch.Tensor:
    """The logits of a text, [T, V]."""
    own = torch.tensor([ids])
    if source:
        return model(torch.tensor([source]), decoder_input_ids=own, use_cache=False).logits[0]
    return model(own).logits[0] if model.config.model_type in DOWN else model(own, use_cache=False).logits[0]


def explain(model: PreTrainedModel, changes: list[dict], ids: list[int], source: list[int]) -> torch.Tensor:
    """Rows [N, E + T] of what made the tokens at the positions likely."""
    result = torch.zeros(len(POSITIONS), len(source) + len(ids), dtype=model.dtype)
    for n, position in enumerate(POSITIONS):
        whole = model.config.model_type in DOWN
        read = [*ids[:position], MASK, *ids[position + 1 :]] if whole else ids[:position]
        with Changed(model, changes, from_embeddings=True) as inside:
            logits = run(model, read, source)[position if whole else -1]
            x = [inside.seen[site] for site in ("source_embed", "embed") if site in inside.seen]
            found = torch.autograd.grad(logits.softmax(-1)[ids[position]], x, allow_unused=True)
        g = [torch.zeros_like(own) if one is None else one for one, own in zip(found, x)]
        row = torch.cat([(one * own.detach()).norm(dim=-1) for one, own in zip(g, x)])
        result[n, : len(row)] = row / row.sum() if row.sum() > 0 else row
    return result


@torch.no_grad()
def continue_greedily(model: PreTrainedModel, changes: list[dict], ids: list[int], source: list[int]) -> list[int] | None:
    """What is written, or None where a choice is not clear."""
    ids = [model.config.decoder_start_token_id] if source else list(ids)
    start = len(ids)
    for _ in range(NEW_TOKENS):
        with Changed(model, changes):
            logits = run(model, ids, source)[-1]
        best, second = logits.topk(2).values.tolist()
        if best - second < SMALLEST_MARGIN:
            return None
        ids.append(int(logits.argmax()))
    return ids[start:]


@torch.no_grad()
def look(model: PreTrainedModel, ids: list[int], source: list[int]) -> dict[str, torch.Tensor]:
    """What is at every place of a text, in float32."""
    with Changed(model, []) as inside:
        logits = run(model, ids, source)
    assert float((logits - run(model, ids, source)).abs().max()) < 1e-10  # what hooks do not change is as it was
    return {site: value.detach().float() for site, value in inside.seen.items()}


def with_arrays(change: dict, arrays: dict[str, torch.Tensor]) -> dict:
    """A change with its numbers for their names."""
    return {key: arrays.get(value, value) if isinstance(value, str) else value for key, value in change.items()}


def attempt(model: PreTrainedModel, random: np.random.Generator) -> dict | None:
    """Texts, cases and what comes of them; None where a greedy choice is not clear."""
    vocabulary = model.config.vocab_size
    two_stacks = model.config.is_encoder_decoder
    start = [model.config.decoder_start_token_id] if two_stacks else []
    words = lambda count: random.integers(FIRST_WORD, vocabulary - 1, count).tolist()
    ids, other = start + words(T - len(start)), start + words(OTHER - len(start))
    source, other_source = (words(E), words(OTHER)) if two_stacks else ([], [])
    cases, arrays = cases_of(look(model, other, other_source), random)
    logits, maps, stored = [], [], []
    for name, changes in cases.items():
        full = [with_arrays(change, arrays) for change in changes]
        case = {"name": name, "changes": changes}
        if model.config.model_type not in DOWN:
            case["continuation"] = continue_greedily(model, full, ids, source)
            if case["continuation"] is None:
                return None
        with torch.no_grad(), Changed(model, full):
            logits.append(run(model, ids, source))
        maps.append(explain(model, full, ids, source))
        stored.append(case)
    with torch.no_grad():
        plain = run(model, ids, source)
    for name, own in zip(cases, logits):
        assert float((own - plain).abs().max()) > 1e-3, (name, "changes nothing")
    tensors = {"logits": torch.stack(logits), "saliency": torch.stack(maps)} | arrays
    return {"tokenIds": ids, "sourceIds": source, "cases": stored, "tensors": tensors}


def make(name: str, seed: int) -> int:
    """Store everything about one checkpoint; the answer is the bytes that takes."""
    folder = GOLDENS / name
    model = in_float64(load(folder, KINDS.get(name.split("/")[0], AutoModelForCausalLM)))
    random = np.random.default_rng(seed)
    tries = 1
    while (found := attempt(model, random)) is None:
        tries += 1
    tensors = {key: value.float().contiguous() for key, value in found["tensors"].items()}
    save_file(tensors, folder / "changes.safetensors")
    head = {
        "producer": PRODUCER,
        "versions": {module.__name__: module.__version__ for module in (torch, transformers, safetensors)},
        "reference": "float64, rounded to float32",
        "tokenIds": found["tokenIds"],
        **({"sourceIds": found["sourceIds"]} if found["sourceIds"] else {}),
        "positions": POSITIONS,
    }
    lines = ",\n  ".join(json.dumps(case) for case in found["cases"])
    text = json.dumps(head, indent=1)[:-2] + f',\n "cases": [\n  {lines}\n ]\n}}\n'
    json.loads(text)
    (folder / "changes.json").write_text(text)
    size = sum((folder / file).stat().st_size for file in ("changes.json", "changes.safetensors"))
    print(f"{name}: {len(found['cases'])} cases, {tries} tries, {size} bytes")
    return size


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    total = sum(make(name, seed) for name, seed in SEEDS.items() if not sys.argv[1:] or name in sys.argv[1:])
    print(f"{total} bytes in all")
