"""Writes what the Rust tokenizers say about hostile strings: tests/goldens/tokenizer/.

Run from the repository root with scripts/requirements-oracle.txt installed:
    python scripts/oracles/tokenizer.py
Pinned: tokenizers 0.23.3, transformers 5.23.0, Python 3.11. Deterministic, needs no network.

tokenizer.json  a byte-level BPE of 640 pieces, trained on TRAINING below.
goldens.json    `texts`; for each variant the parts of tokenizer.json that it replaces (`overrides`), and for each
                text the `ids` and what they decode to (`decoded`, null when it is the text); for the base also
                `offsets`, [start, end) of each token in UTF-16 code units; `decodings` of arbitrary id lists.
"""

import copy
import json
import random
import unicodedata
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import GPT2Tokenizer

OUT = Path("tests/goldens/tokenizer")
END = "<|endoftext|>"

TRAINING = [
    "The keys to the cabinet are on the table, and the key to the cabinets is on the tables.",
    "I'm sure that they've seen what we'll see; don't say it's nothing, he'd know if you're right.",
    "In 2023 and 2024 there were 12345 of 67890, at 3.14159 or 2.71828, from 1000 to 9999.",
    "    if (x == 0) {\n        return x + 1;\n    } else {\n\t\treturn [x, x, x];\n    }\n\n\n",
    "Über Öl und Äpfel, naïve café, déjà vu, señor, smørrebrød, Łódź, žluťoučký kůň.",
    "東京都は日本の首都です。日本語の文章。中文的句子也在这里。你好，世界！你好！",
    "Привет, мир! Это предложение на русском языке, и это тоже.",
    "مرحبا بالعالم، هذه جملة باللغة العربية. שלום עולם.",
    "नमस्ते दुनिया। ยินดีต้อนรับ สวัสดี 안녕하세요 세계",
    "😀😀 😁 😂🤣 👍🏽 👩‍👩‍👧‍👦 🇩🇪🇫🇷 ❤️ 🏳️‍🌈",
    "a_b __init__ --flag=value https://example.org/path?q=1&r=2#top user@example.org <b>bold</b>",
    # so that pieces tell where U+FEFF and U+0085 were cut off
    "x \ufeffy \ufeff\ufeff \u0085 \u0085\u0085 z\u0085 \u0085a " * 8,
]

