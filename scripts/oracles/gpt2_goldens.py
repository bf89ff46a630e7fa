"""Run the tiny checkpoints through Hugging Face transformers and store what the library has to reproduce.

Run:   .venv-oracle/bin/python scripts/oracles/gpt2_goldens.py   (after gpt2_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 captum==0.9.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/gpt2/<case>/golden.safetensors, golden.json

The stored numbers are computed in float64 and rounded to float32. The same numbers are computed in float32 too, and
golden.json states how far the two are apart: the error that float32 arithmetic alone makes.

Two prompts per case, `long` (20 tokens) and `single` (1 token), each continued greedily by 8 tokens, eos ignored.
With T = prompt + 8, N = 8 explained positions (the continuation), arrays are named `<prompt>/<array>`:

    tokenIds                                I32 [T]
    positions                               I32 [N]
    logits                                  F32 [T, V]
    hiddenStates                            F32 [L+1, T, C]    residual stream, last entry before ln_f
    attention                               F32 [L, H, T, T]
    activations                             F32 [L, T, inner]  input of mlp.c_proj
    layerLogits/<norm>                      F32 [L, V]         lens at the last explained position
    rankings/<norm>                         I32 [L, N]         rank of the actual token, 1 = most likely
    saliency/<of>/<method>/<reduce>         F32 [N, T]         unnormalised, 0 at and after the position
    together/gradient/l2                    F32 [1, T]         LIT grad_l2
    together/gradientXInput/sum             F32 [1, T]         LIT grad_dot_input

    <norm>: final | none    <of>: probability | logProb | logit
    <method>: gradientXInput | gradient    <reduce>: l2 | sum

`gradient/sum` is zero but for rounding: every reader of the residual stream starts with a LayerNorm, which subtracts
the mean, so a gradient with respect to the embeddings is orthogonal to the vector of ones.

A saliency row is one autograd pass over the prefix before its token, with respect to wte[ids]; no batching, no cache.
`together` is one pass for all targets: the gradient of the loss, which is the SUM (not the mean) of -log p over the
explained positions, so its sign is that of the loss.
"""

import json
from pathlib import Path

import captum
import numpy as np
import safetensors
import torch
import transformers
from anatomy import anatomy, blocks, final_norm, head, in_float64, load
from captum.attr import LayerGradientXActivation
from gpt2_checkpoints import CASES, GOLDENS
from safetensors.torch import save_file
from transformers import PreTrainedModel

LONG, SINGLE, NEW_TOKENS = 20, 1, 8
# A greedy choice closer than this could fall the other way in float32.
SMALLEST_MARGIN = 1e-3

SCALARS = {
    "probability": lambda logits, token: logits.softmax(-1)[token],
    "logProb": lambda logits, token: logits.log_softmax(-1)[token],
    "logit": lambda logits, token: logits[token],
}
REDUCTIONS = {
    "l2": lambda scores: scores.norm(dim=-1),
    "sum": lambda scores: scores.sum(dim=-1),
}


@torch.no_grad()
def continue_greedily(model: PreTrainedModel, prompt: list[int]) -> tuple[list[int], float]:
    """The prompt and its greedy continuation, and the smallest gap between a chosen logit and the next best one."""
    ids, margins = list(prompt), []
    for _ in range(NEW_TOKENS):
        logits = model(torch.tensor([ids])).logits[0, -1]
        best, second = logits.topk(2).values.tolist()
        margins.append(best - second)
        ids.append(int(logits.argmax()))
    return ids, min(margins)


def draw_prompt(model: PreTrainedModel, length: int, random: np.random.Generator) -> tuple[list[int], float]:
    """A random prompt with its continuation, drawn again while a greedy choice is a near tie."""
    while True:
        prompt = random.integers(0, model.config.vocab_size, length).tolist()
        ids, margin = continue_greedily(model, prompt)
        if margin > SMALLEST_MARGIN:
            return ids, margin


