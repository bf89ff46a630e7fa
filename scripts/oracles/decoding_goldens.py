"""Write with every setting of generation_config.json alone and in pairs, and store what Hugging Face's generate makes of it.

Run:   .venv-oracle/bin/python scripts/oracles/decoding_goldens.py   (after gpt2_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/decoding/greedy.json, scores.json and seeds.json

greedy.json: the checkpoint `f32` with each setting that counts in greedy decoding, alone and in all pairs, continued after
three prompts; what was written, or the words of the error. Its tokenizer is one byte for each token.

scores.json: made scores of 97 tokens (of a generator that any language has: 16-bit halves of an LCG), some with many ties,
and what all processors of generate() make of them, alone and in all pairs of which one narrows draws: the tokens that
are left, as bits of a hexadecimal number, and two sums of what they score. Ties are put in order, which torch leaves open.

seeds.json: the first numbers of Mulberry32 and sfc32, written down here from their definitions.
"""

import itertools
import json
import logging
import warnings
from pathlib import Path

import torch
import transformers
from gpt2_checkpoints import GOLDENS
from tokenizers import Tokenizer
from transformers import GenerationConfig, GPT2LMHeadModel, PreTrainedTokenizerFast

OUT = Path(GOLDENS).parent / "decoding"
EOS = 40

#: Settings that count in greedy decoding.
GREEDY = {
    "repetition_penalty": {"repetition_penalty": 1.7},
    "repetition_penalty below 1": {"repetition_penalty": 0.6},
    "encoder_repetition_penalty": {"encoder_repetition_penalty": 1.5},
    "no_repeat_ngram_size 1": {"no_repeat_ngram_size": 1},
    "no_repeat_ngram_size 2": {"no_repeat_ngram_size": 2},
    "encoder_no_repeat_ngram_size": {"encoder_no_repeat_ngram_size": 2},
    "bad_words_ids": {"bad_words_ids": [[EOS], [7], [11, 12], [69], [37, 37], [16]]},
    "sequence_bias": {"sequence_bias": [[[13], 1.5], [[90, 13], -4.0], [[5, 6, 13], 2.0], [[60], -0.75], [[EOS], 0.5]]},
    "suppress_tokens": {"suppress_tokens": [3, 69, 37, 16, 90]},
    "begin_suppress_tokens": {"begin_suppress_tokens": [69, 37, 16, 90, EOS]},
    "forced_bos_token_id": {"forced_bos_token_id": 21},
    "forced_eos_token_id": {"forced_eos_token_id": 22},
    "forced_eos_token_id of several": {"forced_eos_token_id": [30, 22]},
    "exponential_decay_length_penalty": {"exponential_decay_length_penalty": [3, 1.6]},
    "min_length": {"min_length": 12},
    "min_new_tokens": {"min_new_tokens": 9},
    "max_length": {"max_length": 14},
    "max_new_tokens": {"max_new_tokens": 5},
    "stop_strings": {"stop_strings": ["4", "YY", "1R"]},
    "eos_token_id of several": {"eos_token_id": [EOS, 69, 37, 16, 90]},
    "pad_token_id": {"pad_token_id": 5},
    "remove_invalid_values": {"remove_invalid_values": True},
    "renormalize_logits": {"renormalize_logits": True},
    "sampling settings": {"temperature": 0.3, "top_k": 3, "top_p": 0.5, "min_p": 0.2, "typical_p": 0.4, "top_h": 0.3},
}

#: Settings that narrow draws.
SAMPLING = {
    "temperature": {"temperature": 0.6},
    "temperature above 1": {"temperature": 1.9},
    "top_h": {"top_h": 0.4},
    "top_k": {"top_k": 7},
    "top_p": {"top_p": 0.8},
    "top_p small": {"top_p": 0.02},
    "top_p 0": {"top_p": 0.0},
    "min_p": {"min_p": 0.3},
    "typical_p": {"typical_p": 0.5},
    "epsilon_cutoff": {"epsilon_cutoff": 0.012},
    "eta_cutoff": {"eta_cutoff": 0.05},
}

