"""What transformers says of two published models: SmolLM2-135M-Instruct and all-MiniLM-L6-v2.

Run:   .venv-oracle/bin/python scripts/oracles/real_goldens.py <cache>   (after both scripts of scripts/real_models)
Pins:  torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 (scripts/requirements-oracle.txt)
Out:   tests/goldens/real/smollm2.json, minilm.json

Both files name the revision that they are about; a cache with another one is refused. Numbers are computed in float64
from the float32 weights and have seven digits. `float32` says how far the same in float32 arithmetic is from them.

smollm2.json    `prompts`: the likeliest ids after each (`top`, with their logits), and the greedy continuation by 40
                tokens, or to the end of the text (`written`). `saliency`: for the token at `position` of `tokenIds`, a
                row of the tokens before it, by the names of gpt2_goldens.py. `chat`: a dialogue as text.
minilm.json     `sentences`: the first 16 numbers of the embedding, the mean of the last hidden states made one long,
                how long it was (`norm`), and the cosines between all.
both            `texts`: ids, and [start, end) of each token in UTF-16 code units, from the Rust tokenizer.
"""

import argparse
import json
from pathlib import Path

import tokenizers
import torch
import transformers
from anatomy import in_float64, load
from gpt2_goldens import REDUCTIONS, SCALARS, gradient
from tokenizer import utf16_offsets
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

OUT = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "real"
SMOLLM2 = ("HuggingFaceTB/SmolLM2-135M-Instruct", "9b08d7156bb86a5e88d738f3613b66067f17d684")
MINILM = ("sentence-transformers/all-MiniLM-L6-v2", "570fae29afcbe3f9e9b91d77a32bb668a9ca6905")
NEW_TOKENS, TOP = 40, 10

DIALOGUE = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": "And of Italy? Answer in one word."},
]
WITH_SYSTEM = [{"role": "system", "content": "You are a pirate."}, *DIALOGUE[:1]]
PROMPTS = ["The capital of France is", "Once upon a time, there was a little robot who"]
SENTENCES = [
    "A man is eating food.",
    "Someone eats a piece of bread.",
    "The girl is carrying a baby, isn't she? Ünïcödé — 東京!",
]

TEXTS = [
    "", " ", "  ", "a", " a ", "a  1", "   \n\n  \t x", "x   ", "x\r\ny\n\n\n", "\u00a0a\u00a0b", "\u3000x", "\u0085a\u0085",
    "\ufeffThe", "a \u200bb", "I'm sure they've seen what we'll see; DON'T", "don\u2019t", "0", "123", " 123 45", "1,234.56",
    "x1y2", "3.14159e-10", "½ ¼ ²³ ⅷ", "٣٤٥ १२३", "一二三 四", "The keys to the cabinet", "hello, world!", "?!?! ... …",
    "__init__ == {}[]", "    if (x == 0) {\n        return x + 1;\n    }", "café cafe\u0301", "ﬁ ß İ ı", "日本語の文章。", "안녕하세요",
    "नमस्ते ยินดี", "Привет, мир!", "مرحبا שלום", "😀 a😀b 👍🏽 👩‍👩‍👧‍👦 🇩🇪", "𠮷野家 𝔘𝟘", "\ufffd \x00 \x7f", "a<|im_start|>user\nHi<|im_end|>\n",
    " <|endoftext|> ", "<|im_start|", "[CLS] a [SEP] [MASK]", "unaffable antidisestablishmentarianism", "Ġ Ċ ĠĠ",
    "https://example.org/path?q=1&r=2#top", "\U000e0041\u0378\ue000",
]  # fmt: skip


def snapshot(cache: Path, model: str, revision: str) -> Path:
    """Where a model is; refuses another revision than that the goldens are about."""
    folder = cache / "--".join(["models", *model.split("/")])
    main = folder / "refs" / "main"
    found = main.read_text().strip() if main.exists() else "nothing"
    if found != revision:
        raise SystemExit(f"Cannot read {model} in {cache} as it holds {found}; run scripts/real_models for {revision}")
    return folder / "snapshots" / revision


