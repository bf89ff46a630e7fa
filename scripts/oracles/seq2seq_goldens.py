"""Run the tiny encoder-decoder checkpoints through transformers, and store what the library has to reproduce.

Run:   .venv-oracle/bin/python scripts/oracles/seq2seq_goldens.py [case...]   (after seq2seq_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<bart|marian>/<case>/golden.safetensors, golden.json; greedy.json and beams.json by seq2seq_texts.py

As in gpt2_goldens.py, numbers are computed in float64 and rounded to float32, and golden.json states how far float32
arithmetic is from them; sinusoids are the float32 numbers that transformers makes. Two pairs: in `long` a source of 10
random tokens and the one that ends a text is continued greedily by 8 tokens, end ignored; in `single` a source of one
token has a given random target of 4 tokens. The target is what the decoder reads: decoder_start_token_id comes first. With
E source and T target tokens, Le and Ld layers, N = T - 1 positions 1..T-1, arrays are `<pair>/<array>`:

    sourceIds, targetIds, positions         I32 [E], [T], [N]  a token of the target at a position is predicted by the row
                                                               before it, from targetIds[:position]
    encoder/hiddenStates                    F32 [Le+1, E, C]   the first entry is the sum with positions, normalised in
                                                               BART; then what each layer gives, after its last norm
    encoder/attention                       F32 [Le, H, E, E]
    encoder/activations                     F32 [Le, E, inner] input of fc2
    decoder/hiddenStates                    F32 [Ld+1, T, C]
    decoder/attention                       F32 [Ld, H, T, T]
    decoder/crossAttention                  F32 [Ld, H, T, E]
    decoder/activations                     F32 [Ld, T, inner]
    logits                                  F32 [T, V]         final_logits_bias included
    saliency/source/<of>/<method>/<reduce>  F32 [N, E]
    saliency/target/<of>/<method>/<reduce>  F32 [N, T]         0 at and after the position

    <of>: probability | logProb | logit    <method>: gradientXInput | gradient    <reduce>: l2 | sum

Saliency is with respect to the embeddings of tokens before positions are added (and before BART's norm), AFTER they are
multiplied by sqrt(d_model) where scale_embedding holds: gradientXInput does not depend on that, gradient does. Both sides
are separate inputs although they may share a matrix. Columns of the target are those of what the decoder reads.
"""

import json
import sys

import numpy as np
import torch
import transformers
from anatomy import in_float64, load
from gpt2_goldens import REDUCTIONS, SCALARS, SMALLEST_MARGIN
from safetensors.torch import save_file
from seq2seq_checkpoints import CASES, Case
from seq2seq_texts import make_texts, words
from transformers import AutoModelForSeq2SeqLM, PreTrainedModel

PRODUCER = "scripts/oracles/seq2seq_goldens.py"
LONG, NEW_TOKENS, GIVEN = 10, 8, 4


def sides(model: PreTrainedModel) -> dict:
    """The two halves by name."""
    return {"encoder": model.model.encoder, "decoder": model.model.decoder}


@torch.no_grad()
def trace(model: PreTrainedModel, source: list[int], target: list[int]) -> dict[str, torch.Tensor]:
    """What the model computes on the way."""
    activations, hooks = {"encoder": [], "decoder": []}, []
    for name, side in sides(model).items():
        for layer in side.layers:
            kept = activations[name]
            hooks.append(layer.fc2.register_forward_pre_hook(lambda _, args, kept=kept: kept.append(args[0][0])))
    told = {"output_hidden_states": True, "output_attentions": True}
    output = model(torch.tensor([source]), decoder_input_ids=torch.tensor([target]), **told)
    for hook in hooks:
        hook.remove()
    return {
        "encoder/hiddenStates": torch.cat(output.encoder_hidden_states),
        "encoder/attention": torch.cat(output.encoder_attentions),
        "encoder/activations": torch.stack(activations["encoder"]),
        "decoder/hiddenStates": torch.cat(output.decoder_hidden_states),
        "decoder/attention": torch.cat(output.decoder_attentions),
        "decoder/crossAttention": torch.cat(output.cross_attentions),
        "decoder/activations": torch.stack(activations["decoder"]),
        "logits": output.logits[0],
    }


def embeddings(model: PreTrainedModel, side: str, ids: list[int]) -> torch.Tensor:
    """Embeddings as they are added to positions: scaled where the model says so."""
    scale = model.config.d_model**0.5 if model.config.scale_embedding else 1.0
    return (sides(model)[side].embed_tokens.weight[torch.tensor(ids)] * scale).detach().requires_grad_()


