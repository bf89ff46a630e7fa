"""Writes tests/goldens/rotary.json: the angles of transformers' rotary positions, in single precision, for published
settings. They are those of `inv_freq`, which PyTorch computes in float32.

    .venv-oracle/bin/python scripts/oracles/rotary_goldens.py
"""

import json

import torch
import transformers
from transformers.models.gpt_neox.modeling_gpt_neox import GPTNeoXRotaryEmbedding
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

EMBEDDINGS = {"llama": LlamaRotaryEmbedding, "gpt_neox": GPTNeoXRotaryEmbedding}


def llama(head: int, theta: float, **rope) -> dict:
    scaling = {"rope_scaling": {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                "original_max_position_embeddings": 8192, **rope}} if rope else {}
    return {"model_type": "llama", "hidden_size": 4 * head, "num_attention_heads": 4, "head_dim": head,
            "max_position_embeddings": 131072, "rope_theta": theta, **scaling}


CASES = {
    "Llama 1 and 2": llama(128, 10000.0),
    "Llama 3": llama(128, 500000.0),
    "Llama 3.1": llama(128, 500000.0, factor=8.0),
    "Llama 3.2 1B": llama(64, 500000.0, factor=32.0),
    "Llama 3.2 3B": llama(128, 500000.0, factor=32.0),
    "SmolLM2": llama(64, 100000),
    "Mistral v0.3, Qwen2": llama(128, 1000000.0),
    "LongChat": llama(128, 10000.0, rope_type="linear", factor=8.0),
    "an odd factor": llama(80, 10000.0, rope_type="linear", factor=3.7),
    "odd settings": llama(20, 77.0, factor=5.3, low_freq_factor=0.7, high_freq_factor=2.9,
                          original_max_position_embeddings=41),
    "Pythia": {"model_type": "gpt_neox", "hidden_size": 512, "num_attention_heads": 8, "rotary_pct": 0.25,
               "rotary_emb_base": 10000},
    "GPT-NeoX 20B": {"model_type": "gpt_neox", "rotary_pct": 0.25, "rotary_emb_base": 10000},
    "an odd number turned": {"model_type": "gpt_neox", "hidden_size": 40, "num_attention_heads": 2,
                             "rotary_pct": 0.25, "rotary_emb_base": 10000},
}


def main() -> None:
    goldens = []
    for name, settings in CASES.items():
        config = transformers.CONFIG_MAPPING[settings["model_type"]].from_dict(json.loads(json.dumps(settings)))
        frequencies = EMBEDDINGS[settings["model_type"]](config).inv_freq
        assert frequencies.dtype == torch.float32
        goldens.append({"name": name, "config": settings, "frequencies": [float(f"{x:.9g}") for x in frequencies.tolist()]})
        assert torch.equal(torch.tensor(goldens[-1]["frequencies"]), frequencies)  # 9 digits are all of a float32
    with open("tests/goldens/rotary.json", "w", encoding="utf-8") as file:
        rows = ",\n".join(json.dumps(golden) for golden in goldens)
        file.write(f'{{"transformers": "{transformers.__version__}", "torch": "{torch.__version__}", "settings": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main()
