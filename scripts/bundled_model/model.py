"""GPT-2 in PyTorch, as small as training it needs. Pinned: torch==2.13.0. Names follow the checkpoint's."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZES = {"vocab_size": 4096, "n_positions": 256, "n_embd": 256, "n_layer": 6, "n_head": 8}


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:  # [batch, position, width]
        batch, positions, width = x.shape
        split = self.c_attn(x).view(batch, positions, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each [batch, head, position, width / heads]
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.c_proj(mixed.transpose(1, 2).reshape(batch, positions, width))


class MLP(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(functional.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = MLP(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    def __init__(self, sizes: dict[str, int] = SIZES) -> None:
        super().__init__()
        width, layers = sizes["n_embd"], sizes["n_layer"]
        self.wte = nn.Embedding(sizes["vocab_size"], width)
        self.wpe = nn.Embedding(sizes["n_positions"], width)
        self.h = nn.ModuleList(Block(width, sizes["n_head"]) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.dim() == 2:
                depth = math.sqrt(2 * layers) if "c_proj" in name else 1
                nn.init.normal_(parameter, std=0.02 / depth)

    def forward(self, ids: Tensor) -> Tensor:  # [batch, position] -> logits [batch, position, vocabulary]
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.h:
            x = block(x)
        return functional.linear(self.ln_f(x), self.wte.weight)
