"""Writes what the Rust tokenizers make of hostile strings with the parts that published families have.

Run from the repository root with scripts/requirements-oracle.txt installed:
    python scripts/oracles/family_tokenizers.py            (three minutes)
Pinned: tokenizers 0.23.3, transformers 5.23.0, Python 3.11. Deterministic, needs no network.

tests/goldens/tokenizer/family_texts.json holds the texts, and a file for each family: `json`, a tokenizer.json of its
    parts, trained on TRAINING; for each text its `ids`; what they decode to (`decoded`, null when it is the text);
    `offsets`, [start, end) of each token in UTF-16 code units of the normalized text, null where the tokens do not spell
    it; `framed`, ids and types of texts with special tokens around them, as transformers has them.
    The files of BERT (`bert`, ...) have more `texts` of their own, and `backwards`, what the ids decode to from the last
    to the first; their `offsets` are those of the text as it was given.
tests/goldens/tokenizer/chat.json holds conversations, and for each template its text and what apply_chat_template of
    transformers writes with it: `plain`, and `prompt` with add_generation_prompt; null where it refuses.
tests/goldens/tokenizer/chat_ids.json holds the ids that it gives where it tokenizes, for the tokenizers of families that
    talk, whether or not they put a token before a text.
tests/goldens/tokenizer/sweep.json holds a SHA-256 for each part of a tokenizer, of what it makes of every code point in
    several contexts.
"""

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import TemplateError
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

OUT = Path("tests/goldens/tokenizer")

CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
)
ENGLISH = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
# as they stand in the published files
PATTERNS = {
    "GPT-2": r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""",
    "Llama 3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "Qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "Qwen3.5": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "Mistral Nemo": CASED[0] + "|" + CASED[1] + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "GPT-4o": f"{CASED[0]}{ENGLISH}?|{CASED[1]}{ENGLISH}?" + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}

TRAINING = [
    "The keys to the cabinet are on the table, and the key to the cabinets is on the tables.",
    "I'm sure that they've seen what we'll see; don't say it's nothing, he'd know if you're right. I'M SURE THEY'VE.",
    "In 2023 and 2024 there were 12345 of 67890, at 3.14159 or 2.71828, from 1000 to 9999. 2023 2024 1000 12345",
    "    if (x == 0) {\n        return x + 1;\n    } else {\n\t\treturn [x, x, x];\n    }\n\n\n",
    "Über Öl und Äpfel, naïve café, déjà vu, señor, smørrebrød. Iñtërnâtiônàlizætiøn HTTPServer camelCase",
    "東京都は日本の首都です。日本語の文章。你好，世界！ Привет, мир! नमस्ते दुनिया।",
    "https://example.org/path/\r\n\r\n --- !!\n\n ...\n//\n",
]

TEXTS = [
    "", " ", "   ", "a", " a ", "\n", "\r\n", " \n \n x", "\t\tx  ", "x    y", "\u00a0a\u00a0\u00a0b", "\u0085a\u0085 \u0085b",
    "\ufeffThe \ufeff\ufeffx", "\u2028\u2029a", "\u200b \u200d", "\x00\x01 \x1c\x1d", "\u180e\u3000\u3000x",
    "I'm I'M i'LL we'Ve DON'T it'\u017f 's's ''s '\u017fe", "'RE're'rE 'd'D \u2019s", "x'st 'tis 'mm",
    "1", "12", "123", "1234", "12345678901", " 1 23 456 7890", "3.14159", "1,234.56", "x1y22z333", "½²³ ⅷ٣٤٥१२३ 一二三 𝟘𝟙",
    "The keys to the cabinet are on the table.", "return x + 1;\n    }\n\n\n", "!!\n\n...\r\n", "--- //\n/ /\n\n x/",
    "HTTPServer camelCase XMLHttpRequest ABCdef aBC", "ǅ ǅa aǅ ʰa Aʰ", "日本語の文章 你好，世界！", "नमस्ते दुनिया", "ยินดีต้อนรับ",
    "Привет, мир! ПРИВЕТ", "مرحبا بالعالم", "שלום", "안녕하세요 각", "café cafe\u0301 e\u0301\u0302\u0303 Å A\u030a \u212b", "ﬁ ﬂ ß İ",
    "\u1e9b\u0323 q\u0307\u0323 \u0344 \u0958", "a\u0301\u05b0\u0327\u07fdx \u1df6\u0315", "\U00011935\U00011930 \U00011938 \u0c3c\u0301",
    "Z\u0351\u036b\u0343a\u0321l\u0362go", "😀", " 😀😀 a😀b", "👍🏽👩‍👩‍👧‍👦🏳️‍🌈🇩🇪🇫🇷", "1️⃣ ❤️", "𠮷𝔘𝔫 𐍈", "\ufffd\uffff\U0010ffff", "\ue000\U000e0041",
    "<s>a</s>", "a <s> b", "<|begin_of_text|>The keys<|eot_id|>\n\n", "<|im_start|>user\nHi<|im_end|>", "<|endoftext|>  x", "</s></s>",
    "<mask>", "a  <mask> b", "x<mask>\n", "            x", "a                        b", "<unk><pad>", "Ġ Ċ ÃÂ", "__proto__ constructor",
    "a_b --flag=value user@example.org <b>bold</b>", "Iñtërnâtiônàlizætiøn", "\u1100\u1161\u11a8 \uac00\u11a8", "'", "''''", "\\n \\\\",
]


BERT_TEXTS = [
    "[CLS] The keys [SEP]", "a[MASK]b [MASK]", "[UNK][PAD]", "THE KEYS", "unbelievablekeyscabinettables", "caf\u00e9 cafe\u0301 CAF\u00c9S",
    "don't do not I'm we've it's they're, is it?! 'x' n't", "x" * 101, "keys" * 30, "\u4e2d\u56fd\U00020000\U0002b820z", "\u0130stanbul \u03a3\u03c3\u03c2 \u03a3\u0391\u03a3",
    "a\u200db\u00adc\ufeffd", "the\u0000keys\ufffdto", "x\u302e\u302a \U0001d165\U0001d16d\u0301x", "e\u0301\u0327e\u0327\u0301", "\uac01\uac02 \u1100\u1161",
    "$100+5=\u20ac3 ^`~|<>", "\u061d\u166d\u2e43", "the\u0085keys\u2028to", "\u0958\u09dc \ufb1f",
]


def token(content: str, **options: bool) -> AddedToken:
    return AddedToken(content, **{"special": True, "normalized": False, **options})


def split(name: str, behavior: str = "isolated", invert: bool = False) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(PATTERNS[name]), behavior, invert)


def bytes_only(trim_offsets: bool = True) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=trim_offsets, use_regex=False)


def gpt2_words(prefix: bool = False) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix)


def template(bos: str) -> dict:
    return {"single": f"{bos} $A", "pair": f"{bos} $A {bos}:1 $B:1", "special": [bos]}


# name: normalizer, pre-tokenizers, special tokens, other added tokens, template
FAMILIES: dict = {
    "llama3": {
        "pre": [split("Llama 3"), bytes_only()],
        "added": [token("<|begin_of_text|>"), token("<|end_of_text|>"), token("<|eot_id|>")],
        "template": template("<|begin_of_text|>"),
        "ignore_merges": True,
    },
    "smollm2": {
        "pre": [pre_tokenizers.Digits(individual_digits=True), gpt2_words()],
        "added": [token("<|endoftext|>"), token("<|im_start|>"), token("<|im_end|>")],
    },
    "qwen2": {
        "nfc": True,
        "pre": [split("Qwen2"), bytes_only(trim_offsets=False)],
        "added": [token("<|endoftext|>"), token("<|im_start|>"), token("<|im_end|>")],
    },
    "gpt_neox": {
        "nfc": True,
        "pre": [gpt2_words()],
        "added": [token("<|endoftext|>"), token("<|padding|>")]
        + [token(" " * n, special=False, normalized=True) for n in (24, 12, 6, 4, 3, 2)],
    },
    "opt": {
        "pre": [gpt2_words()],
        "added": [token(t, normalized=True) for t in ("<s>", "<pad>", "</s>", "<unk>")],
        "template": template("</s>"),
    },
    "roberta": {
        "pre": [gpt2_words()],
        "added": [token(t, normalized=True) for t in ("<s>", "<pad>", "</s>", "<unk>")]
        + [token("<mask>", lstrip=True)],
        "roberta": True,
    },
    "qwen3_5": {"nfc": True, "pre": [split("Qwen3.5"), bytes_only()], "added": [token("<|im_start|>")]},
    "mistral_nemo": {"pre": [split("Mistral Nemo"), bytes_only()], "added": [token("<s>"), token("</s>")], "template": template("<s>")},
    "gpt4": {"pre": [split("Llama 3", "removed", True), bytes_only()], "added": [token("<|endoftext|>")]},
    "gpt4o": {"pre": [split("GPT-4o"), bytes_only()], "added": [token("<|endoftext|>")]},
    "gpt2_split": {
        "pre": [split("GPT-2"), pre_tokenizers.Digits(), pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)],
        "added": [token("<|endoftext|>")],
    },
}


def train(parts: dict) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(ignore_merges=parts.get("ignore_merges", False)))
    if parts.get("nfc"):
        tokenizer.normalizer = normalizers.NFC()
    pre = parts["pre"]
    tokenizer.pre_tokenizer = pre[0] if len(pre) == 1 else pre_tokenizers.Sequence(pre)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=440, min_frequency=1, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TRAINING, trainer)
    if parts.get("ignore_merges"):
        tokenizer = with_whole_words(tokenizer)
    for added in parts["added"]:
        (tokenizer.add_special_tokens if added.special else tokenizer.add_tokens)([added])
    byte_level = processors.ByteLevel(trim_offsets=True)
    if "template" in parts:
        special = [(t, tokenizer.token_to_id(t)) for t in parts["template"]["special"]]
        made = processors.TemplateProcessing(parts["template"]["single"], parts["template"]["pair"], special)
        tokenizer.post_processor = processors.Sequence([byte_level, made])
    elif parts.get("roberta"):
        ids = [(t, tokenizer.token_to_id(t)) for t in ("</s>", "<s>")]
        tokenizer.post_processor = processors.RobertaProcessing(*ids, trim_offsets=True, add_prefix_space=False)
    else:
        tokenizer.post_processor = byte_level
    return tokenizer


# BERT's own settings, and others
BERTS: dict = {
    "bert": {"normalizer": normalizers.BertNormalizer(), "model": {}},
    "bert_cased": {
        "normalizer": normalizers.BertNormalizer(lowercase=False, strip_accents=False),
        "model": {"max_input_chars_per_word": 12},
    },
    "bert_plain": {
        "normalizer": normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False),
        "model": {},
        "cleanup": False,
        "template": True,
    },
}


def train_bert(parts: dict) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", **parts["model"]))
    tokenizer.normalizer = parts["normalizer"]
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=parts.get("cleanup", True))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=420, min_frequency=1, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TRAINING, trainer)
    tokenizer.add_tokens([token("<mask>", special=False, lstrip=True), token("CAF\u00c9", special=False, normalized=True)])
    ids = [(t, tokenizer.token_to_id(t)) for t in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = (
        processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ids)
        if parts.get("template")
        else processors.BertProcessing(*ids)
    )
    return tokenizer


def with_whole_words(tokenizer: Tokenizer) -> Tokenizer:
    """Words of the vocabulary that no merges lead to, as Llama 3 has them."""
    parts = json.loads(tokenizer.to_str())
    for word in ("ĠcabinetĠ", "Ġkeys", "HTTPServer", "Ãīt", "123", "789", "日本"):
        parts["model"]["vocab"].setdefault(word, len(parts["model"]["vocab"]))
    return Tokenizer.from_str(json.dumps(parts))


def utf16_offsets(text: str, offsets: list[tuple[int, int]]) -> list[int]:
    units = [0]
    for character in text:
        units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
    return [units[place] for offset in offsets for place in offset]


def frames(tokenizer: Tokenizer) -> list[dict]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        tokenizer.save(str(path))
        peer = PreTrainedTokenizerFast(tokenizer_file=str(path))
        texts = [("The keys",), ("The keys", "are on the table"), ("", "x")]
        found = [peer(*text, return_token_type_ids=True) for text in texts]
    return [
        {"texts": text, "ids": ids["input_ids"], "types": ids["token_type_ids"]} for text, ids in zip(texts, found)
    ]


def bert(parts: dict) -> dict:
    tokenizer = train_bert(parts)
    texts = TEXTS + BERT_TEXTS
    encodings = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
    return {
        "json": json.loads(tokenizer.to_str()),
        "texts": BERT_TEXTS,
        "ids": [encoding.ids for encoding in encodings],
        "decoded": [tokenizer.decode(encoding.ids, skip_special_tokens=False) for encoding in encodings],
        "offsets": [utf16_offsets(text, encoding.offsets) for text, encoding in zip(texts, encodings)],
        "backwards": [tokenizer.decode(encoding.ids[::-1], skip_special_tokens=False) for encoding in encodings],
        "framed": frames(tokenizer),
    }


def family(parts: dict) -> dict:
    tokenizer = train(parts)
    plain = Tokenizer.from_str(tokenizer.to_str())
    plain.post_processor = processors.ByteLevel(trim_offsets=False)  # ours count the space before a word
    rows: dict = {"ids": [], "decoded": [], "offsets": []}
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        normal = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
        again = plain.encode(normal, add_special_tokens=False)
        assert again.ids == ids, text
        decoded = tokenizer.decode(ids, skip_special_tokens=False)
        rows["ids"].append(ids)
        rows["decoded"].append(None if decoded == text else decoded)
        rows["offsets"].append(utf16_offsets(normal, again.offsets) if decoded == normal else None)
    return {"json": json.loads(tokenizer.to_str()), **rows, "framed": frames(tokenizer)}


# of long runs of alike characters every 16th; with STEP = 1 all agree as well
STEP = 16
RUNS = [(0x3400, 0xA000), (0xAC00, 0xD7A4), (0xE000, 0xF900), (0x17000, 0x18D00), (0x20000, 0x33480)]
POINTS = [
    c
    for c in [*range(0xD800), *range(0xE000, 0x33480), *range(0xE0000, 0xE0200), 0xF0000, 0x10FFFF]
    if c % STEP == 0 or not any(start <= c < end for start, end in RUNS)
]
# characters of later versions of Unicode that go together
PAIRS = [
    "\U000105d2\u0307", "\U000105da\u0307", "\U00011382\U000113c9", "\U00011384\U000113bb", "\U0001138b\U000113c2",
    "\U00011390\U000113c9", "\U000113c2\U000113c2", "\U000113c2\U000113b8", "\U000113c2\U000113c9",
    "\U00011935\U00011930", "\U0001611e\U0001611e", "\U0001611e\U00016129", "\U0001611e\U0001611f",
    "\U00016129\U0001611f", "\U0001611e\U00016120", "\U0001611e\U0001611e\U0001611f", "\U0001611e\U00016129\U0001611f",
    "\U0001611e\U0001611e\U00016120", "\U00016d67\U00016d67", "\U00016d63\U00016d67", "\U00016d63\U00016d67\U00016d67",
]


CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are "
    "a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + "
    "message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + "
    "message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
    "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token "
    "}}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif "
    "message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n{% if "
    "loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == "
    "'assistant' %}{{ message['content'] + eos_token + ' ' }}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
GEMMA = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- set first = messages[0]['content'] + '\n\n' -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set first = "" -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- set ns = namespace(count=0) %}
{% for message in rest %}
    {# the model's own name #}
    {%- if message['role'] == 'assistant' -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {%- set ns.count = ns.count + 1 -%}
    {{ '<start_of_turn>' + role + '\n' + (first if loop.first else "") }}
    {{- message['content'] | trim }}
    {%- if pad_token is defined and not loop.last %}{{ pad_token }}{% endif -%}
    {{ '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{ '<start_of_turn>model\n' ~ ns.count }}
{%- endif -%}
"""
TEMPLATES = {"ChatML": CHATML, "Llama 3": LLAMA3, "Zephyr": ZEPHYR, "Mistral": MISTRAL, "Gemma": GEMMA}
TALK = ["What is the capital of France?", " Paris, I'd say.\n", "Sûr? 😀\n\n  <b>{{ 1 }}</b> {% if %}", ""]
CHATS = [
    [("user", TALK[0])],
    [("user", TALK[0]), ("assistant", TALK[1]), ("user", TALK[2])],
    [("system", "Be brief. "), ("user", TALK[2]), ("assistant", TALK[3])],
    [("assistant", TALK[1])],
    [("tool", TALK[1])],
]


def chats() -> dict:
    settings = {"bos_token": "<s>", "eos_token": "</s>"}
    peer = PreTrainedTokenizerFast(tokenizer_object=train(FAMILIES["opt"]), **settings)
    talks = [[{"role": role, "content": content} for role, content in talk] for talk in CHATS]

    def write(template: str, talk: list, prompt: bool) -> str | None:
        try:
            return peer.apply_chat_template(talk, chat_template=template, tokenize=False, add_generation_prompt=prompt)
        except TemplateError:
            return None

    written = {
        name: {
            "template": template,
            "plain": [write(template, talk, False) for talk in talks],
            "prompt": [write(template, talk, True) for talk in talks],
        }
        for name, template in TEMPLATES.items()
    }
    return {"settings": settings, "chats": talks, "templates": written}


# families that talk: the template, and which token it may begin with
TALKING = [
    ("llama3", "Llama 3", {"bos_token": "<|begin_of_text|>"}),
    ("mistral_nemo", "Mistral", {"bos_token": "<s>", "eos_token": "</s>"}),
    ("smollm2", "ChatML", {}),
]


def read_chats(family: str, template: str, settings: dict) -> dict:
    """The ids that `apply_chat_template` gives, which puts nothing around what the template writes."""
    settings = settings | {"chat_template": TEMPLATES[template]}
    peer = PreTrainedTokenizerFast(tokenizer_object=train(FAMILIES[family]), **settings)
    talks = [[{"role": role, "content": content} for role, content in talk] for talk in CHATS[:3]]
    told = [talk for talk in talks if template != "Mistral" or talk[0]["role"] == "user"]
    ids = [peer.apply_chat_template(talk, add_generation_prompt=True, return_dict=False) for talk in told]
    return {"family": family, "settings": settings, "chats": told, "ids": ids}


def digest(results) -> str:
    made = hashlib.sha256()
    for result in results:
        made.update(result.encode() + b"\n")
    return made.hexdigest()


def sweep_words(part: pre_tokenizers.PreTokenizer) -> str:
    """The contexts put each character beside a letter of either case, a space, a digit, an apostrophe, itself."""
    contexts = "a{0}b {0}1{0}{0}'{0}e\n{0} B{0}"
    part = pre_tokenizers.Sequence([part, bytes_only()])
    return digest(" ".join(word for word, _ in part.pre_tokenize_str(contexts.format(chr(c)))) for c in POINTS)


def sweep_bert_words() -> str:
    part = pre_tokenizers.BertPreTokenizer()
    return digest(" ".join(word for word, _ in part.pre_tokenize_str(f"a{chr(c)}b {chr(c)}{chr(c)} x")) for c in POINTS)


def sweep_text(part: normalizers.Normalizer) -> str:
    contexts = ["{0}", "a\u0301{0}\u0327x", "a\u0327\u093c{0}\u0301x"]
    texts = [context.format(chr(c)) for context in contexts for c in POINTS] + PAIRS
    return digest(part.normalize_str(text) for text in texts)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    dump = lambda data: json.dumps(data, ensure_ascii=True, separators=(",", ":"))  # noqa: E731
    for name, parts in FAMILIES.items():
        (OUT / f"{name}.json").write_text(dump(family(parts)) + "\n")
    for name, parts in BERTS.items():
        (OUT / f"{name}.json").write_text(dump(bert(parts)) + "\n")
    (OUT / "family_texts.json").write_text(dump(TEXTS) + "\n")
    (OUT / "chat.json").write_text(json.dumps(chats(), ensure_ascii=True, indent=1) + "\n")
    (OUT / "chat_ids.json").write_text(dump([read_chats(*case) for case in TALKING]) + "\n")
    sweeps = {f"words of {name}": sweep_words(split(name)) for name in PATTERNS}
    sweeps["words of Digits"] = sweep_words(pre_tokenizers.Digits(individual_digits=False))
    sweeps["words of single Digits"] = sweep_words(pre_tokenizers.Digits(individual_digits=True))
    for form in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase"):
        sweeps[f"text of {form}"] = sweep_text(getattr(normalizers, form)())
    sweeps["words of BertPreTokenizer"] = sweep_bert_words()
    for name, parts in BERTS.items():
        sweeps[f"text of {name}"] = sweep_text(parts["normalizer"])
    (OUT / "sweep.json").write_text(json.dumps({"pairs": PAIRS, "sweeps": sweeps}, indent=1) + "\n")


if __name__ == "__main__":
    main()
