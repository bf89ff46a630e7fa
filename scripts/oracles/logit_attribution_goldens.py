"""Take logits of the tiny checkpoints apart with PyTorch, and read the circuits of a head and what a neuron writes.

Run:   .venv-oracle/bin/python scripts/oracles/logit_attribution_goldens.py   (after gpt2_goldens.py, family_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/<family>/<case>/logit_attribution.safetensors, logit_attribution.json

Everything is computed in float64 and rounded to float32, from the tokens `long` of golden.json. Hooks record what enters
and leaves the linear layers; then each part's vector in the residual stream, [C], is made and passed through the final
norm, whose scale is held, and the unembedding, forwards. Arrays, under `next/` (the likeliest next token) and `contrast/`
(the token at `position`, less CONTRAST), with L layers, H heads, I neurons and T' tokens before the position:

    logit              F32 [1]         the model's own logit, or the difference of two
    embedding          F32 [1]
    positionEmbedding  F32 [1]         only where positions are embedded
    heads              F32 [L, H]      z of one head times its columns of the output matrix
    attentionBiases    F32 [L]
    mlps               F32 [L]         the output of the MLP, bias included
    neurons            F32 [L, I]
    tokens             F32 [L, H, T']  attention times value, times the head's columns of the output matrix
    bias               F32 [1]         the bias of the final norm times the unembedding

Of head HEAD of the last layer, by the definition of TransformerLens's full circuits (W_E W_Q W_K^T W_E^T and
W_E W_V W_O W_U) on the weights as they are, biases and norms left out, not divided by the root of D:

    qk                 F32 [V, V]      rows: the token that looks; columns: the one that is looked at; every seventh of each
    ov                 F32 [V]         what FROM writes to the logits
    neuron             F32 [V]         what neuron NEURON of the last layer writes, through the final norm but for its scale
"""

import json

import torch
import transformers
from anatomy import anatomy, blocks, final_norm, in_float64, load
from family_checkpoints import CASES as FAMILY_CASES
from gpt2_checkpoints import CASES as GPT2_CASES
from gpt2_goldens import GOLDENS
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, PreTrainedModel

CONTRAST, HEAD, FROM, NEURON, STRIDE = 11, 1, 5, 3, 7
OUTPUT = {"gpt2": "attn.c_proj", "gpt_neox": "attention.dense", "opt": "self_attn.out_proj"}


def output_layer(model: PreTrainedModel, block: torch.nn.Module) -> torch.nn.Module:
    """The layer that adds what the heads found."""
    return block.get_submodule(OUTPUT.get(model.config.model_type, "self_attn.o_proj"))


def matrix(layer: torch.nn.Module) -> torch.Tensor:
    """The matrix of a linear layer as [in, out]."""
    weight = layer.weight.detach()
    return weight if type(layer).__name__ == "Conv1D" else weight.T


