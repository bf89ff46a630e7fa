"""Writes what the Rust tokenizers make of texts with Unigram models, the kind that SentencePiece trains for T5 and Marian.

Run from the repository root with scripts/requirements-oracle.txt installed:
    python scripts/oracles/unigram_tokenizer.py
Pinned: tokenizers 0.23.3, transformers 5.23.0, Python 3.11. Needs no network. Training is not the same to the last digit
of a score each time, so each file keeps the tokenizer that it has; delete a file for a new one.

tests/goldens/tokenizer/unigram_<variant>.json: `json`, a tokenizer.json trained on TRAINING of family_tokenizers.py; `texts`,
    those of family_tokenizers.py and SPACES; for each its `ids`; what they decode to (`decoded`, null when it is the
    text); `pieces` of each token; `framed`, ids and types of texts with special tokens around them.

Variants are those of published files, but for the normalizer: theirs has a compiled table (Precompiled), which only
SentencePiece makes; NFKC and joined spaces are what that table says, all but a few characters.

    t5              words are cut at white space first, then each gets its mark
    mbart           Metaspace alone: a mark before the text and for each space
    first           as mbart, but the mark goes before the first part of a text only, and words are not cut
    bytes           spaces become marks in the normalizer, no pre-tokenizer; what the vocabulary lacks becomes bytes

Among segmentations of a word the one with the greatest sum of scores wins, the first one found of equals; an unknown
character counts 10 less than the least score, and those that stand together become one <unk>, but for `bytes`. A search
of a few lines, `by_hand`, has to find the same.
"""

import json
from pathlib import Path

from family_tokenizers import OUT, TEXTS, TRAINING, frames
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPECIAL = ["<pad>", "</s>", "<unk>", "<s>"]
UNKNOWN = SPECIAL.index("<unk>")
MARK = "\u2581"
SPACES = [
    "▁", "a▁b", "▁▁a ▁ b", "  a  b  ", "the  keys", "thekeys", "tables.tables", "keys keyskeys", "ﬁ ½ ① Ａ", "a\u00adb",
    "zzzz zqzq", "q日q", "日日日本本", "😀😀a😀", "<unk> a", "a<s>b", " <s> a </s> ", "<pad>the", "the</s> the", "x\u0301",
]
FOLDED = [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
VARIANTS: dict = {
    "t5": {
        "normalizer": normalizers.Sequence(FOLDED),
        "pre": pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
        "decoder": decoders.Metaspace(),
        "template": "$A </s>",
    },
    "mbart": {
        "normalizer": normalizers.Sequence(FOLDED),
        "pre": pre_tokenizers.Metaspace(),
        "decoder": decoders.Metaspace(),
        "template": "<s> $A </s>",
    },
    "first": {
        "normalizer": None,
        "pre": pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
        "decoder": decoders.Metaspace(prepend_scheme="first", split=False),
        "template": "$A </s>",
    },
    "bytes": {
        "normalizer": normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)]),
        "pre": None,
        "decoder": decoders.Sequence(
            [decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        ),
        "template": "<s> $A",
        "bytes": True,
    },
}


def train(parts: dict) -> Tokenizer:
    """A tokenizer of these parts. The trainer is given words by Metaspace."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    if parts["normalizer"] and not parts.get("bytes"):
        tokenizer.normalizer = parts["normalizer"]
    trainer = trainers.UnigramTrainer(vocab_size=280, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(TRAINING * 3, trainer)
    vocabulary = [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]
    if parts.get("bytes"):
        vocabulary[len(SPECIAL) : len(SPECIAL)] = [(f"<0x{byte:02X}>", 0.0) for byte in range(256)]
    made = Tokenizer(models.Unigram(vocabulary, UNKNOWN, byte_fallback=bool(parts.get("bytes"))))
    if parts["normalizer"]:
        made.normalizer = parts["normalizer"]
    if parts["pre"]:
        made.pre_tokenizer = parts["pre"]
    made.decoder = parts["decoder"]
    made.add_special_tokens([AddedToken(content, special=True, normalized=False) for content in SPECIAL])
    used = [(content, made.token_to_id(content)) for content in ("<s>", "</s>")]
    pair = parts["template"].replace("$A", "$A </s> $B") if "</s>" in parts["template"] else "<s> $A <s> $B"
    made.post_processor = processors.TemplateProcessing(parts["template"], pair, used)
    return made


def kept(path: Path, parts: dict) -> dict:
    """The tokenizer.json that a file has, or a new one; reading one changes the last digits of scores."""
    return json.loads(path.read_text())["json"] if path.exists() else json.loads(train(parts).to_str())


def by_hand(vocabulary: list, word: str) -> list[str]:
    """The pieces of a word by dynamic programming, those that are unknown as they stand."""
    scores = {piece: score for piece, score in vocabulary}
    unknown = min(scores.values()) - 10
    best: list = [(0.0, [])] + [(float("-inf"), [])] * len(word)
    for start, end in ((i, j) for i in range(len(word)) for j in range(i + 1, len(word) + 1)):
        piece = word[start:end]
        score = scores.get(piece, unknown if end == start + 1 else None)
        if score is not None and best[start][0] + score > best[end][0]:
            joins = best[start][1] and piece not in scores and best[start][1][-1] not in scores
            before = best[start][1]
            pieces = [*before[:-1], before[-1] + piece] if joins else [*before, piece]
            best[end] = (best[start][0] + score, pieces)
    return best[-1][1]


def check(tokenizer: Tokenizer, text: str, pieces: list[str]) -> None:
    """Holds the pieces of a text without special tokens to a search by hand."""
    model = json.loads(tokenizer.to_str())["model"]
    normal = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
    words = tokenizer.pre_tokenizer.pre_tokenize_str(normal) if tokenizer.pre_tokenizer else [(normal, None)]
    found = [piece for word, _ in words if normal for piece in by_hand(model["vocab"], word)]
    if model["byte_fallback"]:
        known = dict(model["vocab"])
        spelled = [[piece] if piece in known else [f"<0x{byte:02X}>" for byte in piece.encode()] for piece in found]
        found = [piece for own in spelled for piece in own]
    assert found == pieces, (text, found, pieces)


def make(tokenizer: Tokenizer) -> dict:
    """What it makes of the texts."""
    texts = TEXTS + SPACES
    encodings = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
    for text, encoding in zip(texts, encodings):
        if not any(special in text for special in SPECIAL):
            check(tokenizer, text, encoding.tokens)
    decoded = [tokenizer.decode(encoding.ids, skip_special_tokens=False) for encoding in encodings]
    return {
        "texts": texts,
        "ids": [encoding.ids for encoding in encodings],
        "pieces": [encoding.tokens for encoding in encodings],
        "decoded": [None if now == text else now for now, text in zip(decoded, texts)],
        "framed": frames(tokenizer),
    }


def main() -> None:
    """Write a file for each variant."""
    for name, parts in VARIANTS.items():
        path = OUT / f"unigram_{name}.json"
        stored = kept(path, parts)
        tokenizer = Tokenizer.from_str(json.dumps(stored))
        golden = {"json": stored} | make(tokenizer)
        rows = [f'"{key}":{json.dumps(value, ensure_ascii=True, separators=(",", ":"))}' for key, value in golden.items()]
        path.write_text("{" + ",\n".join(rows) + "}\n")
        print(f"{name}: {tokenizer.get_vocab_size()} pieces, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