@torch.no_grad()
def trace(model: PreTrainedModel, ids: list[int]) -> dict[str, torch.Tensor]:
    """What the model computes on the way, taken with hooks, as its own last hidden state has the final norm applied."""
    residuals, activations, hooks = [], [], []
    down = anatomy(model).down
    hooks.append(blocks(model)[0].register_forward_pre_hook(lambda _, args: residuals.append(args[0][0])))
    for block in blocks(model):
        hooks.append(
            block.register_forward_hook(
                lambda _, __, output: residuals.append((output[0] if isinstance(output, tuple) else output).squeeze(0))
            )
        )
        hooks.append(
            block.get_submodule(down).register_forward_pre_hook(
                lambda _, args: activations.append(args[0].reshape(len(ids), -1))
            )
        )
    output = model(torch.tensor([ids]), output_attentions=True)
    for hook in hooks:
        hook.remove()
    return {
        "logits": output.logits[0],
        "hiddenStates": torch.stack(residuals),
        "attention": torch.cat(output.attentions),
        "activations": torch.stack(activations),
    }


@torch.no_grad()
def lens(model: PreTrainedModel, ids: list[int], positions: list[int], hidden: torch.Tensor) -> dict[str, torch.Tensor]:
    """Each layer read as if it were the last: with the final norm everywhere, or as Ecco does, on the last layer only."""
    rows = hidden[1:, [position - 1 for position in positions]]  # [L, N, C]
    normed = final_norm(model)(rows)
    arrays = {}
    for name, states in {"final": normed, "none": torch.cat([rows[:-1], normed[-1:]])}.items():
        logits = head(model, states)  # [L, N, V]
        own = torch.tensor([ids[position] for position in positions])[None, :, None].expand(len(logits), -1, 1)
        arrays[f"layerLogits/{name}"] = logits[:, -1]
        arrays[f"rankings/{name}"] = 1 + (logits > logits.gather(-1, own)).sum(-1).to(torch.int32)
    return arrays


def gradient(model: PreTrainedModel, ids: list[int], scalar) -> tuple[torch.Tensor, torch.Tensor]:
    """The embeddings of tokens, and the gradient of a scalar of the logits [T, V] with respect to them."""
    embeddings = model.get_input_embeddings().weight[torch.tensor(ids)].detach().requires_grad_()
    value = scalar(model(inputs_embeds=embeddings[None]).logits[0])
    return embeddings.detach(), torch.autograd.grad(value, embeddings)[0]


def saliency(model: PreTrainedModel, ids: list[int], positions: list[int]) -> dict[str, torch.Tensor]:
    """The unnormalised score rows [N, T] of every definition."""
    arrays = {}
    for of, scalar in SCALARS.items():
        for n, position in enumerate(positions):
            x, g = gradient(model, ids[:position], lambda logits: scalar(logits[-1], ids[position]))
            for method, scores in {"gradientXInput": g * x, "gradient": g}.items():
                for reduce, reduction in REDUCTIONS.items():
                    name = f"saliency/{of}/{method}/{reduce}"
                    rows = arrays.setdefault(name, torch.zeros(len(positions), len(ids), dtype=x.dtype))
                    rows[n, :position] = reduction(scores)
    return arrays


def together(model: PreTrainedModel, ids: list[int], positions: list[int]) -> dict[str, torch.Tensor]:
    """LIT's two rows: the gradient of the summed cross-entropy of all targets."""

    def loss(logits: torch.Tensor) -> torch.Tensor:
        rows = [position - 1 for position in positions]
        targets = torch.tensor([ids[position] for position in positions])
        return torch.nn.functional.cross_entropy(logits[rows], targets, reduction="sum")

    x, g = gradient(model, ids, loss)
    return {
        "together/gradient/l2": g.norm(dim=-1)[None],
        "together/gradientXInput/sum": (g * x).sum(-1)[None],
    }


