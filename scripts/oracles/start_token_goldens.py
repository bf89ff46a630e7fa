"""The ids that transformers gives a text whose tokenizer puts something before it, or could.

Run:   .venv-oracle/bin/python scripts/oracles/start_token_goldens.py   (after an export of models/)
Pins:  transformers==5.23.0 tokenizers==0.23.3 (scripts/requirements-oracle.txt)
Out:   tests/goldens/tokenizer/start_token.json

Each case is the tokenizer of models/ with `settings` as tokenizer_config.json, and with tokenizer.json, whose
post_processor is replaced by `processor`, or else (`files` is "two") with vocab.json and merges.txt in its place. `ids`
are what AutoTokenizer gives for `text`. Deterministic, needs no network.
"""

import json
import shutil
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers import AutoTokenizer

MODELS = Path("models")
OUT = Path("tests/goldens/tokenizer/start_token.json")
TEXT = "The keys"
END = "<|endoftext|>"
END_ID = 4095


def template(*single: dict) -> dict:
    special = {END: {"id": END, "ids": [END_ID], "tokens": [END]}}
    return {"type": "TemplateProcessing", "single": list(single), "pair": [], "special_tokens": special}


START = template({"SpecialToken": {"id": END, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}})
BYTES = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
ADDED = {"__type": "AddedToken", "content": END, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}

CASES = [
    {"name": "a template", "settings": {}, "processor": START},
    {
        "name": "a template among others",
        "settings": {},
        "processor": {"type": "Sequence", "processors": [BYTES, START]},
    },
    {"name": "add_bos_token beside tokenizer.json", "settings": {"add_bos_token": True}, "processor": None},
    {
        "name": "add_bos_token beside vocab.json",
        "settings": {"add_bos_token": True, "bos_token": ADDED},
        "files": "two",
    },
    {"name": "vocab.json alone", "settings": {}, "files": "two"},
]


def write(folder: Path, case: dict) -> None:
    shutil.copy(MODELS / "config.json", folder)
    (folder / "tokenizer_config.json").write_text(json.dumps(case["settings"]))
    tokenizer = json.loads((MODELS / "tokenizer.json").read_text())
    if case.get("files") == "two":
        model = tokenizer["model"]
        (folder / "vocab.json").write_text(json.dumps(model["vocab"] | {END: END_ID}))
        pairs = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
        (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *pairs]))
    else:
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer | {"post_processor": case["processor"]}))


def ids_of(case: dict) -> list[int]:
    with TemporaryDirectory() as name:
        write(Path(name), case)
        return AutoTokenizer.from_pretrained(name)(TEXT)["input_ids"]


cases = [case | {"ids": ids_of(case)} for case in CASES]
golden = {"transformers": version("transformers"), "text": TEXT, "cases": cases}
OUT.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
print(*(f"{case['name']}: {case['ids']}" for case in cases), sep="\n")
