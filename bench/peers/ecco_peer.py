"""Ecco 0.1.2 itself: greedy decoding with grad_x_input of every new token, and the ranks of the tokens in all layers.

Run:   .out/bench/ecco-venv/bin/python bench/peers/ecco_peer.py TASK
Pins:  ecco==0.1.2 transformers==4.33.3 torch==2.13.0 (bench/peers/ecco_requirements.txt says how to install)

The clock runs from the call of `lm.generate` to its return, and over `rankings` with the picture that it draws. A
tokenizer that knows ids only stands in for GPT-2's, which makes Ecco faster if anything.
"""

import contextlib
import io

import matplotlib
import torch
from ecco.lm import LM
from ecco.output import OutputSeq
from ecco.util import load_config
from peer import FIRST, LONG, SHORT, Recorder
from transformers import BatchEncoding, GPT2LMHeadModel


class IdTokenizer:
    """The few methods of a tokenizer that Ecco calls, on texts such as "17 4 93"."""

    def __call__(self, text: str, return_tensors: str) -> BatchEncoding:
        ids = torch.tensor([[int(piece) for piece in text.split()]])
        return BatchEncoding({"input_ids": ids, "attention_mask": torch.ones_like(ids)})

    def decode(self, ids: torch.Tensor) -> str:
        return " ".join(str(int(token)) for token in ids)

    def convert_ids_to_tokens(self, ids: torch.Tensor) -> list[str]:
        return [str(token) for token in ids.tolist()]


def main() -> None:
    matplotlib.use("Agg")
    recorder = Recorder("ecco", "torch", "transformers", "captum")
    model = recorder.load(lambda: GPT2LMHeadModel.from_pretrained(recorder.checkpoint, output_hidden_states=True))
    language_model = LM(model, IdTokenizer(), "gpt2", load_config("gpt2"), verbose=False)

    def write(name: str) -> OutputSeq:
        ids, given = recorder.text(name)
        text = " ".join(map(str, ids[:given]))
        how = {"max_length": len(ids), "do_sample": False, "attribution": ["grad_x_input"]}
        return language_model.generate(text, **how)

    def rank(output: OutputSeq) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            output.rankings()
        matplotlib.pyplot.close("all")

    for name in (*SHORT, *LONG):
        tokens = {"answer": lambda output: output.token_ids[0].tolist()}
        recorder.measure(f"write and explain {name}", lambda: write(name), long=name in LONG, **tokens)
        if name == FIRST:
            recorder.memory()
    if "lens" in recorder.task["rows"]:
        output = write(FIRST)
        recorder.measure("lens", lambda: rank(output))


if __name__ == "__main__":
    main()
