"""What the peers share: the command line, the clock, and the one line of JSON that each prints.

    python bench/peers/<peer>.py CHECKPOINT '[1, 2, 3]' [--new-tokens 20] [--repeat 5] [--threads 2]

The line holds: name, versions, threads, promptLength, tokenIds (prompt and greedy continuation, so that a caller can
check that every peer did the same work), seconds (one entry per measured round), rssBytes and peakRssBytes (Linux:
VmRSS and VmHWM), and what a peer adds. A round that is not measured comes first.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
import transformers


def read_arguments(description: str) -> argparse.Namespace:
    """The command line of every peer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("prompt", type=json.loads, help="token ids as JSON")
    parser.add_argument("--new-tokens", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    return arguments


def load_model(checkpoint: Path, **options) -> transformers.GPT2LMHeadModel:
    """The checkpoint, told not to stop at <|endoftext|>, so that every round writes the same number of tokens."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    model = transformers.GPT2LMHeadModel.from_pretrained(checkpoint, **options).eval()
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    return model


def measure(work: Callable[[], object], repeat: int) -> list[float]:
    """Seconds of each round, after one round to warm up."""
    work()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def resident_bytes(field: str) -> int:
    """A line of /proc/self/status, such as VmRSS or VmHWM, in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{field}:"))


def report(name: str, packages: tuple[str, ...], arguments: argparse.Namespace, **results) -> None:
    """Print the result as one line."""
    line = {
        "name": name,
        "versions": {package: version(package) for package in packages},
        "threads": torch.get_num_threads(),
        "promptLength": len(arguments.prompt),
        **results,
        "rssBytes": resident_bytes("VmRSS"),
        "peakRssBytes": resident_bytes("VmHWM"),
    }
    print(json.dumps(line))
