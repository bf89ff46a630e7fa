"""What the machine can do: how fast PyTorch reads memory, and how fast it multiplies.

Run:   .venv-oracle/bin/python bench/peers/probe.py TASK
Pins:  torch==2.13.0 (scripts/requirements-oracle.txt)

`bandwidth`: seconds of one pass over as many bytes as the checkpoint has, float32, summed or multiplied by a vector,
whichever is faster. `gemm`: seconds of 504 x 768 by 768 x 3072, as in a batched backward pass.
"""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from peer import Recorder

WIDTH = 768


def seconds(work: Callable[[], object], repeat: int) -> list[float]:
    """The time of each of some calls."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    recorder = Recorder("torch")
    size = (Path(recorder.checkpoint) / "model.safetensors").stat().st_size
    matrix = torch.ones(size // 4 // WIDTH, WIDTH)
    vector = torch.ones(WIDTH)
    passes = [seconds(work, 20) for work in (matrix.sum, lambda: matrix @ vector)]
    recorder.print("bandwidth", seconds=min(passes, key=min))
    left, right = torch.randn(504, WIDTH), torch.randn(WIDTH, 4 * WIDTH)
    recorder.print("gemm", seconds=seconds(lambda: left @ right, 200))


if __name__ == "__main__":
    main()
