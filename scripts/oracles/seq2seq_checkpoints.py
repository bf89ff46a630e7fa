"""Write the tiny random checkpoints of encoder-decoder models that the goldens are made from.

Run:   .venv-oracle/bin/python scripts/oracles/seq2seq_checkpoints.py
Pins:  numpy==2.4.6 torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<bart|marian>/<case>/config.json, model.safetensors; in some, config_v4.json

As those of family_checkpoints.py. Files differ in what published ones differ in:

    bart/bart           embeddings are stored once (model.shared.weight); 2 + 3 layers of 3 and 4 heads; final_logits_bias
    bart/scaled         embeddings times the root of d_model; names of a file without a head (no "model."), which has
                        the embeddings three times and no final_logits_bias, as facebook/bart-base
    bart/untied         source, target and head have matrices of their own; model.shared.weight is there and no one's
    marian/marian       sinusoids, which are not stored; scaled; swish
    marian/stored       sinusoids, embeddings and head stand in the file; the sinusoids of the target times 0.9, as it
                        is what the file says that counts
    marian/separate     two vocabularies, two matrices, the head is the target's; an odd width; float16
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from family_checkpoints import GOLDENS, POSITIONS, VOCABULARY, fill, write_json
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForSeq2SeqLM, PreTrainedModel

OTHER_VOCABULARY = 89
# Sources differ less by their last layer than embeddings do.
SHARPER = 1.8


@dataclass(frozen=True)
class Case:
    """One checkpoint: what its config says beyond the defaults, and how it is stored."""

    family: str
    name: str
    seed: int
    config: dict
    dtype: torch.dtype = torch.float32
    # What published files say besides, in words of transformers 4.
    version_4: dict = field(default_factory=dict)
    # Names of a model without a head.
    base_names: bool = False
    # Constants and tied matrices stand in the file.
    stored: bool = False

    @property
    def folder(self) -> Path:
        return GOLDENS / self.family / self.name


BART = {
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "d_model": 24,
    "encoder_layers": 2,
    "encoder_attention_heads": 3,
    "encoder_ffn_dim": 40,
    "decoder_layers": 3,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 36,
    "activation_function": "gelu",
    "scale_embedding": False,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
}
MARIAN = BART | {
    "decoder_layers": 2,
    "activation_function": "swish",
    "scale_embedding": True,
    "bos_token_id": None,
    "pad_token_id": VOCABULARY - 1,
    "eos_token_id": 0,
    "decoder_start_token_id": VOCABULARY - 1,
    "share_encoder_decoder_embeddings": True,
}
BART_4 = {
    "add_bias_logits": False,
    "add_final_layer_norm": False,
    "gradient_checkpointing": False,
    "normalize_before": False,
    "normalize_embedding": True,
    "num_hidden_layers": 2,
    "early_stopping": True,
    "num_beams": 4,
    "no_repeat_ngram_size": 3,
}
MARIAN_4 = {
    "add_bias_logits": False,
    "add_final_layer_norm": False,
    "extra_pos_embeddings": VOCABULARY,
    "normalize_before": False,
    "normalize_embedding": False,
    "static_position_embeddings": True,
    "num_hidden_layers": 2,
    "bad_words_ids": [[VOCABULARY - 1]],
    "max_length": POSITIONS,
    "num_beams": 6,
}
CASES = [
    Case("bart", "bart", 301, BART, version_4=BART_4),
    Case("bart", "scaled", 302, BART | {"scale_embedding": True, "activation_function": "gelu_new"}, base_names=True),
    Case("bart", "untied", 303, BART | {"tie_word_embeddings": False, "activation_function": "relu", "decoder_layers": 1}),
    Case("marian", "marian", 311, MARIAN, version_4=MARIAN_4),
    Case("marian", "stored", 312, MARIAN, stored=True),
    Case(
        "marian",
        "separate",
        313,
        MARIAN
        | {
            "d_model": 21,
            "encoder_layers": 1,
            "decoder_attention_heads": 3,
            "activation_function": "relu",
            "scale_embedding": False,
            "share_encoder_decoder_embeddings": False,
            "decoder_vocab_size": OTHER_VOCABULARY,
            "pad_token_id": OTHER_VOCABULARY - 1,
            "decoder_start_token_id": OTHER_VOCABULARY - 1,
        },
        dtype=torch.float16,
    ),
]


def without_head(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The names of a file that was stored without a head, with the embeddings three times."""
    found = {name.removeprefix("model."): tensor for name, tensor in tensors.items() if name != "final_logits_bias"}
    shared = {f"{side}.embed_tokens.weight": found["shared.weight"].clone() for side in ("encoder", "decoder")}
    return found | shared


def with_constants(tensors: dict[str, torch.Tensor], model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Positions, and each matrix under every name that it has."""
    shared = tensors["model.shared.weight"]
    tied = ("model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight")
    encoder, decoder = (side.embed_positions.weight.detach() for side in (model.model.encoder, model.model.decoder))
    return (
        tensors
        | {name: shared.clone() for name in tied}
        | {
            "model.encoder.embed_positions.weight": encoder.clone(),
            "model.decoder.embed_positions.weight": 0.9 * decoder,
        }
    )


def write_case(case: Case) -> int:
    """Write one checkpoint; the answer is the size of its weights file in bytes."""
    config = AutoConfig.for_model(case.family, **case.config)
    torch.manual_seed(case.seed)
    model = AutoModelForSeq2SeqLM.from_config(config).float()
    random = np.random.default_rng(case.seed)
    fill(model, random)
    for name, weight in model.named_parameters():
        if name.endswith("q_proj.weight"):
            weight.data *= SHARPER
    model.final_logits_bias.copy_(torch.from_numpy(random.normal(0.0, 0.5, model.final_logits_bias.shape)))
    model = model.to(case.dtype)
    case.folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(case.folder)
    (case.folder / "generation_config.json").unlink(missing_ok=True)
    if case.version_4:
        written = json.loads((case.folder / "config.json").read_text())
        del written["dtype"]
        write_json(case.folder / "config_v4.json", written | case.version_4 | {"transformers_version": "4.22.0"})
    path = case.folder / "model.safetensors"
    if case.base_names or case.stored:
        tensors = load_file(path)
        tensors = without_head(tensors) if case.base_names else with_constants(tensors, model)
        save_file(tensors, path, metadata={"format": "pt"})
    return path.stat().st_size


if __name__ == "__main__":
    for case in CASES:
        print(f"{case.family}/{case.name}: {write_case(case)} bytes")