FIXED = [
    "", " ", "  ", "a", " a", "a ", " a ", "\n", "\n\n", "\r\n", "\t", " \n ", "   \n\n  \t x", "x   ", "x    y",
    " " * 40, " " * 40 + "x", "x" + "\n" * 17 + "y", "\u00a0", "a\u00a0b", "\u2003\u2003x", "\u3000x", "\u1680",
    # white space here is Unicode's, not JavaScript's: U+0085 is, U+FEFF is not
    "\u0085", "a\u0085b", "a \u0085 b", "\ufeff", "\ufeffThe", "a \ufeffb", "\ufeff\ufeff \ufeff", "\u200b", "a \u200bb",
    "\u2028\u2029", "a\u2028b", "\u180e x", "\x1c\x1d\x1e\x1f", "a\x1cb", "\x0b\x0c", "\x00", "a\x00b", "\x7f\x80\x9f",
    "\x01\x02 \x03", "I'm", "I'M", "don't they've we'll he'd you're it's", "DON'T", "'s's's", " 's", "''", "'",
    "'t'", "'ll 've", "x's", "1's", "\u2019s", "don\u2019t", "0", "00", "123", " 123", "12 34", "1,234.56", "x1y2",
    "½ ¼ ²³ ⅷ", "٣٤٥", "१२३", "一二三", "𝟘𝟙", "The keys to the cabinet", "the the the", "THE", "tHe",
    "hello, world!", "?!?!", "...", "…", "--- ---", "a-b_c", "__init__", "x==y", "{}[]()<>", "\\n\\t", "\"quoted\"",
    "café", "cafe\u0301", "A\u030a", "\u1e9b\u0323", "e\u0301\u0302\u0303\u0304", "Z\u0351\u036b\u0343a\u0321l\u0362go",
    "ﬁ ﬂ ß ẞ İ ı", "Łódź", "naïve", "ÀÁÂÃÄÅ", "日本語", "東京都は日本", "你好，世界！", "中文 English 中文", "。。。", "　全角　",
    "ｆｕｌｌ", "안녕하세요", "각", "가나다", "नमस्ते", "ยินดีต้อนรับ", "สวัสดี", "Привет, мир!",
    "مرحبا بالعالم", "لا إله", "שלום עולם", "\u202eabc\u202c", "\u200fא\u200e", "a\u200db", "𐍈𐍉", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "𠮷野家",
    "😀", "😀😀", " 😀", "a😀b", "😀a", "👍🏽", "👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🇩🇪🇫🇷🇩", "❤️", "❤", "1️⃣", "🧑🏿‍🚀 goes", "💩" * 8,
    "\ufffd", "a\ufffdb", "\ufffd\ufffd", "\uffff", "\ufdd0", "\U0010ffff", "\ue000", "\U000e0041", "\u0378",
    END, f"a{END}b", f"a {END} b", f" {END} ", f"{END}{END}", f"{END}\n\n", "<|endoftext|", "|endoftext|>", "<|ENDOFTEXT|>",
    f"<{END}>", f"日本{END}語", f"😀{END}😀", f"x{END[:5]}{END}", "< |endoftext| >",
    "Ġ", "Ċ", "Ġkeys", "ĠĠ", "ÃÂ", "__proto__", "constructor", "toString valueOf", "hasOwnProperty",
    "<mask>", "a <mask> b", "a  \t<mask>\n b", "a<mask>b", "<mask><mask>", " <mask> <mask> ", "a \u00a0\u0085<mask>",
    "a \ufeff<mask>", "<pad> x", "x <pad>  x", "<pad>\n\n<pad>", "x<pad>\u3000y", "<both>", " <both> ", "a  <both>  b",
    "a <both> <both> b", "a <mask> <both> <pad> b", "<word>", "x <word> y", "x<word>y", "<word>.", "_<word>", "<word>1",
    "é<word>", "<word>日", "\u0301<word>", "𝔘<word>", "<word>𝔘", "😀<word>😀", "<word><word>", "<word>\u200d", "x <word>y",
    "[a+b]*", "x[a+b]*y", "aab", "[a+b]", "<n>", "<N>", "x<N>y", "<É>", "<E\u0301>", "x <É> y", "<mask>ing", "<mask>ing!",
    "東京", "東京都", "<b>bold</b>", "end", "endend", "the end", "<ma<mask>sk>",
]

ALPHABETS = [
    "ab \n", "the kys,.'", "'stremvld ", "0123456789 .,", " \t\n\r\u00a0\u0085\u2003\ufeff x", "éèüßñøÅ e\u0301\u0308",
    "日本語の中文東京都，。 a", "مرحبا بالعالم ", "😀😁👍🏽👩‍👧🇩🇪❤️ ", "\x00\x01\x1f\x7f\x80\x9f \u200b\u200d\u2028a",
    "\u0300\u0301\u0302aeo ", "𝔘𝔫𝟘𠮷𐍈 ", "Ġ Ċ Ã©", "[]{}()<>|=_-*+/\\",
]


def texts() -> list[str]:
    rng = random.Random(20240229)
    seeded = [
        "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 24))) for alphabet in ALPHABETS for _ in range(5)
    ]
    planes = [(0x20, 0x7F), (0x80, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000)]
    mixed = ["".join(chr(rng.randrange(*rng.choice(planes))) for _ in range(rng.randint(1, 12))) for _ in range(30)]
    # what Unicode has not assigned may be a letter for one library and none for the other
    mixed = ["".join(c for c in text if unicodedata.category(c) != "Cn") for text in mixed]
    return FIXED + seeded + mixed


def train() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=640,
        min_frequency=1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[END],
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINING, trainer)
    return tokenizer