PROMPTS = [[1], [5, 6, 7, 5, 6], [12, 90, 13, 11, 12, 90, 69, 37, 16, 3]]


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A token for each printable byte, as tests/support/goldens.ts writes it."""
    pieces = [chr(33 + i) if i < 94 else chr(0xA1 + i - 94) for i in range(97)]
    byte_level = {"add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(
            json.dumps(
                {
                    "version": "1.0",
                    "added_tokens": [],
                    "normalizer": None,
                    "pre_tokenizer": {"type": "ByteLevel", **byte_level},
                    "post_processor": None,
                    "decoder": {"type": "ByteLevel", **byte_level},
                    "model": {"type": "BPE", "vocab": {piece: i for i, piece in enumerate(pieces)}, "merges": []},
                }
            )
        )
    )


def in_pairs(settings: dict[str, dict]) -> list[list[str]]:
    """Each alone, and all pairs that say different things."""
    pairs = [
        [a, b] for a, b in itertools.combinations(settings, 2) if not settings[a].keys() & settings[b].keys()
    ]
    return [[name] for name in settings] + pairs


def merged(settings: dict[str, dict], names: list[str]) -> dict:
    return {key: value for name in names for key, value in settings[name].items()}


@torch.no_grad()
def greedy(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> list:
    found = []
    for names in [[]] + in_pairs(GREEDY):
        model.generation_config = GenerationConfig(**{"eos_token_id": EOS, **merged(GREEDY, names)})
        texts = []
        for prompt in PROMPTS:
            ids = torch.tensor([prompt])
            output = model.generate(ids, attention_mask=torch.ones_like(ids), tokenizer=tokenizer)
            texts.append(output[0, len(prompt) :].tolist())
        found.append([names, texts])
    return found


def made_scores(seed: int, width: float, step: float) -> list[float]:
    """Scores of 97 tokens that any language makes alike; with a step, many are equal."""
    state, scores = seed, []
    for _ in range(97):
        state = (state * 1103515245 + 12345) % 2**32
        score = ((state >> 16) / 65536 - 0.5) * width
        scores.append(round(score / step) * step if step else score)
    return torch.tensor(scores).tolist()


LOGITS = [(1, 12, 0), (2, 3, 0), (3, 40, 0), (4, 6, 0.5)]


def left(model: GPT2LMHeadModel, fields: dict, prompt: list[int], written: list[int], scores: list[float]) -> list:
    """Which tokens all processors of generate() leave, as bits, and two sums of their scores."""
    config = GenerationConfig(**{"eos_token_id": EOS, **fields})
    config, _ = model._prepare_generation_config(config)
    model._prepare_special_tokens(config, True, device="cpu", batch_size=1)
    model._prepare_generated_length(
        config,
        has_default_max_length=fields.get("max_length") is None,
        has_default_min_length=fields.get("min_length") is None,
        model_input_name="input_ids",
        input_ids_length=len(prompt),
        inputs_tensor=torch.tensor([prompt]),
    )
    process = model._get_logits_processor(
        config, len(prompt), torch.tensor([prompt]), device="cpu", model_kwargs={"attention_mask": torch.ones(1, len(prompt))}
    )
    after = process(torch.tensor([prompt + written]), torch.tensor([scores]))[0].double()
    kept = (after > -torch.inf).tolist()
    finite = [(i, score) for i, score in enumerate(after.tolist()) if kept[i] and score > -1e30]
    bits = sum(2**i for i, one in enumerate(kept) if one)
    sums = [sum(score for _, score in finite), sum((i + 1) * score for i, score in finite)]
    return [f"{bits:x}", *(float(f"{one:.8g}") for one in sums)]


def processed(model: GPT2LMHeadModel) -> dict:
    """All settings alone, and all pairs of which one narrows draws."""
    model.generation_config = GenerationConfig(eos_token_id=EOS)
    settings = {**GREEDY, **{name: {**fields, "do_sample": True} for name, fields in SAMPLING.items()}}
    del settings["sampling settings"], settings["stop_strings"]
    names = [[]] + [[name] for name in settings]
    for a, b in itertools.combinations(settings, 2):
        same = (settings[a].keys() & settings[b].keys()) - {"do_sample"}
        if not same and (a in SAMPLING or b in SAMPLING):
            names.append([a, b])
    names += [["temperature", "top_k", "top_p"], ["top_k", "top_p", "min_p", "typical_p", "eta_cutoff"]]
    texts = [[PROMPTS[1], []], [PROMPTS[2], [69, 37, 16, 69]]]
    cases = []
    for one in names:
        fields = merged(settings, one)
        for t, (prompt, written) in enumerate(texts):
            for n, made in enumerate(LOGITS):
                if len(one) == 2 and (n + t) % 2 == 1:
                    continue  # pairs see half of the scores
                cases.append([one, t, n, *left(model, fields, prompt, written, made_scores(*made))])
    return {"settings": settings, "texts": texts, "logits": LOGITS, "cases": cases}


def order_ties() -> None:
    """Make torch.sort stable, and torch.topk take smaller indices first, as the order of ties is else not defined."""
    sort = torch.sort

    def topk(values: torch.Tensor, k: int, dim: int = -1, **_: object) -> torch.return_types.topk:
        ordered = sort(values, dim=dim, descending=True, stable=True)
        return torch.return_types.topk((ordered.values.narrow(dim, 0, k), ordered.indices.narrow(dim, 0, k)))

    torch.sort = lambda values, *rest, **named: sort(values, *rest, **{**named, "stable": True})
    torch.topk = topk


def mulberry32(seed: int, count: int) -> list[int]:
    """https://github.com/cprosche/mulberry32"""
    state, numbers = seed % 2**32, []
    for _ in range(count):
        state = (state + 0x6D2B79F5) % 2**32
        t = ((state ^ (state >> 15)) * (state | 1)) % 2**32
        t ^= (t + ((t ^ (t >> 7)) * (t | 61)) % 2**32) % 2**32
        numbers.append(t ^ (t >> 14))
    return numbers


