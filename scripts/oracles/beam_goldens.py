"""Search with beams with Hugging Face's generate, and store the texts that it finds and their scores.

Run:   .venv-oracle/bin/python scripts/oracles/beam_goldens.py   (after gpt2_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/gpt2/<case>/beams.json, tests/goldens/bundled/beams.json, tests/goldens/beam_tables.json

A file has `prompts`, and `runs` of `settings` by their names in generate. Of each run and prompt it has what stands after
the prompt in each text (`texts`, best first), `sequences_scores` (`scores`) and ln p of the text by the model itself
(`logProbs`). They are computed in float64; the texts are the same in float32, else a prompt is drawn anew. Where settings
do not look at the tokens of the prompt, the prompts are padded on the left and searched together too, and that finds the
same. Tokens of `eos_token_id` are such as the model writes often, so that texts end at different steps.

beam_tables.json is about the algorithm by itself: the model is a table of scores by place and last token, [6, V, V], which
stands in the file, so that there are few tokens to choose among.
"""

import functools
import itertools
import json
from pathlib import Path

import numpy as np
import torch
import transformers
from anatomy import in_float64, load
from gpt2_checkpoints import CASES, GOLDENS
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel
from transformers.modeling_outputs import CausalLMOutputWithCrossAttentions

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models"
# What they are about, how weights are stored, is held by their other goldens.
WITHOUT_BEAMS = {"f64", "stored_head"}
LENGTHS = (1, 3, 12)
PENALTIES = (-1.0, 0.0, 0.7, 1.0, 2.0)
EARLY = (True, False, "never")
# Settings that change scores, by what they need to know of the prompts.
LOOKS_AT_PROMPT = {"repetition_penalty", "no_repeat_ngram_size", "encoder_repetition_penalty", "encoder_no_repeat_ngram_size"}


@torch.no_grad()
def search(model, prompt: list[int], settings: dict, **more) -> tuple[list[list[int]], list[float]]:
    """What stands after one prompt in each text, best first, and the scores."""
    return search_together(model, [prompt], settings, **more)[0]


