"""Saliency as PyTorch users write it: one forward and one backward pass for each explained token.

Run:   .venv-oracle/bin/python bench/peers/torch_loop.py CHECKPOINT '[ids]' [--new-tokens 20] [--repeat 5]
Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)

The tokens are generated greedily beforehand; only their saliency is timed: L2 norm of gradient x embedding of the
log-probability, each row summing to 1. The weights need no gradient, so the backward pass computes none for them.
Adds `lastRow`, the saliency of the last token.
"""

import torch
from peer import load_model, measure, read_arguments, report


def explain(model: torch.nn.Module, ids: list[int], position: int) -> torch.Tensor:
    """The normalised saliency row of the token at a position."""
    x = model.transformer.wte.weight[torch.tensor(ids[:position])].clone().requires_grad_()
    log_probability = model(inputs_embeds=x[None], use_cache=False).logits[0, -1].log_softmax(-1)[ids[position]]
    (gradient,) = torch.autograd.grad(log_probability, x)
    scores = (gradient * x.detach()).norm(dim=-1)
    return scores / scores.sum()


def main() -> None:
    arguments = read_arguments("Time a loop of backward passes in PyTorch.")
    model = load_model(arguments.checkpoint).requires_grad_(False)
    prompt = torch.tensor([arguments.prompt])
    ids = model.generate(
        prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=arguments.new_tokens, do_sample=False
    )[0].tolist()
    rows = []

    def explain_all() -> None:
        rows[:] = [explain(model, ids, position) for position in range(len(arguments.prompt), len(ids))]

    seconds = measure(explain_all, arguments.repeat)
    report(
        "PyTorch loop",
        ("torch", "transformers"),
        arguments,
        tokenIds=ids,
        seconds=seconds,
        lastRow=rows[-1].tolist(),
    )


if __name__ == "__main__":
    main()
