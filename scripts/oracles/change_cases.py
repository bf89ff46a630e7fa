"""The changes that change_goldens.py makes, for the places of any model.

Pins:  torch==2.13.0 (scripts/requirements-oracle.txt)
"""

import numpy as np
import torch

# Numbers of a change that stand in the JSON itself.
INLINE = 4


class Draw:
    """Random numbers and states, under names where they are many."""

    def __init__(self, seen: dict[str, torch.Tensor], random: np.random.Generator):
        self.seen = seen
        self.random = random
        self.arrays: dict[str, torch.Tensor] = {}

    def named(self, name: str, values: torch.Tensor):
        """The numbers themselves where they are few, or their name."""
        if values.numel() <= INLINE:
            return [round(float(value), 4) for value in values.flatten()]
        self.arrays[name] = values.float().contiguous()
        return name

    def vector(self, site: str, rows: int | None = None):
        """What is added to a place: of the size of what is there."""
        width = self.seen[site].shape[1]
        scale = float(self.seen[site].std())
        values = self.random.normal(0, scale, (width,) if rows is None else (rows, width))
        return self.named(f"vector {rows or 'all'} {site}", torch.from_numpy(values))

    def states(self, site: str, rows: list[int]):
        """What another text has at some positions."""
        return self.named(f"states {site}", self.seen[site][rows])

    def mean(self, site: str):
        """The mean over another text."""
        return self.named(f"mean {site}", self.seen[site].mean(0))

    def part(self, site: str, heads: list[int], count: int):
        """The mean over another text, of some heads."""
        mean = self.seen[site].mean(0).reshape(count, -1)
        return self.named(f"heads {site}", mean[heads].flatten())


def stack_cases(draw: Draw, prefix: str) -> dict[str, list[dict]]:
    """Changes in one stack of blocks."""
    seen, p = draw.seen, prefix
    last = sum(site.startswith(f"{p}pattern.") for site in seen) - 1
    middle = last // 2
    H, other = seen[f"{p}pattern.0"].shape[:2]
    resid, mid = f"{p}resid.{last}", f"{p}resid_mid.{middle}"
    pattern = lambda i: seen[f"{p}pattern.{i}"]
    frozen = draw.named(f"pattern {p}all", pattern(0))
    head = draw.named(f"pattern {p}one", pattern(last)[0, :4, :4] / pattern(last)[0, :4, :4].sum(-1, keepdim=True))
    pushed = draw.vector(resid)
    return {
        f"{p}a head off": [{"site": f"{p}z.0", "heads": [1], "scale": 0}],
        f"{p}heads scaled at positions": [
            {"site": f"{p}z.{last}", "heads": [H - 1, 0], "positions": [1, 3], "scale": 1.75}
        ],
        f"{p}heads set to their mean": [
            {"site": f"{p}z.{last}", "heads": [1, 0], "set": draw.part(f"{p}z.{last}", [1, 0], H)}
        ],
        f"{p}neurons off": [{"site": f"{p}neurons.0", "neurons": [0, 5, 7], "scale": 0}],
        f"{p}neurons set, and others scaled where the text goes on": [
            {"site": f"{p}neurons.{last}", "neurons": [3, 2], "set": [0.75, -1.5]},
            {"site": f"{p}neurons.0", "neurons": [3, 4], "positions": [2, 8], "scale": -2.5},
        ],
        f"{p}attention off": [{"site": f"{p}attn_out.0", "scale": 0}],
        f"{p}half an MLP": [{"site": f"{p}mlp_out.{last}", "scale": 0.5}],
        f"{p}a vector added": [{"site": resid, "add": pushed}],
        f"{p}vectors added at positions": [
            {"site": f"{p}resid.0", "positions": [2, 7], "add": draw.vector(f"{p}resid.0", 2)}
        ],
        f"{p}an embedding replaced": [{"site": f"{p}embed", "positions": [1], "set": draw.states(f"{p}embed", [4])}],
        f"{p}states of another text": [{"site": resid, "positions": [4, 2], "set": draw.states(resid, [4, 2])}],
        f"{p}states between the halves": [{"site": mid, "positions": [2], "set": draw.states(mid, [5])}],
        f"{p}the mean everywhere": [{"site": f"{p}resid.{last}", "set": draw.mean(f"{p}resid.{last}")}],
        f"{p}the mean of what attention adds": [
            {"site": f"{p}attn_out.{middle}", "set": draw.mean(f"{p}attn_out.{middle}")}
        ],
        f"{p}a pattern of another text": [{"site": f"{p}pattern.0", "set": frozen}],
        f"{p}rows of one head": [{"site": f"{p}pattern.{last}", "heads": [1], "positions": [1, 2], "set": head}],
        f"{p}one after the other": [
            {"site": resid, "scale": 0.5},
            {"site": resid, "positions": [1, 6], "add": draw.vector(resid, 2)},
            {"site": resid, "add": pushed},
            {"site": resid, "positions": [1], "scale": 1.25},
        ],
        f"{p}everywhere": [
            {"site": f"{p}embed", "scale": 1.5},
            {"site": f"{p}pattern.{last}", "set": frozen},
            {"site": f"{p}z.0", "heads": [0], "scale": 0.25},
            {"site": mid, "positions": [0, 3], "add": draw.vector(mid)},
            {"site": f"{p}neurons.{last}", "scale": 1.1},
            {"site": f"{p}mlp_out.0", "scale": 0},
            {"site": f"{p}resid.{last + 1}", "add": draw.vector(f"{p}resid.{last + 1}")},
        ],
    }


# Of the encoder of two stacks.
SOURCE = (
    "a head off",
    "heads set to their mean",
    "neurons off",
    "half an MLP",
    "a vector added",
    "an embedding replaced",
    "states of another text",
    "states between the halves",
    "a pattern of another text",
    "one after the other",
    "everywhere",
)


def cross_cases(draw: Draw) -> dict[str, list[dict]]:
    """Changes of what a decoder takes from its source."""
    return {
        "a head off that looks at the source": [{"site": "cross_z.0", "heads": [1], "scale": 0}],
        "half of what comes from the source": [{"site": "cross_out.1", "scale": 0.5}],
        "a vector added after the source": [{"site": "resid_cross.0", "add": draw.vector("resid_cross.0")}],
        "both stacks": [
            {"site": "source_mlp_out.0", "scale": 0},
            {"site": "embed", "positions": [2], "scale": 2},
            {"site": "cross_out.0", "positions": [1, 3], "set": draw.states("cross_out.0", [2, 5])},
        ],
    }


def cases_of(seen: dict[str, torch.Tensor], random: np.random.Generator) -> tuple[dict, dict[str, torch.Tensor]]:
    """The cases of a model by what is at its places in another text, and the arrays that they name."""
    draw = Draw(seen, random)
    cases = stack_cases(draw, "")
    if "source_embed" in seen:
        cases |= cross_cases(draw)
        own = stack_cases(draw, "source_")
        cases |= {name: own[name] for name in (f"source_{one}" for one in SOURCE)}
    named = {value for changes in cases.values() for one in changes for value in one.values() if isinstance(value, str)}
    return cases, {name: values for name, values in draw.arrays.items() if name in named}