def sfc32(seed: int, count: int) -> list[int]:
    """Chris Doty-Humphrey's small fast counter, of PractRand, seeded with both halves of 64 bits."""
    a, b, c, counter, numbers = seed % 2**32, (seed >> 32) % 2**32, 0, 1, []
    for _ in range(12 + count):
        number = (a + b + counter) % 2**32
        counter += 1
        a = b ^ (b >> 9)
        b = (c + (c << 3)) % 2**32
        c = (((c << 21) | (c >> 11)) + number) % 2**32
        numbers.append(number)
    return numbers[12:]


def seeds() -> list:
    small = [0, 1, 7, 2**31, 2**32 - 1]
    large = [2**32, 2**32 + 7, 2**33 + 7, 2**53 - 1, -1, -7, -(2**32), -(2**53) + 1]
    return [[seed, mulberry32(seed, 4)] for seed in small] + [[seed, sfc32(seed, 4)] for seed in large]


def write(name: str, value: object) -> None:
    text = json.dumps(value, separators=(",", ":"))
    (OUT / name).write_text(text + "\n")
    print(name, len(text), "bytes")


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    logging.disable(logging.WARNING)
    order_ties()
    model = GPT2LMHeadModel.from_pretrained(GOLDENS / "f32").eval()
    write("seeds.json", seeds())
    write("scores.json", processed(model))
    cases = greedy(model, byte_tokenizer())
    write("greedy.json", {"eos": EOS, "settings": GREEDY, "prompts": PROMPTS, "cases": cases})


if __name__ == "__main__":
    main()
