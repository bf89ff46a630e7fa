"""Generate and explain with Ecco 0.1.2 itself: greedy decoding, then grad_x_input of every new token.

Run:   .out/bench/ecco-venv/bin/python bench/peers/ecco_explain.py CHECKPOINT '[ids]' [--new-tokens 20] [--repeat 5]
Pins:  ecco==0.1.2 transformers==4.33.3 torch==2.13.0 (bench/peers/ecco_requirements.txt says how to install)

The clock runs from the call of `lm.generate` to its return. A tokenizer that knows ids only stands in for GPT-2's,
which makes Ecco faster if anything. Adds `lastRow`, the normalised saliency of the last token.
"""

import torch
from ecco.lm import LM
from ecco.util import load_config
from peer import load_model, measure, read_arguments, report
from transformers import BatchEncoding


class IdTokenizer:
    """The few methods of a tokenizer that Ecco calls, on texts such as "17 4 93"."""

    def __call__(self, text: str, return_tensors: str) -> BatchEncoding:
        ids = torch.tensor([[int(piece) for piece in text.split()]])
        return BatchEncoding({"input_ids": ids, "attention_mask": torch.ones_like(ids)})

    def decode(self, ids: torch.Tensor) -> str:
        return " ".join(map(str, ids.tolist()))

    def convert_ids_to_tokens(self, ids: torch.Tensor) -> list[str]:
        return [str(token) for token in ids.tolist()]


def main() -> None:
    arguments = read_arguments("Time Ecco's generate with grad_x_input.")
    model = load_model(arguments.checkpoint, output_hidden_states=True)
    language_model = LM(model, IdTokenizer(), "gpt2", load_config("gpt2"), verbose=False)
    text = " ".join(map(str, arguments.prompt))
    outputs = []

    def explain() -> None:
        outputs[:] = [
            language_model.generate(
                text,
                max_length=len(arguments.prompt) + arguments.new_tokens,
                do_sample=False,
                attribution=["grad_x_input"],
            )
        ]

    seconds = measure(explain, arguments.repeat)
    output = outputs[0]
    report(
        "Ecco generate with grad_x_input",
        ("ecco", "torch", "transformers", "captum"),
        arguments,
        tokenIds=output.token_ids[0].tolist(),
        seconds=seconds,
        lastRow=output.attribution["grad_x_input"][-1].tolist(),
    )


if __name__ == "__main__":
    main()