def add(tokenizer: Tokenizer) -> None:
    tokenizer.add_special_tokens(
        [
            AddedToken("<mask>", lstrip=True, special=True, normalized=False),
            AddedToken("<pad>", rstrip=True, special=True, normalized=False),
            AddedToken("<both>", lstrip=True, rstrip=True, special=True, normalized=True),
        ]
    )
    tokenizer.add_tokens(
        [
            AddedToken("<word>", single_word=True, normalized=False),
            AddedToken("[a+b]*", normalized=False),
            AddedToken("<mask>ing", normalized=False),
            AddedToken("東京", normalized=False),
            AddedToken("<N>", normalized=True),
            AddedToken("<É>", normalized=True),
            AddedToken("end", single_word=True, lstrip=True, normalized=True),
        ]
    )


def variants(base: Tokenizer) -> dict[str, Tokenizer]:
    made = {name: Tokenizer.from_str(base.to_str()) for name in ["base", "prefix_space", "nfc", "added", "added_lowercase"]}
    made["prefix_space"].pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    made["nfc"].normalizer = normalizers.NFC()
    add(made["added"])
    made["added_lowercase"].normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    made["added_lowercase"].pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    add(made["added_lowercase"])
    return made


def utf16_offsets(text: str, offsets: list[tuple[int, int]]) -> list[int]:
    units = [0]
    for character in text:
        units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
    return [units[place] for offset in offsets for place in offset]


def decodings(tokenizer: Tokenizer) -> list[dict]:
    rng = random.Random(7)
    vocab = tokenizer.get_vocab()
    stray = [i for piece, i in vocab.items() if len(piece) == 1 and ord(piece) >= 0x80]
    pools = [sorted(stray), sorted(vocab.values()), sorted(stray) + [vocab[END], vocab["a"]] * 20]
    lists = [[rng.choice(pool) for _ in range(rng.randint(1, 12))] for pool in pools for _ in range(60)]
    return [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)} for ids in lists]


def check_peers(base: Tokenizer, samples: list[str]) -> None:
    """Merges in their older form, and GPT2Tokenizer made of vocab and merges, must agree with the base."""
    parts = json.loads(base.to_str())
    older = copy.deepcopy(parts)
    older["model"]["merges"] = [" ".join(pair) for pair in parts["model"]["merges"]]
    peer = Tokenizer.from_str(json.dumps(older))
    gpt2 = GPT2Tokenizer(vocab=parts["model"]["vocab"], merges=[tuple(pair) for pair in parts["model"]["merges"]])
    for text in samples:
        ids = base.encode(text).ids
        assert peer.encode(text).ids == ids, text
        assert gpt2(text)["input_ids"] == ids, text


def main() -> None:
    base = train()
    samples = texts()
    check_peers(base, samples)
    base_parts = json.loads(base.to_str())
    goldens: dict = {"texts": samples, "variants": {}, "decodings": decodings(base)}
    for name, tokenizer in variants(base).items():
        parts = json.loads(tokenizer.to_str())
        encodings = [tokenizer.encode(text, add_special_tokens=False) for text in samples]
        decoded = [tokenizer.decode(encoding.ids, skip_special_tokens=False) for encoding in encodings]
        goldens["variants"][name] = {
            "overrides": {key: part for key, part in parts.items() if part != base_parts[key]},
            "ids": [encoding.ids for encoding in encodings],
            "decoded": [None if text == sample else text for text, sample in zip(decoded, samples)],
        }
    goldens["variants"]["base"]["offsets"] = [utf16_offsets(text, base.encode(text).offsets) for text in samples]
    OUT.mkdir(parents=True, exist_ok=True)
    dump = lambda data: json.dumps(data, ensure_ascii=True, separators=(",", ":"))  # noqa: E731
    (OUT / "tokenizer.json").write_text(json.dumps(base_parts, ensure_ascii=False, separators=(",", ":")) + "\n")
    rows = [f'"texts":{dump(goldens["texts"])}', f'"decodings":{dump(goldens["decodings"])}']
    rows += [f'"variants":{{{",".join(f"{chr(10)}{dump(n)}:{dump(v)}" for n, v in goldens["variants"].items())}}}']
    (OUT / "goldens.json").write_text("{" + ",\n".join(rows) + "}\n")


if __name__ == "__main__":
    main()
