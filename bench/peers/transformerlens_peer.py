"""TransformerLens: activation patching of the residual stream by its own `get_act_patch_resid_pre`.

Run:   .out/bench/transformerlens-venv/bin/python bench/peers/transformerlens_peer.py TASK
Pins:  transformer-lens==4.3.0 (transformerlens_requirements.txt) torch==2.13.0 transformers==5.23.0

The model is what `boot_transformers` makes of the folder, without its compatibility mode: transformers' own modules with
hooks around them. Its clean activations come from `run_with_cache`, which is measured with the rest.
"""

import torch
from peer import CONTRAST, FIRST, TARGET, Recorder, corrupted
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.patching import get_act_patch_resid_pre


def patch(model: TransformerBridge, ids: list[int]) -> list[float]:
    """The difference of two logits of the corrupted text with each row of the residual stream from the clean one."""

    def metric(logits: torch.Tensor) -> torch.Tensor:
        return logits[0, -1, TARGET] - logits[0, -1, CONTRAST]

    with torch.no_grad():
        _, cache = model.run_with_cache(torch.tensor([ids]))
        return get_act_patch_resid_pre(model, torch.tensor([corrupted(ids)]), cache, metric).flatten().tolist()


def main() -> None:
    recorder = Recorder("torch", "transformers", "transformer-lens")
    model = TransformerBridge.boot_transformers(recorder.checkpoint).eval()
    ids, _ = recorder.text(FIRST)
    recorder.measure("patch", lambda: patch(model, ids), long=True, answer=lambda result: result)


if __name__ == "__main__":
    main()