def captum_rows(model: PreTrainedModel, ids: list[int], positions: list[int]) -> torch.Tensor:
    """The log-probability rows by captum's layer attribution on the embeddings, as its LLM attribution computes them."""
    rows = torch.zeros(len(positions), len(ids), dtype=torch.float64)
    for n, position in enumerate(positions):
        method = LayerGradientXActivation(
            lambda tokens: model(tokens).logits[:, -1].log_softmax(-1)[:, ids[position]], model.get_input_embeddings()
        )
        rows[n, :position] = method.attribute(torch.tensor([ids[:position]]))[0].sum(-1)
    return rows.detach()


def compute(model: PreTrainedModel, ids: list[int], positions: list[int]) -> dict[str, torch.Tensor]:
    """Every array of one prompt, in the model's own precision."""
    arrays = trace(model, ids)
    arrays |= lens(model, ids, positions, arrays["hiddenStates"])
    return arrays | saliency(model, ids, positions) | together(model, ids, positions)


def check_ranks(name: str, single: torch.Tensor, double: torch.Tensor) -> None:
    """Ranks are integers: a near tie would make them depend on rounding."""
    assert torch.equal(single, double), f"{name} differs between float32 and float64; change the case's prompt"


def make_case(folder: Path, seed: int, producer: str, long: int = LONG) -> None:
    """Store one case's golden, after comparing it with float32 arithmetic and with captum."""
    name = folder.name
    single = load(folder)
    double = in_float64(single)
    random = np.random.default_rng(seed)
    stored, prompts, differences, from_captum = {}, {}, {}, 0.0
    for prompt, length in {"long": long, "single": SINGLE}.items():
        ids, margin = draw_prompt(double, length, random)
        assert continue_greedily(single, ids[:length])[0] == ids, (name, prompt, margin)
        positions = list(range(length, len(ids)))
        reference, rounded = compute(double, ids, positions), compute(single, ids, positions)
        ours = reference["saliency/logProb/gradientXInput/sum"]
        from_captum = max(from_captum, float((captum_rows(double, ids, positions) - ours).abs().max()))
        for array, values in reference.items():
            if array.startswith("rankings/"):
                check_ranks(f"{name}/{prompt}/{array}", rounded[array], values)
                stored[f"{prompt}/{array}"] = values.contiguous()
                continue
            stored[f"{prompt}/{array}"] = values.float().contiguous()
            differences[f"{prompt}/{array}"] = {
                "maxAbsDifference": float((rounded[array].double() - values).abs().max()),
                "maxAbs": float(values.abs().max()),
            }
        stored[f"{prompt}/tokenIds"] = torch.tensor(ids, dtype=torch.int32)
        stored[f"{prompt}/positions"] = torch.tensor(positions, dtype=torch.int32)
        prompts[prompt] = {
            "promptLength": length,
            "tokenIds": ids,
            "positions": positions,
            "smallestGreedyMargin": margin,
        }
    assert from_captum < 1e-12, (name, from_captum)
    save_file(stored, folder / "golden.safetensors")
    write_metadata(folder, producer, prompts, stored, differences, from_captum)


def write_metadata(
    folder: Path, producer: str, prompts: dict, stored: dict, differences: dict, from_captum: float
) -> None:
    """golden.json: what was run with what, and how exact it is."""
    metadata = {
        "case": folder.name,
        "producer": producer,
        "versions": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "captum": captum.__version__,
            "safetensors": safetensors.__version__,
        },
        "reference": "float64, rounded to float32",
        "captumMaxAbsDifference": from_captum,
        "prompts": prompts,
        "shapes": {array: list(values.shape) for array, values in sorted(stored.items())},
        "float32": dict(sorted(differences.items())),
    }
    (folder / "golden.json").write_text(json.dumps(metadata, indent=1) + "\n")
    array = max(differences, key=lambda array: differences[array]["maxAbsDifference"])
    off = differences[array]["maxAbsDifference"]
    print(f"{folder.name}: float32 off by at most {off:.1e} ({array}), captum {from_captum:.1e}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        make_case(GOLDENS / case.name, case.seed, "scripts/oracles/gpt2_goldens.py")
