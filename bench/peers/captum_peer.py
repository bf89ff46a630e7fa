"""Saliency by captum: LayerGradientXActivation at the token embeddings, one call for each target.

Run:   .venv-oracle/bin/python bench/peers/captum_peer.py TASK
Pins:  torch==2.13.0 transformers==5.23.0 captum==0.9.0 (scripts/requirements-oracle.txt)
"""

import warnings

import torch
from captum.attr import LayerGradientXActivation
from peer import Recorder
from transformers import GPT2LMHeadModel


def main() -> None:
    warnings.filterwarnings("ignore")
    recorder = Recorder("captum", "torch", "transformers")
    model = recorder.load(lambda: GPT2LMHeadModel.from_pretrained(recorder.checkpoint))

    def log_probability(ids: torch.Tensor, target: int) -> torch.Tensor:
        return model(ids, use_cache=False).logits[:, -1].log_softmax(-1)[:, target]

    attribution = LayerGradientXActivation(log_probability, model.transformer.wte)

    def scores(ids: list[int], position: int) -> torch.Tensor:
        products = attribution.attribute(torch.tensor([ids[:position]]), additional_forward_args=(ids[position],))
        return products[0].detach().norm(dim=-1)

    recorder.explain(scores)


if __name__ == "__main__":
    main()