def projections(model: PreTrainedModel, block: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The matrices of queries, keys and values of each head of queries, [H, C, D]."""
    kind, heads = model.config.model_type, model.config.num_attention_heads
    if kind == "gpt2":
        parts = matrix(block.attn.c_attn).chunk(3, dim=1)
    elif kind == "gpt_neox":
        fused = matrix(block.attention.query_key_value)
        parts = [part.flatten(1) for part in fused.unflatten(1, (heads, 3, -1)).unbind(2)]
    else:
        parts = [matrix(getattr(block.self_attn, name)) for name in ("q_proj", "k_proj", "v_proj")]
    size = parts[0].shape[1] // heads

    def by_head(part: torch.Tensor) -> torch.Tensor:
        own = part.unflatten(1, (-1, size)).transpose(0, 1)
        return own.repeat_interleave(heads // own.shape[0], dim=0)

    return dict(zip("qkv", map(by_head, parts)))


@torch.no_grad()
def record(model: PreTrainedModel, ids: list[int]) -> dict:
    """What the linear layers get at the last token, the embeddings, the final residual, attention and logits."""
    seen: dict = {"z": [], "neurons": [], "mlp": [], "input": []}
    handles = []

    def on(module, hook, before=True):
        register = module.register_forward_pre_hook if before else module.register_forward_hook
        handles.append(register(hook))

    for block in blocks(model):
        down = block.get_submodule(anatomy(model).down)
        on(output_layer(model, block), lambda _, args: seen["z"].append(args[0].reshape(-1, args[0].shape[-1])[-1]))
        on(down, lambda _, args: seen["neurons"].append(args[0].reshape(-1, args[0].shape[-1])[-1]))
        on(down, lambda _, args, out: seen["mlp"].append(out.reshape(-1, out.shape[-1])[-1]), before=False)
        first = {"gpt2": "ln_1", "opt": "self_attn_layer_norm"}.get(model.config.model_type, "input_layernorm")
        on(block.get_submodule(first), lambda _, args, out: seen["input"].append(out[0]), before=False)
    on(final_norm(model), lambda _, args: seen.update(residual=args[0].reshape(-1, args[0].shape[-1])[-1]))
    out = model(torch.tensor([ids]), output_attentions=True)
    for handle in handles:
        handle.remove()
    return seen | {"attention": [layer[0, :, -1] for layer in out.attentions], "logits": out.logits[0, -1]}


def embeddings(model: PreTrainedModel, token: int, row: int) -> dict[str, torch.Tensor]:
    """The vectors of a token and its place."""
    found = {"embedding": model.get_input_embeddings().weight[token]}
    if model.config.model_type == "gpt2":
        found["positionEmbedding"] = model.transformer.wpe.weight[row]
    if model.config.model_type == "opt":
        table = model.model.decoder.embed_positions
        found["positionEmbedding"] = table.weight[row + table.offset]
    return {name: vector.detach() for name, vector in found.items()}


def is_layer_norm(model: PreTrainedModel) -> bool:
    """Whether the final norm takes the mean away."""
    return isinstance(final_norm(model), torch.nn.LayerNorm)


def value_biases(model: PreTrainedModel, block: torch.nn.Module, shape: torch.Size) -> torch.Tensor:
    """What is added to the values of each head of queries, [H, D]."""
    heads, size = shape
    kind = model.config.model_type
    if kind == "gpt2":
        own = block.attn.c_attn.bias.chunk(3)[2].unflatten(0, (heads, size))
    elif kind == "gpt_neox":
        fused = block.attention.query_key_value.bias
        own = None if fused is None else fused.unflatten(0, (heads, 3, size))[:, 2]
    else:
        bias = block.self_attn.v_proj.bias
        own = None if bias is None else bias.unflatten(0, (-1, size))
    if own is None:
        return torch.zeros(shape, dtype=torch.float64)
    return own.detach().repeat_interleave(heads // own.shape[0], dim=0)


@torch.no_grad()
def attribution(model: PreTrainedModel, ids: list[int], target: int | None, contrast: int | None) -> dict:
    """Every part of the logit that follows some tokens."""
    seen = record(model, ids)
    target = int(seen["logits"].argmax()) if target is None else target
    unembedding = model.get_output_embeddings().weight
    u = unembedding[target] - (0 if contrast is None else unembedding[contrast])
    norm, x = final_norm(model), seen["residual"]
    epsilon = getattr(norm, "eps", None) or getattr(norm, "variance_epsilon", 0.0)
    centred = x - x.mean() if is_layer_norm(model) else x
    sigma = (centred.pow(2).mean() + epsilon).sqrt()

    def give(vectors: torch.Tensor) -> torch.Tensor:
        moved = vectors - vectors.mean(-1, keepdim=True) if is_layer_norm(model) else vectors
        return (moved / sigma * norm.weight) @ u

    heads = model.config.num_attention_heads
    arrays: dict = {"heads": [], "attentionBiases": [], "mlps": [], "neurons": [], "tokens": []}
    for i, block in enumerate(blocks(model)):
        layer, down = output_layer(model, block), block.get_submodule(anatomy(model).down)
        by_head = matrix(layer).unflatten(0, (heads, -1))  # [H, D, C]
        arrays["heads"].append(give(torch.einsum("hd,hdc->hc", seen["z"][i].unflatten(0, (heads, -1)), by_head)))
        values = torch.einsum("tc,hcd->htd", seen["input"][i], projections(model, block)["v"])
        values = values + value_biases(model, block, by_head.shape[:2])[:, None]
        looked = torch.einsum("ht,htd,hdc->htc", seen["attention"][i], values, by_head)
        arrays["tokens"].append(give(looked))
        assert torch.allclose(arrays["tokens"][-1].sum(-1), arrays["heads"][-1], atol=1e-9)
        arrays["attentionBiases"].append(give(torch.zeros(len(x)).double() if layer.bias is None else layer.bias))
        arrays["mlps"].append(give(seen["mlp"][i]))
        arrays["neurons"].append(give(seen["neurons"][i][:, None] * matrix(down)))
    found = {name: torch.stack(parts) for name, parts in arrays.items()}
    found |= {name: give(vector)[None] for name, vector in embeddings(model, ids[-1], len(ids) - 1).items()}
    bias = norm.bias @ u if is_layer_norm(model) else torch.zeros(()).double()
    logit = seen["logits"][target] - (0 if contrast is None else seen["logits"][contrast])
    found |= {"bias": bias[None], "logit": logit[None]}
    whole = sum(found[name].sum() for name in found if name not in ("neurons", "tokens", "logit"))
    assert abs(whole - logit) < 1e-9, (whole, logit)
    return {"target": target, "arrays": found}


@torch.no_grad()
def circuits(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The circuits of a head, and what a neuron writes."""
    block = blocks(model)[-1]
    embedding, unembedding = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    q, k, v = (projections(model, block)[name][HEAD] for name in "qkv")
    out = matrix(output_layer(model, block)).unflatten(0, (model.config.num_attention_heads, -1))[HEAD]
    written = matrix(block.get_submodule(anatomy(model).down))[NEURON]
    moved = written - written.mean() if is_layer_norm(model) else written
    qk = (embedding @ q) @ (embedding @ k).T
    return {
        "qk": qk[::STRIDE, ::STRIDE],
        "ov": unembedding @ (out.T @ (v.T @ embedding[FROM])),
        "neuron": unembedding @ (moved * final_norm(model).weight),
    }


def make_case(name: str) -> None:
    """Store one checkpoint's golden."""
    folder = GOLDENS.parent / name
    model = in_float64(load(folder))
    ids = json.loads((folder / "golden.json").read_text())["prompts"]["long"]["tokenIds"]
    position = len(ids) // 2
    questions = {
        "next": (ids, None, None),
        "contrast": (ids[:position], ids[position], CONTRAST),
    }
    stored, targets = circuits(model), {}
    for question, (given, target, contrast) in questions.items():
        answer = attribution(model, given, target, contrast)
        targets[question] = answer["target"]
        stored |= {f"{question}/{array}": values for array, values in answer["arrays"].items()}
    stored = {array: values.detach().float().contiguous() for array, values in stored.items()}
    save_file(stored, folder / "logit_attribution.safetensors")
    metadata = {
        "case": name,
        "producer": "scripts/oracles/logit_attribution_goldens.py",
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "reference": "float64, rounded to float32",
        "position": position,
        "targets": targets,
        "contrast": CONTRAST,
        "circuit": {"head": HEAD, "from": FROM, "neuron": NEURON, "stride": STRIDE},
        "shapes": {array: list(values.shape) for array, values in sorted(stored.items())},
        "maxAbs": {array: float(values.abs().max()) for array, values in sorted(stored.items())},
    }
    (folder / "logit_attribution.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{name}: {len(stored)} arrays")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    names = [f"gpt2/{case.name}" for case in GPT2_CASES]
    names += [
        f"{case.family}/{case.name}"
        for case in FAMILY_CASES
        if case.kind is AutoModelForCausalLM and case.name != "projected"
    ]
    for name in names:
        make_case(name)
