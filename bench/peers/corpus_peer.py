"""A corpus in batches, as one writes it with transformers, or with TransformerLens: surprise, or neuron maxima.

Run:   .venv-oracle/bin/python bench/peers/corpus_peer.py surprise|neurons transformers|lens CHECKPOINT IDS THREADS
Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt); transformer-lens==4.3.0 for `lens`

Texts are sorted by length and padded to batches of 16, the fastest that is usual. Prints one line of JSON.
"""

import json
import sys
import time

import torch

BATCH = 16
BEST = 20


def batches(texts: list[list[int]]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Ids and mask of each batch."""
    ordered = sorted(texts, key=len)
    found = []
    for start in range(0, len(ordered), BATCH):
        rows = ordered[start : start + BATCH]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        found.append((ids, mask))
    return found


def surprise(model, texts: list[list[int]]) -> None:
    """ln p of each token, the entropy and the rank, as `model.surprise` gives them."""
    for ids, mask in batches(texts):
        logits = model(ids, attention_mask=mask).logits[:, :-1]
        log_probs = logits.log_softmax(-1)
        chosen = log_probs.gather(-1, ids[:, 1:, None])
        (log_probs.exp() * log_probs).sum(-1)
        (log_probs > chosen).sum(-1)


def keep(best: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The greatest of each neuron, [L, N, BEST]: `values` are those of each text, [B, L, N]."""
    return torch.cat([best, values.permute(1, 2, 0)], -1).topk(BEST, -1).values


def neurons(model, texts: list[list[int]]) -> None:
    """The best texts of each neuron, each by its greatest activation, by hooks."""
    seen: dict[int, torch.Tensor] = {}
    for layer, block in enumerate(model.transformer.h):
        block.mlp.act.register_forward_hook(lambda _, __, out, layer=layer: seen.__setitem__(layer, out))
    best = torch.full((len(model.transformer.h), 4 * model.config.n_embd, BEST), -torch.inf)
    for ids, mask in batches(texts):
        model.transformer(ids, attention_mask=mask)
        padded = (mask == 0)[:, :, None]
        greatest = [seen[layer].masked_fill(padded, -torch.inf).amax(1) for layer in range(len(seen))]
        best = keep(best, torch.stack(greatest, 1))


def neurons_lens(model, texts: list[list[int]]) -> None:
    """The same by `run_with_cache`."""
    best = None
    for ids, mask in batches(texts):
        names = lambda name: name.endswith("mlp.hook_post")  # noqa: E731
        _, cache = model.run_with_cache(ids, names_filter=names)
        padded = (mask == 0)[:, :, None]
        values = [value.masked_fill(padded, -torch.inf).amax(1) for value in cache.values()]
        stacked = torch.stack(values, 1)
        best = keep(torch.full((*stacked.shape[1:], BEST), -torch.inf) if best is None else best, stacked)


def main() -> None:
    ask, way, checkpoint, path, threads = sys.argv[1:]
    if int(threads) > 0:
        torch.set_num_threads(int(threads))
    texts = json.load(open(path))
    if way == "lens":
        from transformer_lens.model_bridge import TransformerBridge

        model, work = TransformerBridge.boot_transformers(checkpoint).eval(), neurons_lens
    else:
        from transformers import GPT2LMHeadModel

        model = GPT2LMHeadModel.from_pretrained(checkpoint, dtype=torch.float32).eval()
        work = {"surprise": surprise, "neurons": neurons}[ask]
    with torch.no_grad():
        work(model, texts[:2])
        start, cpu = time.perf_counter(), time.process_time()
        work(model, texts)
    tokens = sum(map(len, texts))
    row = {"row": f"{ask} {way}", "tokens": tokens, "seconds": time.perf_counter() - start}
    print(json.dumps({**row, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
