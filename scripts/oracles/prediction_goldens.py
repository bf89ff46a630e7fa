"""What each half of each block of a model predicts, and how much each token surprises it.

Run:   .venv-oracle/bin/python scripts/oracles/prediction_goldens.py   (after gpt2_goldens.py, bundled_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 tuned-lens==0.2.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/gpt2/<case>/predictions.safetensors, predictions.json, and the same in tests/goldens/bundled

Everything is computed in float64 and rounded to float32, from the prompts and positions of golden.json: of the tiny
checkpoints, and of the bundled model, whose prompts are numbers. Arrays, under `<prompt>/`, with N explained positions,
T tokens, and D = 2L depths: after the attention of block 0, after block 0, ...

    lens/<norm>/logits                  F32 [D, V]     at the last explained position; not of the bundled model
    lens/<norm>/probabilities           F32 [D, N]     of the actual token
    lens/<norm>/entropies               F32 [D, N]     nats
    lens/<norm>/divergences             F32 [D, N]     KL(final || depth), nats
    next/<norm>/logits                  F32 [2, D, V]  after the first token, after all; not of the bundled model
    next/<norm>/entropies               F32 [2, D]     nats
    next/<norm>/divergences             F32 [2, D]     KL(final || depth), nats
    surprise/logProbs                   F32 [T-1]      of the tokens 1 to T-1
    surprise/entropies                  F32 [T-1]      nats
    surprise/ranks                      I32 [T-1]      1 = most likely
    surprise/alternatives               I32 [T-1, 5]   the likeliest tokens, best first
    surprise/perplexity                 F32 [1]        exp of the loss of transformers

    <norm>: final | none

The entropies and divergences of the blocks under norm "final" are compared with those of the tuned lens package,
`PredictionTrajectory.entropy` and `.forward_kl` of a `LogitLens`; predictions.json states the difference.
"""

import json
from importlib.metadata import version
from pathlib import Path

import torch
import transformers
from anatomy import anatomy, blocks, final_norm, head, in_float64, load
from bundled_goldens import MODEL, OUT as BUNDLED
from gpt2_checkpoints import CASES, GOLDENS
from gpt2_goldens import trace
from safetensors.torch import save_file
from transformers import PreTrainedModel
from tuned_lens.nn.lenses import LogitLens
from tuned_lens.plotting.prediction_trajectory import PredictionTrajectory

TOP_K = 5
LARGEST_STORED_VOCABULARY = 1000


