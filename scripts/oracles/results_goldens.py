"""Read a file of results as Python's safetensors does, and write one as Python's safetensors does.

Run:   deno run -A scripts/oracles/results_file.ts   (writes version_1.safetensors)
       .venv-oracle/bin/python scripts/oracles/results_goldens.py
Pins:  safetensors==0.8.0 numpy==2.4.6 (scripts/requirements-oracle.txt)
Out:   tests/goldens/results/python.json         what Python sees in version_1.safetensors: of each tensor dtype, shape
                                                 and bytes (hexadecimal), and zlib's CRC-32 of document and data
       tests/goldens/results/python.safetensors  a saliency map and a list that Python wrote, with a checksum
       tests/goldens/results/expected.json       the numbers of that file
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

FOLDER = Path(__file__).parents[2] / "tests" / "goldens" / "results"


def checksum(path: Path, document: str) -> str:
    """The CRC-32 of the document and of everything after the header."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return f"{zlib.crc32(content[8 + length :], zlib.crc32(document.encode())):08x}"


def read(path: Path) -> dict:
    with safe_open(path, "numpy") as file:
        document = file.metadata()["document"]
        tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
        recorded = file.metadata()["crc32"]
    crc = checksum(path, document)
    assert crc == recorded, (crc, recorded)
    kinds = json.loads(document)["kinds"]
    described = {
        name: {"dtype": str(array.dtype), "shape": list(array.shape), "bytes": array.tobytes().hex()}
        for name, array in tensors.items()
    }
    return {"crc32": crc, "kinds": kinds, "tensors": described}


def write(path: Path) -> dict:
    texts = ["Grüße", " 键"]
    tokens = [
        {"id": 7 + i, "piece": text.replace(" ", "Ġ"), "bytes": {"$bytes": text.encode().hex()}}
        | {"start": 5 * i, "end": 5 * i + len(text), "text": text}
        for i, text in enumerate(texts)
    ]
    sequence = {"tokenIds": [7, 8], "tokens": tokens, "promptLength": 1, "text": "".join(texts)}
    options = {"preset": "ecco", "method": "gradientXInput", "of": "probability", "reduce": "l2"}
    options |= {"normalize": True, "together": False}
    scores = np.array([[1 / 3, -0.0]], dtype=np.float32)
    exact = np.array([0.1, np.nan, 1e-300])
    document = json.dumps(
        {
            "package": "python",
            "created": "2026-11-21T00:00:00Z",
            "kinds": {"map": "saliency", "numbers": "data"},
            "results": {
                "map": {
                    "sequence": sequence,
                    "positions": [1],
                    "scores": {"$tensor": "map.scores", "dtype": "F32", "shape": [1, 2]},
                    "options": options,
                    "convergenceGaps": [{"$number": "-Infinity"}],
                },
                "numbers": [{"$array": "numbers.0", "dtype": "F64", "length": 3}, 0.1, 1e-7],
            },
            "shared": [],
        }
    )
    tensors = {"map.scores": scores, "numbers.0": exact}
    metadata = {"format": "looking-glass-results", "version": "1", "document": document}
    save_file(tensors, path, metadata)
    save_file(tensors, path, metadata | {"crc32": checksum(path, document)})
    return {"sequence": sequence, "scores": scores.tobytes().hex(), "numbers": exact.tobytes().hex()}


def main() -> None:
    dump = lambda name, value: (FOLDER / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
    dump("python.json", read(FOLDER / "version_1.safetensors"))
    dump("expected.json", write(FOLDER / "python.safetensors"))


if __name__ == "__main__":
    main()
