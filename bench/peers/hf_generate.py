"""Greedy decoding with Hugging Face transformers, KV cache on.

Run:   .venv-oracle/bin/python bench/peers/hf_generate.py CHECKPOINT '[ids]' [--new-tokens 20] [--repeat 5]
Pins:  torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)

Adds `secondsPerStep`, one entry per round: the mean time of a decode step, the prompt's pass not counted.
"""

import time

import torch
from peer import load_model, measure, read_arguments, report
from transformers import LogitsProcessor, LogitsProcessorList


class StepClock(LogitsProcessor):
    """Notes when the logits of each new token are there."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.times.append(time.perf_counter())
        return scores


def main() -> None:
    arguments = read_arguments("Time greedy decoding with transformers.")
    model = load_model(arguments.checkpoint)
    prompt = torch.tensor([arguments.prompt])
    clocks, outputs = [], []

    def generate() -> None:
        clocks.append(StepClock())
        output = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=arguments.new_tokens,
            do_sample=False,
            use_cache=True,
            logits_processor=LogitsProcessorList([clocks[-1]]),
        )
        outputs.append(output[0].tolist())

    seconds = measure(generate, arguments.repeat)
    steps = [(clock.times[-1] - clock.times[0]) / (len(clock.times) - 1) for clock in clocks[1:]]
    report(
        "transformers generate",
        ("torch", "transformers"),
        arguments,
        tokenIds=outputs[-1],
        seconds=seconds,
        secondsPerStep=steps,
    )


if __name__ == "__main__":
    main()
