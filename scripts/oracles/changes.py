"""Change what is inside a model of transformers, by forward hooks: what `model.with(changes)` is held to.

Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)

Places have the names of TransformerLens's hooks, as the library has them. Each is the input or the output of a module;
in a block whose norms come first, the stream between attention and MLP is the output of the attention's last matrix plus
what enters the block. A pattern is what softmax gives while an attention runs.
"""

from contextlib import ExitStack
from dataclasses import dataclass

import torch
from anatomy import anatomy, blocks, final_norm
from encoder_goldens import DOWN, layers
from torch import nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

# The last matrix of the attention, within a block.
PROJECTION = {
    "gpt2": "attn.c_proj",
    "llama": "self_attn.o_proj",
    "mistral": "self_attn.o_proj",
    "qwen2": "self_attn.o_proj",
    "gpt_neox": "attention.dense",
    "opt": "self_attn.out_proj",
}
SOFTMAX = (torch.nn.functional.softmax, torch.softmax, torch.Tensor.softmax)


@dataclass(frozen=True)
class Place:
    """Where a row for each token is: what enters or leaves a module, times `factor`, plus what is at `plus`."""

    module: nn.Module
    leaves: bool
    factor: float = 1.0
    plus: str | None = None


@dataclass(frozen=True)
class Places:
    """All places of a model in the order in which they are computed, its attentions, and the heads of each stack."""

    rows: dict[str, Place]
    patterns: dict[str, nn.Module]
    heads: dict[str, int]


def enters(module: nn.Module) -> Place:
    return Place(module, leaves=False)


def leaves(module: nn.Module, **more) -> Place:
    return Place(module, leaves=True, **more)


def decoder_places(model: PreTrainedModel) -> Places:
    """Those of models that write, without an encoder."""
    names, stack = anatomy(model), blocks(model)
    rows, patterns = {"embed": leaves(model.get_input_embeddings())}, {}
    for i, block in enumerate(stack):
        projection = block.get_submodule(PROJECTION[model.config.model_type])
        down = block.get_submodule(names.down)
        patterns[f"pattern.{i}"] = block.get_submodule(names.attention)
        rows |= {
            f"resid.{i}": enters(block),
            f"z.{i}": enters(projection),
            f"attn_out.{i}": leaves(projection),
            f"resid_mid.{i}": leaves(projection, plus=f"resid.{i}"),
            f"neurons.{i}": enters(down),
            f"mlp_out.{i}": leaves(down),
        }
    rows[f"resid.{len(stack)}"] = enters(final_norm(model))
    return Places(rows, patterns, {"": model.config.num_attention_heads})


def encoder_places(model: PreTrainedModel) -> Places:
    """Those of BERT."""
    stack = layers(model)
    rows, patterns = {"embed": leaves(model.get_input_embeddings())}, {}
    for i, block in enumerate(stack):
        down = block.get_submodule(DOWN[model.config.model_type])
        patterns[f"pattern.{i}"] = block.attention.self
        rows |= {
            f"resid.{i}": enters(block),
            f"z.{i}": enters(block.attention.output.dense),
            f"attn_out.{i}": leaves(block.attention.output.dense),
            f"resid_mid.{i}": leaves(block.attention.output),
            f"neurons.{i}": enters(down),
            f"mlp_out.{i}": leaves(down),
        }
    rows[f"resid.{len(stack)}"] = leaves(stack[-1])
    return Places(rows, patterns, {"": model.config.num_attention_heads})


def two_stack_places(model: PreTrainedModel) -> Places:
    """Those of BART and Marian, which scales embeddings after their module."""
    config, rows, patterns = model.config, {}, {}
    late = config.model_type == "marian" and config.scale_embedding
    factor = config.d_model**0.5 if late else 1.0
    for prefix, stack in (("source_", model.model.encoder), ("", model.model.decoder)):
        rows[f"{prefix}embed"] = leaves(stack.embed_tokens, factor=factor)
        for i, block in enumerate(stack.layers):
            patterns[f"{prefix}pattern.{i}"] = block.self_attn
            rows |= {
                f"{prefix}resid.{i}": enters(block),
                f"{prefix}z.{i}": enters(block.self_attn.out_proj),
                f"{prefix}attn_out.{i}": leaves(block.self_attn.out_proj),
                f"{prefix}resid_mid.{i}": leaves(block.self_attn_layer_norm),
            }
            if prefix == "":
                rows |= {
                    f"cross_z.{i}": enters(block.encoder_attn.out_proj),
                    f"cross_out.{i}": leaves(block.encoder_attn.out_proj),
                    f"resid_cross.{i}": leaves(block.encoder_attn_layer_norm),
                }
            rows |= {
                f"{prefix}neurons.{i}": enters(block.fc2),
                f"{prefix}mlp_out.{i}": leaves(block.fc2),
            }
        rows[f"{prefix}resid.{len(stack.layers)}"] = leaves(stack.layers[-1])
    own = config.decoder_attention_heads
    return Places(rows, patterns, {"": own, "cross_": own, "source_": config.encoder_attention_heads})


