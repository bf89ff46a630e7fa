"""Train the model of chorales from nothing on one CPU core, within a budget of minutes, and measure it.

Run:    .venv-oracle/bin/python scripts/music_model/train.py [--first FOLDER] [--resume]
Pinned: torch==2.13.0 tokenizers==0.23.3 safetensors==0.8.0 music21==10.5.1 (scripts/requirements-oracle.txt)
Out:    models/music/, the whole folder but README.md; checkpoints in .out/music

GPT-2 and its optimizers are those of the bundled model. A batch holds windows of chorales one after another, each window
moved up or down by a number of half tones, so that every key is heard. The learning rate follows the share of the budget
that is spent, of the process's own time or of the clock's, whichever is more; so weights differ from run to run.
`--first FOLDER` goes on with the weights of an earlier run, with new optimizers and the schedule from its beginning.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from data import CONTEXT, HIGHEST_MOVE, LOWEST_MOVE, ROOT, ids_of, load, moved
from evaluate import evaluate
from events import END, ID_OF, UNKNOWN, VOCABULARY
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from torch.nn import functional

sys.path.append(str(ROOT / "scripts" / "bundled_model"))  # after this folder, which has files of the same names
from export import configuration, write_json, write_weights  # noqa: E402
from model import GPT2  # noqa: E402
from muon import make_optimizers  # noqa: E402

SIZES = {"vocab_size": len(VOCABULARY), "n_positions": CONTEXT, "n_embd": 160, "n_layer": 4, "n_head": 5}
CHECKPOINT = ROOT / ".out" / "music" / "checkpoint.pt"


class Windows:
    """Windows of the chorales one after another, in another order each time; half of them begin with a chorale."""

    def __init__(self, chorales: list[dict], seed: int) -> None:
        self.pieces = [np.array(ids_of(chorale["events"])) for chorale in chorales]
        self.rng = np.random.default_rng(seed)
        self.sizes = np.array([len(piece) for piece in self.pieces])

    def draw(self, count: int) -> torch.Tensor:
        """Ids [count, CONTEXT + 1]."""
        return torch.from_numpy(np.stack([self.window() for _ in range(count)]))

    def window(self) -> np.ndarray:
        first = self.rng.choice(len(self.pieces), p=self.sizes / self.sizes.sum())
        start = 0 if self.rng.random() < 0.5 else self.rng.integers(len(self.pieces[first]))
        parts = [self.pieces[first][start:]]
        while sum(map(len, parts)) < CONTEXT + 1:
            parts.append(self.pieces[self.rng.integers(len(self.pieces))])
        ids = np.concatenate(parts)[: CONTEXT + 1]
        return moved(ids, int(self.rng.integers(LOWEST_MOVE, HIGHEST_MOVE + 1)))


def make_tokenizer() -> Tokenizer:
    """A word is a token: WordPiece whose every word is in the vocabulary."""
    tokenizer = Tokenizer(models.WordPiece(ID_OF, unk_token=UNKNOWN, max_input_chars_per_word=20))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tokenizer.add_special_tokens([UNKNOWN, END])
    tokenizer.post_processor = processors.TemplateProcessing(f"{END} $A", special_tokens=[(END, ID_OF[END])])
    return tokenizer


def export(state: dict[str, torch.Tensor], folder: Path) -> None:
    """The folder as transformers reads it, in float16."""
    folder.mkdir(parents=True, exist_ok=True)
    end = ID_OF[END]
    write_json(folder / "config.json", configuration(SIZES, end))
    write_json(folder / "generation_config.json", {"bos_token_id": end, "eos_token_id": end, "do_sample": False})
    write_weights(folder / "model.safetensors", state)
    make_tokenizer().save(str(folder / "tokenizer.json"))
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": UNKNOWN,
            "bos_token": END,
            "eos_token": END,
            "model_max_length": CONTEXT,
            "clean_up_tokenization_spaces": False,
            "model_input_names": ["input_ids", "attention_mask"],
        },
    )


@torch.no_grad()
def held_out_loss(model: GPT2, chorales: list[dict]) -> float:
    """Mean loss of the first CONTEXT events of chorales, in nats."""
    losses = []
    for chorale in chorales:
        ids = torch.tensor([[*ids_of(chorale["events"]), ID_OF[END]][: CONTEXT + 1]])
        losses.append(functional.cross_entropy(model(ids[:, :-1])[0], ids[0, 1:], reduction="none"))
    return torch.cat(losses).mean().item()


def learning_rate(progress: float, step: int) -> float:
    """Share of the highest rate: up over 60 steps, then down to zero along half a cosine."""
    return min(1.0, (step + 1) / 60) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def stored_weights(folder: Path) -> dict[str, torch.Tensor]:
    """What `export` wrote, under the names of `model`."""
    stored = {name.removeprefix("transformer."): tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    matrices = {name for name in stored if name.startswith("h.") and stored[name].dim() == 2}
    return {name: tensor.T.contiguous() if name in matrices else tensor for name, tensor in stored.items()}


def train(options: argparse.Namespace, trained: list[dict], kept: list[dict]) -> dict:
    """Trains within the budget; the state at its end."""
    model = GPT2(SIZES)
    peaks = [options.muon_peak, options.adam_peak]
    optimizers = make_optimizers(model, *peaks)
    done = {"step": 0, "cpu": 0.0, "wall": 0.0}
    if options.first:
        model.load_state_dict(stored_weights(options.first))
    if options.resume:
        state = torch.load(CHECKPOINT)
        model.load_state_dict(state["model"])
        for optimizer, own in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(own)
        done = {name: state[name] for name in done}
    windows = Windows(trained, options.seed + done["step"])
    step, saved, losses = done["step"], time.monotonic(), []
    cpu, wall = time.process_time() - done["cpu"], time.monotonic() - done["wall"]
    while True:
        spent = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall}
        progress = max(spent["cpu"] / options.minutes, spent["wall"] / options.clock_minutes) / 60
        if progress >= 1 or time.monotonic() - saved > 180:
            saved = time.monotonic()
            own = [optimizer.state_dict() for optimizer in optimizers]
            state = {"model": model.state_dict(), "optimizers": own, "step": step, "batch": options.batch, **spent}
            torch.save(state, CHECKPOINT.with_suffix(".tmp"))
            CHECKPOINT.with_suffix(".tmp").replace(CHECKPOINT)
            if progress >= 1:
                return state
        for optimizer, peak in zip(optimizers, peaks):
            for group in optimizer.param_groups:
                group["lr"] = peak * learning_rate(progress, step)
        ids = windows.draw(options.batch)
        loss = functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
        step += 1
        if step % 25 == 0:
            told = f" held out {held_out_loss(model, kept[:12]):.4f}" if step % 100 == 0 else ""
            print(f"step {step} {progress:.1%} cpu {spent['cpu']:.0f} s loss {np.mean(losses):.4f}{told}", flush=True)
            losses.clear()


def main() -> None:
    """Train, store, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "music")
    parser.add_argument("--first", type=Path, help="a folder of an earlier run, whose weights are gone on with")
    parser.add_argument("--minutes", type=float, default=35, help="of the process's own time")
    parser.add_argument("--clock-minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--muon-peak", type=float, default=5e-3)
    parser.add_argument("--adam-peak", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1685)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    state = train(options, *load())
    export(state["model"], options.out)
    tokens = state["step"] * state["batch"] * CONTEXT
    told = {"steps": state["step"], "tokens": tokens, "cpuSeconds": round(state["cpu"]), "seed": options.seed}
    write_json(options.out / "evaluation.json", told | evaluate(options.out))


if __name__ == "__main__":
    main()
