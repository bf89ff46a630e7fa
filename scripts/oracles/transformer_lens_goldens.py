"""Take a logit of tiny GPT-2 checkpoints apart with TransformerLens itself, and read its full circuits.

Run:   PYTHONPATH=<where they are> .venv-oracle/bin/python scripts/oracles/transformer_lens_goldens.py
       (after logit_attribution_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt), and beside them
       transformer-lens==2.18.0, the last major version with HookedTransformer, with what it imports: installed by
       pip install --no-deps --target, as its own pins name older ones
Out:   tests/goldens/gpt2/<case>/transformer_lens.safetensors, transformer_lens.json

HookedTransformer computes in float64 from the same weights, nothing folded into others. Arrays, with the names and shapes
of logit_attribution_goldens.py: `next/heads`, `next/mlps`, `next/neurons`, `next/embedding`, `next/positionEmbedding`,
`next/attentionBiases` by its ActivationCache (decompose_resid, stack_head_results and stack_neuron_results with
apply_ln, then the logit direction), and `qk`, `ov` by `W_E`, `model.QK`, `model.OV` and `W_U`.
"""

import json
from pathlib import Path

import torch
import transformers
from anatomy import load
from gpt2_goldens import GOLDENS
from logit_attribution_goldens import FROM, HEAD, STRIDE
from safetensors.torch import load_file, save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

CASES = ["f32", "twelve_layers"]


def hooked(folder: Path) -> HookedTransformer:
    """The checkpoint of a folder as TransformerLens has it."""
    reference = load(folder)
    config = reference.config
    settings = HookedTransformerConfig(
        n_layers=config.n_layer,
        d_model=config.n_embd,
        n_ctx=config.n_positions,
        d_head=config.n_embd // config.n_head,
        n_heads=config.n_head,
        d_mlp=4 * config.n_embd,
        d_vocab=config.vocab_size,
        act_fn=config.activation_function,
        eps=config.layer_norm_epsilon,
        normalization_type="LN",
        dtype=torch.float64,
        device="cpu",
    )
    model = HookedTransformer(settings)
    weights = convert_gpt2_weights(reference, settings)
    model.load_state_dict({key: value.double() for key, value in weights.items()}, strict=False)
    return model.double().eval()


@torch.no_grad()
def compute(model: HookedTransformer, ids: list[int], target: int) -> dict[str, torch.Tensor]:
    """The parts of the logit of a token, and the circuits of a head of the last layer."""
    logits, cache = model.run_with_cache(torch.tensor([ids]), prepend_bos=False)
    direction = model.W_U[:, target]

    def give(vectors: torch.Tensor) -> torch.Tensor:
        return cache.apply_ln_to_stack(vectors, layer=-1, pos_slice=-1)

    layers, heads = model.cfg.n_layers, model.cfg.n_heads
    found = {}
    stacks = {
        "heads": cache.stack_head_results(layer=-1, pos_slice=-1, incl_remainder=False),
        "neurons": cache.stack_neuron_results(layer=-1, pos_slice=-1, incl_remainder=False),
        "embedding": cache["embed"][None, :, -1],
        "positionEmbedding": cache["pos_embed"][None, :, -1],
        "mlps": torch.stack([cache["mlp_out", layer][:, -1] for layer in range(layers)]),
        "attentionBiases": model.b_O[:, None],
    }
    # The final norm's scale is held: (x - mean) / scale * gamma, which apply_ln_to_stack does up to gamma.
    for name, stack in stacks.items():
        found[f"next/{name}"] = ((give(stack) * model.ln_final.w) @ direction)[:, 0]
    found["next/heads"] = found["next/heads"].reshape(layers, heads)
    found["next/neurons"] = found["next/neurons"].reshape(layers, -1)
    bias = model.ln_final.b @ direction + model.unembed.b_U[target]
    whole = sum(found[f"next/{name}"].sum() for name in stacks if name != "neurons") + bias
    assert abs(whole - logits[0, -1, target]) < 1e-9, (whole, logits[0, -1, target])
    qk = model.W_E @ model.QK[-1, HEAD].AB @ model.W_E.T
    return found | {
        "qk": qk[::STRIDE, ::STRIDE],
        "ov": model.W_E[FROM] @ model.OV[-1, HEAD].AB @ model.W_U,
    }


def make_case(name: str) -> None:
    """Store what TransformerLens says, and how far it is from the other oracle."""
    folder = GOLDENS / name
    ids = json.loads((folder / "golden.json").read_text())["prompts"]["long"]["tokenIds"]
    target = json.loads((folder / "logit_attribution.json").read_text())["targets"]["next"]
    found = compute(hooked(GOLDENS / name), ids, target)
    stored = {array: values.float().contiguous() for array, values in found.items()}
    save_file(stored, folder / "transformer_lens.safetensors")
    others = load_file(folder / "logit_attribution.safetensors")
    differences = {array: float((values - others[array]).abs().max()) for array, values in sorted(stored.items())}
    assert max(differences.values()) < 1e-5, differences
    metadata = {
        "case": name,
        "producer": "scripts/oracles/transformer_lens_goldens.py",
        "versions": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "transformer-lens": "2.18.0",
        },
        "reference": "float64, rounded to float32",
        "maxAbsDifferenceToPyTorch": differences,
    }
    (folder / "transformer_lens.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{name}: {len(stored)} arrays, {max(differences.values()):.1e} from PyTorch")


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    transformers.logging.set_verbosity_error()
    for case in CASES:
        make_case(case)