def logits_of(model: PreTrainedModel, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The logits [T, V] for scaled embeddings [E, C] and [T, C]."""
    # Marian's decoder scales what it is given, its encoder and BART do not.
    twice = model.config.model_type == "marian" and model.config.scale_embedding
    target = target / model.config.d_model**0.5 if twice else target
    return model(inputs_embeds=source[None], decoder_inputs_embeds=target[None]).logits[0]


def saliency(model: PreTrainedModel, source: list[int], target: list[int]) -> dict[str, torch.Tensor]:
    """The rows of every definition, one backward pass for each."""
    arrays, count = {}, len(target) - 1
    for of, scalar in SCALARS.items():
        for n in range(count):
            x = embeddings(model, "encoder", source), embeddings(model, "decoder", target[: n + 1])
            logits = logits_of(model, *x)
            by_ids = model(torch.tensor([source]), decoder_input_ids=torch.tensor([target[: n + 1]])).logits[0]
            assert torch.allclose(logits, by_ids, atol=1e-5 if logits.dtype == torch.float32 else 1e-12)
            gradients = torch.autograd.grad(scalar(logits[-1], target[n + 1]), x)
            for name, x, g in zip(("source", "target"), x, gradients):
                for method, values in {"gradientXInput": g * x.detach(), "gradient": g}.items():
                    for reduce, reduction in REDUCTIONS.items():
                        width = len(source) if name == "source" else len(target)
                        empty = torch.zeros(count, width, dtype=logits.dtype)
                        rows = arrays.setdefault(f"saliency/{name}/{of}/{method}/{reduce}", empty)
                        rows[n, : len(values)] = reduction(values)
    return arrays


def compute(model: PreTrainedModel, pairs: dict[str, dict]) -> dict[str, torch.Tensor]:
    """Every array, in the model's own precision."""
    arrays = {}
    for name, pair in pairs.items():
        ids = pair["sourceIds"], pair["targetIds"]
        found = trace(model, *ids) | saliency(model, *ids)
        arrays |= {f"{name}/{array}": values for array, values in found.items()}
    return arrays


@torch.no_grad()
def continue_greedily(model: PreTrainedModel, source: list[int]) -> tuple[list[int], float]:
    """What the decoder reads after 8 greedy steps, end ignored, and the smallest gap to the next best token."""
    ids, margin = [model.config.decoder_start_token_id], float("inf")
    for _ in range(NEW_TOKENS):
        logits = model(torch.tensor([source]), decoder_input_ids=torch.tensor([ids])).logits[0, -1]
        best, second = logits.topk(2).values.tolist()
        margin = min(margin, best - second)
        ids.append(int(logits.argmax()))
    return ids, margin


def draw_pairs(model: PreTrainedModel, random: np.random.Generator) -> dict[str, dict]:
    """The two pairs; the first one anew while a greedy choice is a near tie."""
    while True:
        source = [*words(model, random, LONG), model.config.eos_token_id]
        written, margin = continue_greedily(model, source)
        if margin > SMALLEST_MARGIN and len(set(written)) > 3:
            break
    given = [model.config.decoder_start_token_id, *words(model, random, GIVEN)]
    return {
        "long": {"sourceIds": source, "targetIds": written, "smallestGreedyMargin": margin},
        "single": {"sourceIds": words(model, random, 1), "targetIds": given},
    }


@torch.no_grad()
def check_version_4(case: Case, model: PreTrainedModel) -> None:
    """Holds the older config to the same logits."""
    config = transformers.AutoConfig.for_model(**json.loads((case.folder / "config_v4.json").read_text()))
    other = load_with(case, config)
    ids = {"input_ids": torch.arange(3, 13)[None], "decoder_input_ids": torch.arange(5, 9)[None]}
    assert torch.equal(other(**ids).logits, model(**ids).logits), case.name


def load_with(case: Case, config) -> PreTrainedModel:
    """The checkpoint read by another configuration."""
    kind = AutoModelForSeq2SeqLM
    return kind.from_pretrained(case.folder, config=config, dtype=torch.float32, attn_implementation="eager").eval()


def check_telling(case: Case, stored: dict[str, torch.Tensor], differences: dict[str, dict]) -> None:
    """Even attention or small gradients would hide mistakes, and what float32 cannot compute would find none."""
    patterns = ("encoder/attention", "decoder/crossAttention")
    sharp = [float(stored[f"long/{name}"].max(-1).values.mean()) for name in patterns]
    score = [float(stored[f"long/saliency/{of}/logit/gradientXInput/sum"].abs().max()) for of in ("source", "target")]
    off = max(value["maxAbsDifference"] / max(1, value["maxAbs"]) for value in differences.values())
    print(f"{case.name}: largest weights {np.round(sharp, 2)}, largest scores {np.round(score, 2)}, rounding {off:.1e}")
    assert min(sharp) > 3 / (LONG + 1) and min(score) > 0.15 and off < 5e-6, case.name


def make_case(case: Case) -> None:
    """Store everything about one checkpoint."""
    single = load(case.folder, AutoModelForSeq2SeqLM)
    double = in_float64(single)
    pairs = draw_pairs(double, np.random.default_rng(case.seed))
    assert continue_greedily(single, pairs["long"]["sourceIds"])[0] == pairs["long"]["targetIds"]
    reference, rounded = compute(double, pairs), compute(single, pairs)
    stored = {name: values.detach().float().contiguous() for name, values in reference.items()}
    differences = {
        name: {
            "maxAbsDifference": float((rounded[name].double() - values).abs().max()),
            "maxAbs": float(values.abs().max()),
        }
        for name, values in sorted(reference.items())
    }
    check_telling(case, stored, differences)
    for name, pair in pairs.items():
        pair["positions"] = list(range(1, len(pair["targetIds"])))
        for array in ("sourceIds", "targetIds", "positions"):
            stored[f"{name}/{array}"] = torch.tensor(pair[array], dtype=torch.int32)
    save_file(stored, case.folder / "golden.safetensors")
    metadata = {
        "case": case.name,
        "producer": PRODUCER,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "reference": "float64, rounded to float32",
        "pairs": pairs,
        "shapes": {name: list(values.shape) for name, values in sorted(stored.items())},
        "float32": differences,
    }
    (case.folder / "golden.json").write_text(json.dumps(metadata, indent=1) + "\n")
    if case.version_4:
        check_version_4(case, single)
    make_texts(case, PRODUCER, single, double)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        if not sys.argv[1:] or case.name in sys.argv[1:]:
            make_case(case)