@torch.no_grad()
def search_together(model, prompts: list[list[int]], settings: dict, **more) -> list[tuple[list[list[int]], list[float]]]:
    """The same for several prompts, padded on the left."""
    longest = max(map(len, prompts))
    rows = [[0] * (longest - len(prompt)) + prompt for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    output = model.generate(
        torch.tensor(rows),
        attention_mask=torch.tensor(mask),
        pad_token_id=0,
        return_dict_in_generate=True,
        output_scores=True,
        output_logits=True,
        **{"do_sample": False, "num_return_sequences": settings["num_beams"], **settings, **more},
    )
    found = []
    best = len(output.sequences) // len(prompts)
    for start in range(0, len(output.sequences), best):
        lengths = (output.beam_indices[start : start + best] >= 0).sum(dim=1).tolist()
        texts = [row[longest : longest + n].tolist() for row, n in zip(output.sequences[start : start + best], lengths)]
        scores = output.sequences_scores[start : start + best].tolist()
        real = [i for i, score in enumerate(scores) if score > -1e7]
        found.append(([texts[i] for i in real], [scores[i] for i in real]))
    return found


@torch.no_grad()
def log_prob(model, prompt: list[int], text: list[int]) -> float:
    """ln p of a text after a prompt."""
    logits = model(torch.tensor([prompt + text])).logits[0, len(prompt) - 1 : -1].double()
    return logits.log_softmax(-1)[torch.arange(len(text)), torch.tensor(text)].sum().item()


def run(single, double, prompts: list[list[int]], settings: dict, **more) -> dict:
    """One entry of a file; raises AssertionError when rounding decides."""
    found = [search(double, prompt, settings, **more) for prompt in prompts]
    for prompt, (texts, scores) in zip(prompts, found):
        again, others = search(single, prompt, settings, **more)
        assert again == texts, (settings, texts, again)
        assert np.allclose(scores, others, rtol=1e-6, atol=1e-5), (settings, scores, others)
    if not LOOKS_AT_PROMPT & settings.keys():
        together = search_together(double, prompts, settings, **more)
        assert [texts for texts, _ in together] == [texts for texts, _ in found], settings
    return {
        "settings": settings,
        "texts": [texts for texts, _ in found],
        "scores": [scores for _, scores in found],
        "logProbs": [[log_prob(double, p, text) for text in texts] for p, (texts, _) in zip(prompts, found)],
    }


def often_written(model, prompts: list[list[int]], count: int) -> list[int]:
    """The tokens that stand in most of the texts that are found when none of them ends one."""
    texts = [text[1:] for prompt in prompts for text in search(model, prompt, {"num_beams": 5, "max_new_tokens": 8, "eos_token_id": 0})[0]]
    tokens = sorted({token for text in texts for token in text})
    return sorted(tokens, key=lambda token: -sum(token in text for text in texts))[:count]


def plain(stops: list[int], full: bool) -> list[dict]:
    """Widths, penalties and ends, all of them together or a few."""
    settings = [
        {"num_beams": beams, "length_penalty": penalty, "early_stopping": early, "max_new_tokens": 9, "eos_token_id": ends}
        for beams, penalty, early, ends in itertools.product(
            (2, 3, 4, 5), PENALTIES, EARLY, ([0, *stops[:1]], [0, *stops[:2]])
        )
    ]
    return settings if full else settings[:: 11]


def processed(stops: list[int], often: list[int]) -> list[dict]:
    """Settings that change the scores, alone and in combination."""
    base = {"num_beams": 4, "max_new_tokens": 9, "eos_token_id": [0, stops[0]]}
    a, b, c = often[-3:]
    changes = {
        "repetition_penalty": 1.4,
        "no_repeat_ngram_size": 2,
        "min_new_tokens": 5,
        "bad_words_ids": [[a], [b, c]],
        "suppress_tokens": [b],
        "begin_suppress_tokens": [stops[0], c],
        "sequence_bias": [[[c], 1.5], [[a, b], -2.0]],
        "exponential_decay_length_penalty": [3, 1.2],
        "forced_eos_token_id": 0,
        "encoder_repetition_penalty": 1.3,
        "renormalize_logits": True,
    }
    alone = [{**base, name: value} for name, value in changes.items()]
    pairs = [
        {**base, "length_penalty": 0.7, **dict(pair)} for pair in itertools.combinations(list(changes.items())[:5], 2)
    ]
    several = [
        {**base, "num_beams": beams, "early_stopping": early, **{name: changes[name] for name in names}}
        for beams, early in ((2, True), (5, "never"))
        for names in (("repetition_penalty", "no_repeat_ngram_size", "min_new_tokens", "bad_words_ids"), changes.keys())
    ]
    return alone + pairs + several


def gpt2_settings(name: str, often: list[int]) -> list[dict]:
    """What a checkpoint of GPT-2 is asked."""
    wanted = plain(often[:2], full=name == "f32")
    return wanted + (processed(often[:2], often) if name in ("f32", "twelve_layers") else [])


def make_case(folder: Path, seed: int, producer: str, settings) -> None:
    """Draw prompts until rounding decides nothing; `settings` makes the wanted ones of the tokens that are written often."""
    name = folder.name
    single = load(folder)
    double = in_float64(single)
    random = np.random.default_rng(seed)
    while True:
        prompts = [random.integers(1, single.config.vocab_size, length).tolist() for length in LENGTHS]
        often = often_written(double, prompts, 8)
        stops = often[:2]
        wanted = settings(often)
        try:
            runs = [run(single, double, prompts, settings) for settings in wanted]
        except AssertionError as error:
            print(name, "again:", str(error)[:160])
            continue
        lengths = {len(text) for entry in runs for texts in entry["texts"] for text in texts}
        if len(lengths) >= 5:
            break
    full = random.integers(1, single.config.vocab_size, single.config.max_position_embeddings - 4).tolist()
    context = [
        run(single, double, [full], {"num_beams": 3, "max_new_tokens": 4, "eos_token_id": [0, stops[0]], "early_stopping": early})
        for early in EARLY
    ]
    write(folder / "beams.json", {"prompts": prompts, "runs": runs, "full": {"prompt": full, "runs": context}}, producer)
    print(f"{name}: {len(runs)} runs, lengths {sorted(lengths)}")


def make_bundled() -> None:
    """The bundled model, with texts that end others."""
    single = load(MODEL)
    double = in_float64(single)
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    texts = ["The keys to the cabinet", "Once upon a time", "In old times when wishing still helped one, there lived a king"]
    prompts = [tokenizer(text).input_ids for text in texts]
    stop = tokenizer(".").input_ids
    comma = tokenizer(",").input_ids
    assert len(stop) == len(comma) == 1
    base = {"max_new_tokens": 12, "eos_token_id": [4095, *stop]}
    wanted = [
        {**base, "num_beams": 4},
        {**base, "num_beams": 5, "length_penalty": 2.0, "early_stopping": "never"},
        {**base, "num_beams": 3, "length_penalty": 0.0, "early_stopping": True},
        {**base, "num_beams": 2, "length_penalty": -1.0},
        {**base, "num_beams": 4, "no_repeat_ngram_size": 2, "repetition_penalty": 1.2},
        {**base, "num_beams": 4, "min_new_tokens": 8, "bad_words_ids": [comma]},
        {**base, "num_beams": 4, "stop_strings": [" the", "ed "]},
    ]
    runs = [run(single, double, prompts, settings, tokenizer=tokenizer) for settings in wanted]
    write(ROOT / "tests/goldens/bundled/beams.json", {"texts": texts, "prompts": prompts, "runs": runs})
    print(f"bundled: {len(runs)} runs")


class Table(GPT2LMHeadModel):
    """A model whose scores depend on the place and the last token only."""

    def __init__(self, table: np.ndarray):
        size = table.shape[-1]
        super().__init__(GPT2Config(vocab_size=size, n_positions=64, n_embd=4, n_layer=1, n_head=1, bos_token_id=0, eos_token_id=0))
        self.table = torch.tensor(table, dtype=torch.float32)

    def forward(self, input_ids, **_):
        return CausalLMOutputWithCrossAttentions(logits=self.table[torch.arange(input_ids.shape[1]), input_ids])


def make_tables(seed: int) -> None:
    """Searches over few tokens, some of which end a text."""
    random = np.random.default_rng(seed)
    tables, runs = [], []
    for size, _ in itertools.product((3, 5, 7, 12), range(2)):
        table = np.round(2.5 * random.standard_normal((6, size, size)), 2)
        tables.append(table.tolist())
        model = Table(table)
        for beams, penalty, early, ends in itertools.product((2, 3, 4, 5), PENALTIES, EARLY, ([0], [0, 1])):
            settings = {"num_beams": beams, "length_penalty": penalty, "early_stopping": early, "max_new_tokens": 6, "eos_token_id": ends}
            if random.random() < 0.5:
                continue
            prompt = [int(random.integers(2, size))]
            texts, scores = search(model, prompt, settings, use_cache=False)
            runs.append({"table": len(tables) - 1, "prompt": prompt, "settings": settings, "texts": texts, "scores": scores})
    write(ROOT / "tests/goldens/beam_tables.json", {"tables": tables, "runs": runs})
    print(f"tables: {len(runs)} runs")


def write(path: Path, golden: dict, producer: str = "scripts/oracles/beam_goldens.py") -> None:
    """Store a golden with where it comes from."""
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    whole = {"producer": producer, "versions": versions, **golden}
    path.write_text(json.dumps(rounded(whole)) + "\n")


def rounded(value):
    """Numbers with ten digits, which is more than float32 has."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        return {name: rounded(own) for name, own in value.items()}
    return [rounded(own) for own in value] if isinstance(value, list) else value


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    make_tables(7)
    for case in CASES:
        if case.name in WITHOUT_BEAMS:
            continue
        settings = functools.partial(gpt2_settings, case.name)
        make_case(GOLDENS / case.name, case.seed + 1300, "scripts/oracles/beam_goldens.py", settings)
    make_bundled()