@torch.no_grad()
def residual_stream(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    """The residual stream after each half of each block, [D, T, C]; in a parallel block, as if one came before the other."""
    added, hooks = [], []
    for block in blocks(model):
        attention = block.get_submodule(anatomy(model).attention)
        hooks.append(attention.register_forward_hook(lambda _, __, output: added.append(output[0].squeeze(0))))
    states = trace(model, ids)["hiddenStates"]
    for hook in hooks:
        hook.remove()
    halves = zip(states, added, states[1:], strict=False)
    return torch.stack([half for start, update, end in halves for half in (start + update, end)])


@torch.no_grad()
def look(model: PreTrainedModel, ids: list[int], rows: list[int]) -> dict[str, dict[str, torch.Tensor]]:
    """What each depth predicts after some tokens, for each norm."""
    states = residual_stream(model, ids)[:, rows]  # [D, N, C]
    normed = final_norm(model)(states)
    seen = {}
    for norm, states in {"final": normed, "none": torch.cat([states[:-1], normed[-1:]])}.items():
        logits = head(model, states)  # [D, N, V]
        log_p = logits.log_softmax(-1)
        seen[norm] = {
            "logits": logits,
            "logProbs": log_p,
            "entropies": torch.distributions.Categorical(logits=logits).entropy(),
            "divergences": torch.nn.functional.kl_div(
                log_p, log_p[-1:].expand_as(log_p), reduction="none", log_target=True
            ).sum(-1),
        }
    return seen


def lens(model: PreTrainedModel, ids: list[int], positions: list[int]) -> dict[str, torch.Tensor]:
    """What each depth says of the explained positions."""
    targets = torch.tensor([ids[position] for position in positions])
    arrays = {}
    for norm, seen in look(model, ids, [position - 1 for position in positions]).items():
        arrays |= {
            f"lens/{norm}/logits": seen["logits"][:, -1],
            f"lens/{norm}/probabilities": seen["logProbs"].exp()[:, range(len(positions)), targets],
            f"lens/{norm}/entropies": seen["entropies"],
            f"lens/{norm}/divergences": seen["divergences"],
        }
    return arrays


def next_token(model: PreTrainedModel, ids: list[int]) -> dict[str, torch.Tensor]:
    """What each depth predicts after a text of one token, and after the whole text."""
    one, whole = look(model, ids[:1], [0]), look(model, ids, [len(ids) - 1])
    return {
        f"next/{norm}/{array}": torch.stack([one[norm][array][:, 0], whole[norm][array][:, 0]])
        for norm in one
        for array in ("logits", "entropies", "divergences")
    }


@torch.no_grad()
def surprise(model: PreTrainedModel, ids: list[int]) -> dict[str, torch.Tensor]:
    """What the model expected at each position but the first."""
    tokens = torch.tensor([ids])
    output = model(tokens, labels=tokens)
    logits, own = output.logits[0, :-1], tokens[0, 1:, None]
    return {
        "surprise/logProbs": logits.log_softmax(-1).gather(-1, own)[:, 0],
        "surprise/entropies": torch.distributions.Categorical(logits=logits).entropy(),
        "surprise/ranks": 1 + (logits > logits.gather(-1, own)).sum(-1).int(),
        "surprise/alternatives": logits.topk(TOP_K).indices.int(),
        "surprise/perplexity": output.loss.exp()[None],
    }


def logit_lens(model: PreTrainedModel) -> LogitLens | None:
    """The tuned lens package's own lens, where it knows the family, and that the head reads what the blocks write."""
    if model.get_output_embeddings().in_features != model.config.hidden_size:
        return None
    try:
        return LogitLens.from_model(model)
    except NotImplementedError:
        return None


def from_tuned_lens(lens: LogitLens, model: PreTrainedModel, ids: list[int], positions: list[int], ours: dict) -> float:
    """How far the blocks are from what the tuned lens package says of them; its first layer is the embeddings."""
    trajectory = PredictionTrajectory.from_lens_and_model(lens, model, ids)
    rows = [position - 1 for position in positions]
    theirs = {"entropies": trajectory.entropy(), "divergences": trajectory.forward_kl()}
    return max(
        float((torch.from_numpy(found.stats)[1:, rows] - ours[f"lens/final/{name}"][1::2]).abs().max())
        for name, found in theirs.items()
    )


def store(
    folder: Path,
    name: str,
    model: PreTrainedModel,
    prompts: dict[str, tuple[list[int], list[int]]],
    producer: str = "scripts/oracles/prediction_goldens.py",
) -> None:
    """Write the arrays of all prompts, each its ids and the explained positions."""
    stored, theirs = {}, logit_lens(model)
    off = None if theirs is None else 0.0
    for prompt, (ids, positions) in prompts.items():
        arrays = lens(model, ids, positions)
        if theirs is not None:
            off = max(off, from_tuned_lens(theirs, model, ids, positions, arrays))
        for array, values in (arrays | next_token(model, ids) | surprise(model, ids)).items():
            if array.endswith("/logits") and model.config.vocab_size > LARGEST_STORED_VOCABULARY:
                continue
            exact = values.dtype == torch.int32
            stored[f"{prompt}/{array}"] = (values if exact else values.float()).contiguous()
    assert off is None or off < 1e-12, (name, off)
    save_file(stored, folder / "predictions.safetensors")
    metadata = {
        "case": name,
        "producer": producer,
        "versions": {package: version(package) for package in ("torch", "transformers", "tuned-lens")},
        "reference": "float64, rounded to float32",
        "tunedLensMaxAbsDifference": off,
        "shapes": {array: list(values.shape) for array, values in sorted(stored.items())},
        "maxAbs": {array: float(values.abs().max()) for array, values in sorted(stored.items())},
    }
    (folder / "predictions.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{name}: tuned lens {off}")


def tiny(folder: Path, **more) -> None:
    """Store one tiny checkpoint's golden."""
    prompts = json.loads((folder / "golden.json").read_text())["prompts"]
    asked = {prompt: (record["tokenIds"], record["positions"]) for prompt, record in prompts.items()}
    store(folder, folder.name, in_float64(load(folder)), asked, **more)


def bundled() -> None:
    """Store the golden of the bundled model."""
    prompts = json.loads((BUNDLED / "golden.json").read_text())["prompts"]
    asked = {}
    for number, record in enumerate(prompts):
        ids, length = record["tokenIds"], len(record["promptIds"])
        asked[str(number)] = (ids, list(range(length, len(ids))))
    store(BUNDLED, "bundled", in_float64(load(MODEL)), asked)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        tiny(GOLDENS / case.name)
    bundled()