def cut(folder: Path) -> list[dict]:
    """The tokens of every text."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    read = [(text, tokenizer.encode(text)) for text in TEXTS]
    return [{"text": text, "ids": found.ids, "offsets": utf16_offsets(text, found.offsets)} for text, found in read]


@torch.no_grad()
def continued(model: PreTrainedModel, ids: list[int]) -> dict:
    """What follows a prompt."""
    best = model(torch.tensor([ids])).logits[0, -1].topk(TOP)
    output = model.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        do_sample=False,
        max_new_tokens=NEW_TOKENS,
        return_dict_in_generate=True,
        output_logits=True,
    )
    margins = [float(step[0].topk(2).values.diff().abs()) for step in output.logits]
    return {
        "top": [{"id": token, "logit": logit} for token, logit in zip(best.indices.tolist(), best.values.tolist())],
        "written": output.sequences[0, len(ids) :].tolist(),
        "smallestGreedyMargin": min(margins),
    }


def explained(model: PreTrainedModel, ids: list[int], position: int) -> dict:
    """Gradient x input of one token."""
    rows = {}
    for of, scalar in SCALARS.items():
        x, g = gradient(model, ids[:position], lambda logits: scalar(logits[-1], ids[position]))
        for reduce, reduction in REDUCTIONS.items():
            rows[f"{of}/gradientXInput/{reduce}"] = reduction(g * x).tolist()
    return {"position": position, "tokenIds": ids[: position + 1], "scores": rows}


def smollm2(folder: Path) -> dict:
    """Everything about SmolLM2."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    chat = [
        {
            "messages": messages,
            "addGenerationPrompt": open_ended,
            "text": tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=open_ended),
        }
        for messages, open_ended in ((DIALOGUE, True), (DIALOGUE, False), (WITH_SYSTEM, True))
    ]
    prompts = [*PROMPTS, chat[0]["text"]]
    single = load(folder)
    double = in_float64(single)
    found, again = ([continued(model, tokenizer(text).input_ids) for text in prompts] for model in (double, single))
    for ours, rounded in zip(found, again):
        assert ours["written"] == rounded["written"], (ours, rounded)
        assert [best["id"] for best in ours["top"]] == [best["id"] for best in rounded["top"]]
    assert tokenizer.decode(found[0]["written"][:1]) == " Paris", found[0]
    ids = tokenizer(prompts[0]).input_ids
    whole = ids + found[0]["written"]
    reasons, in_single = ([explained(model, whole, len(ids) + n) for n in (0, 7)] for model in (double, single))
    return {
        "float32": {
            "logits": largest_difference(found, again, lambda one: [best["logit"] for best in one["top"]]),
            "scores": largest_difference(reasons, in_single, lambda one: sum(one["scores"].values(), [])),
        },
        "prompts": [
            {"text": text, "tokenIds": tokenizer(text).input_ids, **one, "writtenText": tokenizer.decode(one["written"])}
            for text, one in zip(prompts, found)
        ],
        "saliency": reasons,
        "chat": chat,
        "texts": cut(folder),
    }


def largest_difference(ours: list[dict], others: list[dict], numbers) -> float:
    """How far numbers are apart."""
    return max(abs(a - b) for one, other in zip(ours, others) for a, b in zip(numbers(one), numbers(other)))


@torch.no_grad()
def embedded(model: PreTrainedModel, ids: list[int]) -> tuple[torch.Tensor, float]:
    """The embedding of a sentence, and how long it was before it was made one long."""
    mean = model(torch.tensor([ids])).last_hidden_state[0].mean(0)
    return mean / mean.norm(), float(mean.norm())


def minilm(folder: Path) -> dict:
    """Everything about MiniLM."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    single = load(folder, AutoModel)
    double = in_float64(single)
    ids = [tokenizer(text).input_ids for text in SENTENCES]
    found, again = ([embedded(model, one) for one in ids] for model in (double, single))
    vectors = torch.stack([vector for vector, _ in found])
    return {
        "float32": {"embedding": float((vectors - torch.stack([vector for vector, _ in again])).abs().max())},
        "sentences": [
            {"text": text, "tokenIds": one, "embedding": vector[:16].tolist(), "norm": norm}
            for text, one, (vector, norm) in zip(SENTENCES, ids, found)
        ],
        "cosines": (vectors @ vectors.T).tolist(),
        "texts": cut(folder),
    }


def rounded(value):
    """Numbers with seven digits, which is what float32 has."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {name: rounded(own) for name, own in value.items()}
    return [rounded(own) for own in value] if isinstance(value, list) else value


def write(name: str, model: tuple[str, str], golden: dict) -> None:
    """Store a golden with where it comes from."""
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
    about = {"producer": "scripts/oracles/real_goldens.py", "versions": versions, "model": model[0], "revision": model[1]}
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(about | rounded(golden), ensure_ascii=False) + "\n", "utf-8")
    print(f"{name}: {path.stat().st_size} bytes, float32 off by {golden['float32']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Store what transformers says of two published models.")
    parser.add_argument("cache", type=Path, help="the hub cache that scripts/real_models filled")
    cache = parser.parse_args().cache
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    write("minilm", MINILM, minilm(snapshot(cache, *MINILM)))
    write("smollm2", SMOLLM2, smollm2(snapshot(cache, *SMOLLM2)))