def places(model: PreTrainedModel) -> Places:
    """The places of a model."""
    if model.config.is_encoder_decoder:
        return two_stack_places(model)
    return encoder_places(model) if model.config.model_type in DOWN else decoder_places(model)


class Changed(TorchFunctionMode):
    """A model with changes while it is entered, and what was seen at its places in the last run."""

    def __init__(self, model: PreTrainedModel, changes: list[dict], from_embeddings: bool = False):
        super().__init__()
        self.places = places(model)
        self.changes = changes
        for change in changes:
            assert change["site"] in self.places.rows or change["site"] in self.places.patterns, change["site"]
        # Whether gradients are taken with respect to what is at `embed`, changed.
        self.from_embeddings = from_embeddings
        self.seen: dict[str, torch.Tensor] = {}
        self.attending: str | None = None
        self.hooks = ExitStack()

    def __enter__(self):
        for site, place in self.places.rows.items():
            self._hook(site, place)
        for site, module in self.places.patterns.items():

            def begin(*_, site=site):
                self.attending = site

            def end(*_):
                self.attending = None

            self.hooks.enter_context(module.register_forward_pre_hook(begin))
            self.hooks.enter_context(module.register_forward_hook(end))
        return super().__enter__()

    def __exit__(self, *error):
        self.hooks.close()
        return super().__exit__(*error)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if self.attending is None or function not in SOFTMAX:
            return result
        site, heads = self.attending, result.squeeze(0)
        for change in self._of(site):
            heads = with_rows(heads, change)
        self.seen[site] = heads
        return heads[None]

    def _of(self, site: str) -> list[dict]:
        return [change for change in self.changes if change["site"] == site]

    def _hook(self, site: str, place: Place) -> None:
        def replaced(value: torch.Tensor) -> torch.Tensor:
            base = 0 if place.plus is None else self.seen[place.plus].reshape(value.shape)
            there = (value * place.factor + base).reshape(-1, value.shape[-1])
            for change in self._of(site):
                there = changed(there, change, self._unit(site, there.shape[1]))
            if self.from_embeddings and site in ("embed", "source_embed"):
                there = there.detach().requires_grad_()
            self.seen[site] = there
            return (there.reshape(value.shape) - base) / place.factor

        def before(_, args, kwargs):
            if args:
                return (replaced(args[0]), *args[1:]), kwargs
            return args, kwargs | {"hidden_states": replaced(kwargs["hidden_states"])}

        def after(_, __, output):
            if isinstance(output, tuple):
                return (replaced(output[0]), *output[1:])
            return replaced(output)

        if place.leaves:
            self.hooks.enter_context(place.module.register_forward_hook(after))
        else:
            self.hooks.enter_context(place.module.register_forward_pre_hook(before, with_kwargs=True))

    def _unit(self, site: str, width: int) -> int:
        """How many numbers one head or neuron has."""
        prefix, found, _ = site.partition("z.")
        return width // self.places.heads[prefix] if found else 1


def changed(x: torch.Tensor, change: dict, unit: int) -> torch.Tensor:
    """Rows [T, W] after a change of some units, at some positions."""
    T, W = x.shape
    units = change.get("heads", change.get("neurons", range(W // unit)))
    columns = torch.tensor([u * unit + i for u in units for i in range(unit)])
    positions = change.get("positions", range(T))
    kind = next(kind for kind in ("scale", "add", "set") if kind in change)
    numbers = torch.as_tensor(change[kind], dtype=torch.float32).to(x.dtype)
    numbers = numbers.reshape(-1) if kind == "scale" else numbers.reshape(-1, len(columns))
    rows = list(x.unbind(0))
    for k, position in enumerate(positions):
        if position >= T:
            continue
        own = numbers[k if len(numbers) > 1 else 0]
        before = rows[position][columns]
        after = {"scale": lambda: before * own, "add": lambda: before + own, "set": lambda: own}[kind]()
        rows[position] = rows[position].index_copy(0, columns, after.expand(len(columns)))
    return torch.stack(rows)


def with_rows(pattern: torch.Tensor, change: dict) -> torch.Tensor:
    """A pattern [H, T, S], some of whose rows are given."""
    H, T, S = pattern.shape
    heads = change.get("heads", range(H))
    given = torch.as_tensor(change["set"], dtype=torch.float32).to(pattern.dtype)
    result = pattern.clone()
    for k, head in enumerate(heads):
        rows = given[k] if given.dim() == 3 else given
        for query in change.get("positions", range(len(rows))):
            if query < min(T, len(rows)):
                row = torch.zeros(S, dtype=pattern.dtype)
                row[: len(rows)] = rows[query, :S]
                result[head, query] = row
    return result
