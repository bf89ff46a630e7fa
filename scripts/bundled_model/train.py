"""Train the bundled model from nothing on a CPU, within a budget of minutes.

Pinned: torch==2.13.0, numpy==2.4.6, tokenizers==0.23.3 (scripts/requirements-oracle.txt). Half of every batch is
corpus, half synthetic text. The learning rate follows the share of the time that has passed, so that it always comes
down to zero. Every few minutes a checkpoint goes to the work folder; with --resume the run goes on from there.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from model import SIZES, GPT2
from tokenizers import Tokenizer
from torch.nn import functional

END_OF_TEXT = "<|endoftext|>"
CONTEXT = SIZES["n_positions"]


def tokenized(text_path: Path, tokenizer: Tokenizer, cache: Path) -> np.ndarray:
    """All ids of a file, one document after another, with the end-of-text id between them."""
    if cache.exists():
        return np.load(cache)
    end = tokenizer.token_to_id(END_OF_TEXT)
    documents = text_path.read_text(encoding="utf-8").split(END_OF_TEXT)
    ids = [np.array([*encoding.ids, end], np.uint16) for encoding in tokenizer.encode_batch(documents)]
    stream = np.concatenate(ids)
    np.save(cache, stream)
    return stream


class Windows:
    """Random windows of one token stream; a share of them begins just after one of the given ids."""

    def __init__(self, stream: np.ndarray, boundary_ids: list[int], aligned: float, seed: int) -> None:
        self.stream, self.aligned = stream, aligned
        self.rng = np.random.default_rng(seed)
        starts = np.flatnonzero(np.isin(stream, boundary_ids)) + 1
        self.starts = starts[starts < len(stream) - CONTEXT - 1]

    def draw(self, count: int) -> np.ndarray:
        aligned = self.rng.random(count) < self.aligned
        anywhere = self.rng.integers(0, len(self.stream) - CONTEXT - 1, count)
        starts = np.where(aligned, self.rng.choice(self.starts, count), anywhere)
        return np.stack([self.stream[start : start + CONTEXT + 1] for start in starts]).astype(np.int64)


def learning_rate(progress: float, step: int, peak: float, warmup_steps: int) -> float:
    warmup = min(1.0, (step + 1) / warmup_steps)
    return peak * warmup * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def save(path: Path, state: dict) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=Path(".train"), help="folder generate_text.py wrote to")
    parser.add_argument("--tokenizer", type=Path, default=Path("models/tokenizer.json"))
    parser.add_argument("--minutes", type=float, default=66)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--peak", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--warmup-steps", type=int, default=150)
    parser.add_argument("--checkpoint-minutes", type=float, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)

    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    end, newline = tokenizer.token_to_id(END_OF_TEXT), tokenizer.token_to_id("Ċ")
    corpus = tokenized(options.text / "corpus.txt", tokenizer, options.text / "corpus.npy")
    synthetic = tokenized(options.text / "synthetic.txt", tokenizer, options.text / "synthetic.npy")
    print(f"tokens: corpus {len(corpus):,}, synthetic {len(synthetic):,}", flush=True)

    model = GPT2()
    decayed = [parameter for parameter in model.parameters() if parameter.dim() == 2]
    others = [parameter for parameter in model.parameters() if parameter.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=options.peak, betas=(0.9, 0.95), fused=True,
    )
    checkpoint = options.text / "checkpoint.pt"
    step, elapsed = 0, 0.0
    if options.resume:
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, elapsed = state["step"], state["elapsed"]
    sources = [
        Windows(corpus, [end, newline], aligned=0.5, seed=options.seed + step),
        Windows(synthetic, [end], aligned=1.0, seed=options.seed + step + 1),
    ]

    budget, saved, losses = options.minutes * 60, elapsed, []
    before = time.monotonic()
    while elapsed < budget:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(elapsed / budget, step, options.peak, options.warmup_steps)
        windows = torch.from_numpy(np.concatenate([source.draw(options.batch // 2) for source in sources]))
        logits = model(windows[:, :-1])
        each = functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten(), reduction="none")
        each.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

        losses.append([half.mean().item() for half in each.detach().chunk(2)])
        step += 1
        now = time.monotonic()
        elapsed, before = elapsed + now - before, now
        if step % 50 == 0:
            corpus_loss, synthetic_loss = np.mean(losses, axis=0)
            losses.clear()
            tokens = step * options.batch * CONTEXT
            print(
                f"step {step} minute {elapsed / 60:.1f} tokens {tokens:,} loss corpus {corpus_loss:.3f} "
                f"synthetic {synthetic_loss:.3f}", flush=True,
            )
        if elapsed - saved > options.checkpoint_minutes * 60 or elapsed >= budget:
            save(checkpoint, {
                "model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "elapsed": elapsed,
                "tokens": step * options.batch * CONTEXT,
            })
            saved = elapsed


if __name__ == "__main__":
    main()
