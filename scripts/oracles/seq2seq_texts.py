"""Let the tiny encoder-decoder checkpoints write, greedily and with beams, with Hugging Face's generate.

Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<bart|marian>/<case>/greedy.json, beams.json; seq2seq_goldens.py runs this

greedy.json has `sources`, and `runs` of `settings` by their names in generate, with what is written after
decoder_start_token_id (`written`). beams.json has `prompts`, the same sources, and runs as those of beam_goldens.py:
`texts` (best first) without decoder_start_token_id, `sequences_scores` (`scores`) and ln p of each text (`logProbs`). In
both, a token that the model writes often is among `eos_token_id`, choices are the same in float32, and sources that
are padded on the right and run together give the same as each by itself, except where settings look at the source. All
settings are given: config.json says nothing about them.
"""

import numpy as np
import torch
from beam_goldens import write
from gpt2_goldens import SMALLEST_MARGIN
from seq2seq_checkpoints import Case
from transformers import PreTrainedModel

LENGTHS = (1, 4, 13)
FIRST_WORD = 3
LOOKS_AT_SOURCE = {"encoder_repetition_penalty", "encoder_no_repeat_ngram_size"}


def words(model: PreTrainedModel, random: np.random.Generator, length: int) -> list[int]:
    """Random tokens of both vocabularies that mean nothing to generate."""
    return random.integers(FIRST_WORD, model.model.decoder.embed_tokens.num_embeddings - 1, length).tolist()


@torch.no_grad()
def generate(model: PreTrainedModel, sources: list[list[int]], settings: dict) -> tuple[list, list, float]:
    """What stands after the first token in each text, best first, the scores of beams, and the smallest greedy gap."""
    longest, pad = max(map(len, sources)), model.config.pad_token_id
    output = model.generate(
        torch.tensor([source + [pad] * (longest - len(source)) for source in sources]),
        attention_mask=torch.tensor([[1] * len(source) + [0] * (longest - len(source)) for source in sources]),
        pad_token_id=pad,
        return_dict_in_generate=True,
        output_scores=True,
        **{"do_sample": False, "decoder_start_token_id": model.config.decoder_start_token_id, **settings},
    )
    rows = output.sequences[:, 1:].tolist()
    if settings.get("num_beams", 1) > 1:
        lengths = (output.beam_indices >= 0).sum(dim=1).tolist()
        texts = [row[:length] for row, length in zip(rows, lengths)]
        best = len(rows) // len(sources)
        cut = lambda values: [values[at : at + best] for at in range(0, len(values), best)]
        return cut(texts), cut(output.sequences_scores.tolist()), float("inf")
    ends = settings["eos_token_id"]
    lengths = [next((at + 1 for at, token in enumerate(row) if token in ends), len(row)) for row in rows]
    gaps = [
        float(-output.scores[step][row].topk(2).values.diff())
        for row, length in enumerate(lengths)
        for step in range(length)
    ]
    return [row[:length] for row, length in zip(rows, lengths)], [], min(gaps)


@torch.no_grad()
def log_prob(model: PreTrainedModel, source: list[int], text: list[int]) -> float:
    """ln p of a text."""
    read = [model.config.decoder_start_token_id, *text[:-1]]
    logits = model(torch.tensor([source]), decoder_input_ids=torch.tensor([read])).logits[0].double()
    return logits.log_softmax(-1)[torch.arange(len(text)), torch.tensor(text)].sum().item()


def run_beams(single: PreTrainedModel, double: PreTrainedModel, sources: list[list[int]], settings: dict) -> dict:
    """One entry of beams.json; raises AssertionError when rounding decides."""
    found = [[part[0] for part in generate(double, [source], settings)[:2]] for source in sources]
    for source, (texts, scores) in zip(sources, found):
        again, others = (part[0] for part in generate(single, [source], settings)[:2])
        assert again == texts and np.allclose(scores, others, rtol=1e-6, atol=1e-5), (settings, texts, again)
    if not LOOKS_AT_SOURCE & settings.keys():
        assert generate(double, sources, settings)[0] == [texts for texts, _ in found], settings
    return {
        "settings": settings,
        "texts": [texts for texts, _ in found],
        "scores": [scores for _, scores in found],
        "logProbs": [[log_prob(double, s, text) for text in texts] for s, (texts, _) in zip(sources, found)],
    }


