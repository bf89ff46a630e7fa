"""Saliency by inseq 0.7.1: its input x gradient of the given continuation, one call for all targets of a text.

Run:   .out/inseq-venv/bin/python bench/peers/inseq_peer.py TASK
Pins:  inseq==0.7.1 (bench/peers/inseq_requirements.txt), on top of scripts/requirements-oracle.txt

inseq reads texts such as "17 4 93", whose words are token ids. The clock runs from the call of `attribute` to the end
of `aggregate`.
"""

import inseq
import torch
from peer import FIRST, LONG, SHORT, Recorder
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast


def id_tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    """Words are ids. inseq wants special tokens, and leaves them out: the last id stands for all of them."""
    special = str(vocabulary - 1)
    tokenizer = Tokenizer(models.WordLevel({str(i): i for i in range(vocabulary)}, unk_token=special))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {f"{kind}_token": special for kind in ("bos", "eos", "pad", "unk")}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def explain(model, ids: list[int], given: int) -> list[float]:
    """The normalised rows of all tokens after the given ones, `[N, T]`."""
    prompt, text = (" ".join(map(str, some)) for some in (ids[:given], ids))
    output = model.attribute(prompt, text, show_progress=False, pretty_progress=False)
    attribution = output.sequence_attributions[0]
    columns = attribution.aggregate().target_attributions.nan_to_num()  # [tokens, targets]
    read = [token.id for token in attribution.target]
    if read != ids:
        if read[-len(ids) :] != ids:
            raise ValueError("inseq read other tokens")
        columns = columns[-len(ids) :]
    return columns.T.flatten().tolist()


def main() -> None:
    recorder = Recorder("inseq", "captum", "torch", "transformers")
    torch.manual_seed(0)
    model = recorder.load(lambda: GPT2LMHeadModel.from_pretrained(recorder.checkpoint))
    loaded = inseq.load_model(model, "input_x_gradient", tokenizer=id_tokenizer(model.config.vocab_size))
    for name in (*SHORT, *LONG):
        ids, given = recorder.text(name)
        work = {"work": lambda: explain(loaded, ids, given), "answer": lambda rows: rows}
        recorder.measure(f"explain {name}", long=name in LONG, **work)
        if name == FIRST:
            recorder.memory()


if __name__ == "__main__":
    main()
