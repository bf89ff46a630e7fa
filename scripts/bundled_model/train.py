"""Train the bundled model from nothing on a CPU, within a budget of minutes.

Pinned: torch==2.13.0, numpy==2.4.6, tokenizers==0.23.3 (scripts/requirements-oracle.txt). Every batch
holds windows of corpus and of synthetic text. The learning rate follows the share of the time that has passed, so that
it always comes down to zero. Every few minutes a checkpoint goes to the work folder; --resume goes on from there.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from model import SIZES, GPT2
from muon import make_optimizers
from tokenizers import Tokenizer
from torch.nn import functional

END_OF_TEXT = "<|endoftext|>"
CONTEXT = SIZES["n_positions"]


def tokenized_corpus(path: Path, tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray]:
    """All ids, one document after another with the end-of-text id between them; every token weighs the same."""
    end = tokenizer.token_to_id(END_OF_TEXT)
    encodings = tokenizer.encode_batch(path.read_text(encoding="utf-8").split(END_OF_TEXT))
    ids = np.concatenate([np.array([*encoding.ids, end], np.uint16) for encoding in encodings])
    return ids, np.ones(len(ids), np.float32)


def tokenized_synthetic(path: Path, tokenizer: Tokenizer, answer_weight: float) -> tuple[np.ndarray, np.ndarray]:
    """The same for synthetic text, where tokens of answers weigh more: most other tokens were drawn by chance."""
    end = tokenizer.token_to_id(END_OF_TEXT)
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    encodings = tokenizer.encode_batch([document["text"] for document in documents])
    ids, weights = [], []
    for document, encoding in zip(documents, encodings):
        last_characters = np.array([offsets[1] - 1 for offsets in encoding.offsets])
        is_answer = np.zeros(len(document["text"]), bool)
        for start, stop in document["answers"]:
            is_answer[start:stop] = True
        ids.append(np.array([*encoding.ids, end], np.uint16))
        weights.append(np.append(np.where(is_answer[last_characters], answer_weight, 1), 1).astype(np.float32))
    return np.concatenate(ids), np.concatenate(weights)


class Windows:
    """Random windows of one token stream; a share of them begins just after one of the given ids."""

    def __init__(
        self, stream: tuple[np.ndarray, np.ndarray], boundary_ids: list[int], aligned: float, seed: int
    ) -> None:
        self.ids, self.weights = stream
        self.aligned = aligned
        self.rng = np.random.default_rng(seed)
        starts = np.flatnonzero(np.isin(self.ids, boundary_ids)) + 1
        self.starts = starts[starts < len(self.ids) - CONTEXT - 1]

    def draw(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids [count, context + 1], and the weights of all but the first of each."""
        aligned = self.rng.random(count) < self.aligned
        anywhere = self.rng.integers(0, len(self.ids) - CONTEXT - 1, count)
        starts = np.where(aligned, self.rng.choice(self.starts, count), anywhere)
        positions = starts[:, None] + np.arange(CONTEXT + 1)
        return self.ids[positions].astype(np.int64), self.weights[positions[:, 1:]]


def learning_rate(progress: float, fresh_steps: int, warmup_steps: int) -> float:
    """Share of the highest rate: up over the first steps of a run, level, then down to zero over the last 60%."""
    return max(0.0, min(1.0, (fresh_steps + 1) / warmup_steps, (1 - progress) / 0.6))


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
    parser.add_argument("--corpus-windows", type=int, default=6, help="windows of corpus in a batch")
    parser.add_argument("--answer-weight", type=float, default=5, help="weight of a synthetic answer's tokens")
    parser.add_argument("--muon-peak", type=float, default=3e-3, help="highest learning rate of the blocks' matrices")
    parser.add_argument("--adam-peak", type=float, default=1.5e-3, help="highest learning rate of all else")
    parser.add_argument("--warmup-steps", type=int, default=60)
    parser.add_argument("--checkpoint-minutes", type=float, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)

    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    end, newline = tokenizer.token_to_id(END_OF_TEXT), tokenizer.token_to_id("Ċ")
    corpus = tokenized_corpus(options.text / "corpus.txt", tokenizer)
    synthetic = tokenized_synthetic(options.text / "synthetic.jsonl", tokenizer, options.answer_weight)
    print(f"tokens: corpus {len(corpus[0]):,}, synthetic {len(synthetic[0]):,}", flush=True)

    model = GPT2()
    peaks = [options.muon_peak, options.adam_peak]
    optimizers = make_optimizers(model, *peaks)
    checkpoint = options.text / "checkpoint.pt"
    step, tokens, elapsed = 0, 0, 0.0
    if options.resume:
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        for optimizer, optimizer_state in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(optimizer_state)
        step, tokens, elapsed = state["step"], state["tokens"], state["elapsed"]
    corpus_windows = Windows(corpus, [end, newline], aligned=0.5, seed=options.seed + step)
    synthetic_windows = Windows(synthetic, [end], aligned=1.0, seed=options.seed + step + 1)
    shares = [options.corpus_windows, options.batch - options.corpus_windows]

    budget, saved, losses, first_step = options.minutes * 60, elapsed, [], step
    before = time.monotonic()
    while elapsed < budget:
        share_of_peak = learning_rate(elapsed / budget, step - first_step, options.warmup_steps)
        for optimizer, peak in zip(optimizers, peaks):
            for group in optimizer.param_groups:
                group["lr"] = peak * share_of_peak
        drawn = [corpus_windows.draw(shares[0]), synthetic_windows.draw(shares[1])]
        ids, weights = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*drawn))
        logits = model(ids[:, :-1])
        each = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view_as(weights)
        ((each * weights).sum() / weights.sum()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()

        each = each.detach()
        losses.append([each[: shares[0]].mean().item(), each[shares[0] :].mean().item(), each[weights > 1].mean().item()])
        step, tokens = step + 1, tokens + options.batch * CONTEXT
        now = time.monotonic()
        elapsed, before = elapsed + now - before, now
        if step % 50 == 0:
            corpus_loss, synthetic_loss, answer_loss = np.mean(losses, axis=0)
            losses.clear()
            print(
                f"step {step} minute {elapsed / 60:.1f} tokens {tokens:,} loss corpus {corpus_loss:.3f} "
                f"synthetic {synthetic_loss:.3f} answers {answer_loss:.3f}", flush=True,
            )
        if elapsed - saved > options.checkpoint_minutes * 60 or elapsed >= budget:
            states = [optimizer.state_dict() for optimizer in optimizers]
            save(checkpoint, {
                "model": model.state_dict(), "optimizers": states, "step": step, "tokens": tokens, "elapsed": elapsed,
            })
            saved = elapsed


if __name__ == "__main__":
    main()
