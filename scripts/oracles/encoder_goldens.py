"""Run the tiny checkpoints of BERT and its kin through transformers, and store what the library has to reproduce.

Run:   .venv-oracle/bin/python scripts/oracles/encoder_goldens.py   (after family_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/bert/<case>/golden.safetensors, golden.json

As in gpt2_goldens.py, numbers are computed in float64 and rounded to float32, and golden.json states how far float32
arithmetic is from them. Texts are random ids, without special tokens: `long` (13 tokens) and `single` (1), and `pair`,
in which the last 6 of 13 tokens are of the second type, for those that have two types. Arrays are `<text>/<array>`:

    tokenIds, tokenTypes                    I32 [T]
    positions                               I32 [N]            the tokens that are masked one at a time
    hiddenStates                            F32 [L+1, T, C]    the first entry are the normalised embeddings
    attention                               F32 [L, H, T, T]
    activations                             F32 [L, T, inner]  input of the feed-forward network's last matrix
    embedding/mean, embedding/cls           F32 [C]            of the last hidden states; of the first token
    embedding/pooled                        F32 [C]            where there is a pooler
    class/<pool>/<of>/<method>/<reduce>     F32 [K, T]         of each class of the head, softmax(weight x pool + bias)
    logits                                  F32 [T, V]         where there is a masked-language head; so are:
    masked/logits                           F32 [N, V]         at each position when it is masked
    saliency/<of>/<method>/<reduce>         F32 [N, T]         of the actual token there; columns on both sides

    <pool>: mean | cls    <of>: probability | logProb | logit
    <method>: gradientXInput | gradient    <reduce>: l2 | sum

Gradients are with respect to the word embeddings of the input, [MASK]'s included. Without a prefix:

    head/weight, head/bias                  F32 [K, C], [K]    a random classifier
    batch/mean, batch/cls                   F32 [B, C]         of the texts `batch` of golden.json, padded together

golden.json also says which id is [MASK], `maskTokenId`.
"""

import json

import numpy as np
import torch
import transformers
from anatomy import in_float64, load
from family_checkpoints import CASES, VOCABULARY, Case
from gpt2_goldens import REDUCTIONS, SCALARS
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, PreTrainedModel

LENGTHS = {"long": 13, "single": 1, "pair": 13}
SECOND = 6
BATCH = (1, 2, 7, 20, 36)
MASK, FIRST_WORD = 3, 4
CLASSES = 3
DOWN = {"bert": "output.dense", "roberta": "output.dense", "distilbert": "ffn.lin2"}


def layers(model: PreTrainedModel):
    """The blocks of the encoder."""
    base = model.base_model
    return base.transformer.layer if model.config.model_type == "distilbert" else base.encoder.layer


def typed(model: PreTrainedModel, types: list[int]) -> dict[str, torch.Tensor]:
    """The types of tokens as an argument, for those who take any."""
    return {} if model.config.model_type == "distilbert" else {"token_type_ids": torch.tensor([types])}


@torch.no_grad()
def trace(model: PreTrainedModel, ids: list[int], types: list[int]) -> dict[str, torch.Tensor]:
    """What the model computes on the way."""
    activations, hooks = [], []
    for layer in layers(model):
        down = layer.get_submodule(DOWN[model.config.model_type])
        hooks.append(down.register_forward_pre_hook(lambda _, args: activations.append(args[0][0])))
    told = {"output_hidden_states": True, "output_attentions": True}
    output = model(torch.tensor([ids]), **typed(model, types), **told)
    for hook in hooks:
        hook.remove()
    hidden = torch.cat(output.hidden_states)
    arrays = {
        "hiddenStates": hidden,
        "attention": torch.cat(output.attentions),
        "activations": torch.stack(activations),
        "embedding/mean": hidden[-1].mean(0),
        "embedding/cls": hidden[-1, 0],
    }
    if has_head(model):
        arrays["logits"] = output.logits[0]
    elif output.get("pooler_output") is not None:
        arrays["embedding/pooled"] = output.pooler_output[0]
    return arrays


def has_head(model: PreTrainedModel) -> bool:
    """Whether it predicts masked tokens."""
    return model.base_model is not model


def scores(model: PreTrainedModel, ids: list[int], read) -> dict[str, torch.Tensor]:
    """Rows [T] of every method and reduction, for a scalar that is read when embeddings are run."""
    x = model.get_input_embeddings().weight[torch.tensor(ids)].detach().requires_grad_()
    g = torch.autograd.grad(read(x[None]), x)[0]
    return {
        f"{method}/{reduce}": reduction(values)
        for method, values in {"gradientXInput": g * x.detach(), "gradient": g}.items()
        for reduce, reduction in REDUCTIONS.items()
    }


def stacked(rows: list[dict[str, torch.Tensor]], prefix: str) -> dict[str, torch.Tensor]:
    """Rows of the same names one under another."""
    return {f"{prefix}/{name}": torch.stack([row[name] for row in rows]) for name in rows[0]}


def of_classes(model: PreTrainedModel, ids: list[int], types: list[int], head: dict) -> dict[str, torch.Tensor]:
    """The saliency of every class of the head."""
    weight, bias = (head[name].to(model.dtype) for name in ("weight", "bias"))
    pools = {"mean": lambda hidden: hidden.mean(0), "cls": lambda hidden: hidden[0]}
    arrays = {}
    for pool, pooled in pools.items():
        for of, scalar in SCALARS.items():

            def read(x: torch.Tensor, number: int) -> torch.Tensor:
                hidden = model.base_model(inputs_embeds=x, **typed(model, types)).last_hidden_state[0]
                return scalar(weight @ pooled(hidden) + bias, number)

            rows = [scores(model, ids, lambda x: read(x, number)) for number in range(CLASSES)]
            arrays |= stacked(rows, f"class/{pool}/{of}")
    return arrays