def run_greedily(single: PreTrainedModel, double: PreTrainedModel, sources: list[list[int]], settings: dict) -> dict:
    """One entry of greedy.json; raises AssertionError when rounding decides."""
    written, _, gap = generate(double, sources, settings)
    assert gap > SMALLEST_MARGIN and generate(single, sources, settings)[0] == written, (settings, gap)
    assert [generate(double, [source], settings)[0][0] for source in sources] == written, settings
    return {"settings": settings, "written": written, "smallestGreedyMargin": gap if gap < float("inf") else None}


def greedy_settings(model: PreTrainedModel, stop: int, often: int) -> list[dict]:
    """Continuing by the most probable token, with what published configurations ask for."""
    end, pad = model.config.eos_token_id, model.config.pad_token_id
    base = {"max_new_tokens": 9, "eos_token_id": [end, stop]}
    return [
        base,
        base | {"forced_eos_token_id": end},
        base | {"forced_bos_token_id": often, "forced_eos_token_id": end, "bad_words_ids": [[pad], [often]]},
        base | {"no_repeat_ngram_size": 2, "min_new_tokens": 4, "repetition_penalty": 1.3},
    ]


def beam_settings(model: PreTrainedModel, stop: int, often: int) -> list[dict]:
    """Widths, penalties and ends, and what published configurations ask for."""
    end, pad = model.config.eos_token_id, model.config.pad_token_id
    base = {"num_return_sequences": 3, "max_new_tokens": 9, "eos_token_id": [end, stop]}
    wide = base | {"num_beams": 4}
    return [
        base | {"num_beams": beams, "length_penalty": penalty, "early_stopping": early}
        for beams in (3, 4)
        for penalty in (1.0, 2.0, 0.5)
        for early in (True, False)
    ] + [
        wide | {"early_stopping": "never"},
        wide | {"forced_eos_token_id": end},
        wide | {"forced_bos_token_id": often, "forced_eos_token_id": end, "early_stopping": True},
        wide | {"no_repeat_ngram_size": 2, "bad_words_ids": [[pad]], "min_new_tokens": 4},
        wide | {"repetition_penalty": 1.3},
        wide | {"encoder_repetition_penalty": 1.3},
        wide | {"encoder_no_repeat_ngram_size": 1},
        wide | {"num_return_sequences": 1},
    ]


def make_texts(case: Case, producer: str, single: PreTrainedModel, double: PreTrainedModel) -> None:
    """Draw sources until rounding decides nothing and texts end at different steps."""
    random = np.random.default_rng(case.seed + 900)
    end = single.config.eos_token_id
    while True:
        sources = [words(single, random, length) for length in LENGTHS]
        free, _, _ = generate(double, sources, {"max_new_tokens": 9, "eos_token_id": [end]})
        counts = {token: sum(token in text[1:-1] for text in free) for token in sum(free, [])}
        stop, often = sorted(counts, key=lambda token: (-counts[token], token))[:2]
        ends = {len(text) for text in generate(double, sources, {"max_new_tokens": 9, "eos_token_id": [end, stop]})[0]}
        if len(ends) < 2 or stop == end:
            continue
        try:
            greedy = [run_greedily(single, double, sources, own) for own in greedy_settings(single, stop, often)]
            beams = [run_beams(single, double, sources, own) for own in beam_settings(single, stop, often)]
        except AssertionError as error:
            print(case.name, "again:", str(error)[:120])
            continue
        break
    write(case.folder / "greedy.json", {"sources": sources, "runs": greedy}, producer)
    write(case.folder / "beams.json", {"prompts": sources, "runs": beams}, producer)
    lengths = {len(text) for run in beams for texts in run["texts"] for text in texts}
    print(f"{case.name}: greedy {sorted(ends)}, beams {sorted(lengths)}")
