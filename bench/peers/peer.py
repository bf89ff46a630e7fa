"""What the peers in Python share: the task on the command line and one line of JSON for each row, as bench/protocol.ts
says.

    python bench/peers/<peer>.py '{"checkpoint": ..., "threads": 2, "rows": [...], "repeat": 5, "budget": 3, ...}'
"""

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
import transformers

FIRST = "20 after 23"
LONG = ("64 of 256", "16 of 512")
SHORT = (FIRST, "16 of 64")
# The words whose logits are compared where parts of the model are judged.
TARGET, CONTRAST = 11, 22


def corrupted(ids: list[int]) -> list[int]:
    """A text of which one token is another, as bench/protocol.ts has it."""
    return [(token + 1) % 50000 if t == 5 else token for t, token in enumerate(ids)]


def resident_bytes(field: str) -> int:
    """A line of /proc/self/status, such as VmRSS or VmHWM, in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{field}:"))


class Recorder:
    """Measures rows and prints them."""

    def __init__(self, *packages: str) -> None:
        self.task = json.loads(sys.argv[1])
        self.checkpoint = self.task["checkpoint"]
        self.repeat = self.task["repeat"]
        torch.set_num_threads(self.task["threads"])
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self.print("versions", versions={package: version(package) for package in packages})
        self.loaded = 0

    def print(self, row: str, **measurement) -> None:
        """Print a row at once, so that it is known even if the next one never ends."""
        print(json.dumps({"row": row, **measurement}), flush=True)

    @property
    def names(self) -> list[str]:
        """The texts that the task has; the long ones last."""
        return [name for name in (*SHORT, *LONG) if name in self.task["texts"]]

    def text(self, name: str) -> tuple[list[int], int]:
        """The ids of a text, and how many of them were given."""
        text = self.task["texts"][name]
        return text["tokenIds"], text["promptLength"]

    def load(self, load: Callable[[], transformers.GPT2LMHeadModel]) -> transformers.GPT2LMHeadModel:
        """Load a model and say how long it took. It will not stop at <|endoftext|>."""
        start = time.perf_counter()
        model = load().eval()
        seconds = time.perf_counter() - start
        self.loaded = resident_bytes("VmRSS")
        if "load" in self.task["rows"]:
            self.print("load", seconds=[seconds])
        model.generation_config.eos_token_id = None
        model.generation_config.pad_token_id = 0
        return model

    def memory(self) -> None:
        """Say what has been resident."""
        if "memory" in self.task["rows"]:
            worked, peak = resident_bytes("VmRSS"), resident_bytes("VmHWM")
            self.print("memory", bytes={"loaded": self.loaded, "worked": worked, "peak": peak})

    def measure(self, row: str, work: Callable[[], object], long: bool = False, **how) -> None:
        """Time a row, if it is wanted. `how` may hold `answer`, which makes numbers of what the work returned, and
        `seconds`, which gives other times than those of whole rounds, from what each of them returned."""
        if row not in self.task["rows"]:
            return
        try:
            if not long:
                work()
            times, results = [], []
            end = time.perf_counter() + self.task["budget"]
            while not times or (not long and len(times) < self.repeat and time.perf_counter() < end):
                start = time.perf_counter()
                results.append(work())
                times.append(time.perf_counter() - start)
            if "seconds" in how:
                times = [seconds for result in results for seconds in how["seconds"](result)]
            answer = {"answer": how["answer"](results[-1])} if "answer" in how else {}
            self.print(row, seconds=times, **answer)
        except Exception as error:  # the other rows can still be measured
            self.print(row, error=f"{type(error).__name__}: {error}")

    def explain(self, scores: Callable[[list[int], int], torch.Tensor]) -> None:
        """The rows of saliency: `scores` of one target, of the tokens before it, reduced but not normalised."""
        for name in self.names:
            ids, given = self.text(name)

            def explain_all() -> list[float]:
                rows = torch.zeros(len(ids) - given, len(ids))
                for n, position in enumerate(range(given, len(ids))):
                    row = scores(ids, position)
                    rows[n, :position] = row / row.sum()
                return rows.flatten().tolist()

            self.measure(f"explain {name}", explain_all, long=name in LONG, answer=lambda rows: rows)
            if name == FIRST:
                self.memory()