def of_masked(model: PreTrainedModel, ids: list[int], types: list[int], positions: list[int]) -> dict[str, torch.Tensor]:
    """What is predicted where a token is masked, and why."""
    masked = [[MASK if at == position else own for at, own in enumerate(ids)] for position in positions]

    def run(position: int, **given) -> torch.Tensor:
        return model(**given, **typed(model, types)).logits[0, position]

    with torch.no_grad():
        logits = [run(position, input_ids=torch.tensor([row])) for position, row in zip(positions, masked)]
    arrays = {"masked/logits": torch.stack(logits)}
    for of, scalar in SCALARS.items():
        rows = [
            scores(model, row, lambda x: scalar(run(position, inputs_embeds=x), ids[position]))
            for position, row in zip(positions, masked)
        ]
        arrays |= stacked(rows, f"saliency/{of}")
    return arrays


@torch.no_grad()
def of_batch(model: PreTrainedModel, texts: list[list[int]]) -> dict[str, torch.Tensor]:
    """Embeddings of texts that are padded together, which are those of each by itself."""
    longest, pad = max(map(len, texts)), model.config.pad_token_id
    ids = torch.tensor([text + [pad] * (longest - len(text)) for text in texts])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts])
    hidden = model.base_model(ids, attention_mask=mask).last_hidden_state
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    alone = torch.stack([model.base_model(torch.tensor([text])).last_hidden_state[0].mean(0) for text in texts])
    assert float((mean - alone).abs().max()) < (1e-5 if model.dtype == torch.float32 else 1e-12)
    return {"batch/mean": mean, "batch/cls": hidden[:, 0]}


def compute(model: PreTrainedModel, texts: dict[str, dict], batch: list[list[int]], head: dict) -> dict[str, torch.Tensor]:
    """Every array, in the model's own precision."""
    arrays = of_batch(model, batch)
    for name, text in texts.items():
        ids, types, positions = text["tokenIds"], text["tokenTypes"], text["positions"]
        found = trace(model, ids, types) | of_classes(model, ids, types, head)
        if has_head(model):
            found |= of_masked(model, ids, types, positions)
        arrays |= {f"{name}/{array}": values for array, values in found.items()}
    return arrays


def draw_texts(model: PreTrainedModel, random: np.random.Generator) -> dict[str, dict]:
    """Random texts; ids below FIRST_WORD are padding, the mask and the like."""
    texts = {}
    for name, length in LENGTHS.items():
        if name == "pair" and getattr(model.config, "type_vocab_size", 1) < 2:
            continue
        second = SECOND if name == "pair" else 0
        texts[name] = {
            "promptLength": length,
            "tokenIds": random.integers(FIRST_WORD, VOCABULARY, length).tolist(),
            "tokenTypes": [0] * (length - second) + [1] * second,
            "positions": sorted({0, length // 3, length // 2, length - 1}),
        }
    return texts


def make_case(case: Case) -> None:
    """Store one case's golden, after comparing it with float32 arithmetic."""
    single = load(case.folder, case.kind)
    double = in_float64(single)
    random = np.random.default_rng(case.seed)
    texts = draw_texts(single, random)
    batch = [random.integers(FIRST_WORD, VOCABULARY, length).tolist() for length in BATCH]
    width = single.get_input_embeddings().weight.shape[1]
    head = {"weight": random.normal(0, 0.5, (CLASSES, width)), "bias": random.normal(0, 0.5, CLASSES)}
    head = {name: torch.from_numpy(values).float() for name, values in head.items()}
    reference, rounded = compute(double, texts, batch, head), compute(single, texts, batch, head)
    stored = {name: values.float().contiguous() for name, values in reference.items()}
    differences = {
        name: {
            "maxAbsDifference": float((rounded[name].double() - values).abs().max()),
            "maxAbs": float(values.abs().max()),
        }
        for name, values in sorted(reference.items())
    }
    stored |= {f"head/{name}": values for name, values in head.items()}
    for name, text in texts.items():
        for array in ("tokenIds", "tokenTypes", "positions"):
            stored[f"{name}/{array}"] = torch.tensor(text[array], dtype=torch.int32)
    save_file(stored, case.folder / "golden.safetensors")
    metadata = {
        "case": case.name,
        "producer": "scripts/oracles/encoder_goldens.py",
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "reference": "float64, rounded to float32",
        "maskTokenId": MASK,
        "prompts": {name: text for name, text in texts.items() if name != "pair"},
        "pair": texts.get("pair"),
        "batch": batch,
        "shapes": {name: list(values.shape) for name, values in sorted(stored.items())},
        "float32": differences,
    }
    (case.folder / "golden.json").write_text(json.dumps(metadata, indent=1) + "\n")
    off = max(value["maxAbsDifference"] / max(1, value["maxAbs"]) for value in differences.values())
    sharp = stored["long/attention"].max(-1).values.mean()
    score = stored["long/class/mean/logit/gradientXInput/sum"].abs().max()
    assert off < 5e-6 and sharp > 0.2 and score > 0.1, (case.name, off, sharp, score)
    print(f"{case.name}: rounding {off:.1e}, largest weight {sharp:.2f} on average, largest score {score:.2f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        if case.kind is not AutoModelForCausalLM:
            make_case(case)
