"""Muon: momentum whose update is made orthogonal, for weight matrices. Pinned: torch==2.13.0.

After https://kellerjordan.github.io/posts/muon/, computed in float32 (faster than bfloat16 where this model was
trained) and on all matrices of one shape at once. Updates have the size that AdamW's would have, as in https://arxiv.org/abs/2502.16982.
"""

from collections import defaultdict

import torch
from torch import Tensor


def orthogonalized(stack: Tensor, iterations: int = 5) -> Tensor:
    """Near-orthogonal matrices with the singular vectors of those given, [matrix, row, column], by Newton-Schulz."""
    x = stack / (stack.norm(dim=(1, 2), keepdim=True) + 1e-7)
    is_tall = x.shape[1] > x.shape[2]
    x = x.mT if is_tall else x
    for _ in range(iterations):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.mT if is_tall else x


class Muon(torch.optim.Optimizer):
    """Parameters must be matrices. One whose rows are `split` matrices below one another is updated part by part."""

    def __init__(self, groups: list[dict], lr: float, weight_decay: float = 0.1, momentum: float = 0.95) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "split": 1})

    @torch.no_grad()
    def step(self) -> None:
        parts_of_shape = defaultdict(list)
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                average = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                update = parameter.grad.lerp(average, group["momentum"])
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                for part, direction in zip(parameter.chunk(group["split"]), update.chunk(group["split"])):
                    parts_of_shape[part.shape].append((part, direction, group["lr"]))
        for shape, parts in parts_of_shape.items():
            directions = orthogonalized(torch.stack([direction for _, direction, _ in parts]))
            for (part, _, rate), direction in zip(parts, directions):
                part.add_(direction, alpha=-rate * 0.2 * max(shape) ** 0.5)


def make_optimizers(model: torch.nn.Module, muon_peak: float, adam_peak: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for embeddings, biases and layer norms."""
    named = list(model.named_parameters())
    matrices = [(name, parameter) for name, parameter in named if name.startswith("h.") and parameter.dim() == 2]
    muon = Muon(
        [
            {"params": [parameter for name, parameter in matrices if "c_attn" in name], "split": 3},
            {"params": [parameter for name, parameter in matrices if "c_attn" not in name]},
        ],
        lr=muon_peak,
    )
    adam = torch.optim.AdamW(
        [
            {"params": [parameter for name, parameter in named if not name.startswith("h.") and parameter.dim() == 2]},
            {"params": [parameter for _, parameter in named if parameter.dim() == 1], "weight_decay": 0.0},
        ],
        lr=adam_peak, betas=(0.9, 0.95), weight_decay=0.1, fused=True,
    )
    return [muon, adam]
