"""Train the model of dates from nothing on one CPU core, and measure it on dates that were held out.

Run:    .venv-oracle/bin/python scripts/date_model/train.py
Pinned: torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:    models/dates/, the whole folder but README.md

The original Transformer, as Marian has it: sinusoids, norms after each half, ReLU. A word is a token, a digit is one. One
seed decides everything; the weights are stored as float16 and evaluated as stored.

Of the heads of cross-attention one is guided, as Marian's --guided-alignment does: its weights on the words that say the
year, while the year is written, are to add up to 1, and so for month and day. Which of the words, and what the other heads
do, is for training to find.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import transformers
from data import FORMATS, Example, draw_date, write
from evaluate import FIELDS, evaluate, token_fields
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
END, PAD = "</s>", "<pad>"
END_ID, PAD_ID = 0, 1
LONGEST, LONGEST_DATE = 64, 12
GUIDED_HEAD, GUIDANCE = 0, 0.1
# Qwen2's: a word with the space before it, each digit by itself.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(texts: Iterator[str]) -> Tokenizer:
    """A byte-level BPE whose merges join every word that dates are written with."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2000, special_tokens=[END, PAD], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(f"$A {END}", special_tokens=[(END, END_ID)])
    return tokenizer


def configuration(vocabulary: int) -> MarianConfig:
    """Sizes, and the original's choices."""
    return MarianConfig(
        vocab_size=vocabulary,
        d_model=64,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        activation_function="relu",
        scale_embedding=True,
        max_position_embeddings=LONGEST,
        dropout=0.05,
        eos_token_id=END_ID,
        forced_eos_token_id=None,
        pad_token_id=PAD_ID,
        decoder_start_token_id=PAD_ID,
        init_std=0.08,
    )


def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
    """Rows of one length."""
    longest = max(map(len, rows))
    return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])


def batches(tokenizer: Tokenizer, size: int, seed: int) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
    """Endless examples of dates that are not held out, and which source tokens say what a digit is of [B, T, E]."""
    draw = random.Random(seed)
    while True:
        examples = [write(draw_date(draw, of_held_out=False), draw) for _ in range(size)]
        sources = tokenizer.encode_batch([example.source for example in examples])
        targets = [encoding.ids for encoding in tokenizer.encode_batch([example.target for example in examples])]
        ids = padded([encoding.ids for encoding in sources], PAD_ID)
        told = torch.zeros(size, len(targets[0]), ids.shape[1])
        for row, (example, encoding) in enumerate(zip(examples, sources)):
            fields = token_fields(example, encoding.offsets)
            for at, field in enumerate(FIELDS):
                if field:
                    told[row, at, : len(fields)] = torch.tensor([float(own == field) for own in fields])
        yield {"input_ids": ids, "attention_mask": (ids != PAD_ID).long(), "labels": padded(targets, -100)}, told


def misaligned(cross_attention: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    """-ln of the guided head's weight on the right words, on average over digits."""
    weight = (cross_attention[:, GUIDED_HEAD] * told).sum(-1)
    return -weight[told.any(-1)].clamp_min(1e-9).log().mean()


def train(model: MarianMTModel, tokenizer: Tokenizer, steps: int, size: int, seed: int) -> None:
    """Adam; the rate goes up for a while and down to zero along a line."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0, betas=(0.9, 0.98), weight_decay=0.01)
    model.train()
    start = time.monotonic()
    for step, (batch, told) in zip(range(steps), batches(tokenizer, size, seed)):
        rate = 3e-3 * min((step + 1) / 400, 1.0, (steps - step) / (0.7 * steps))
        optimizer.param_groups[0]["lr"] = rate
        output = model(**batch, output_attentions=True)
        loss = output.loss + GUIDANCE * misaligned(output.cross_attentions[0], told)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 500 == 0:
            print(f"step {step + 1}: loss {loss.item():.4f}, {time.monotonic() - start:.0f} s", flush=True)


def save(model: MarianMTModel, tokenizer: Tokenizer, folder: Path) -> None:
    """The folder as transformers reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    model.generation_config = transformers.GenerationConfig(
        decoder_start_token_id=PAD_ID, eos_token_id=END_ID, pad_token_id=PAD_ID, max_new_tokens=LONGEST_DATE
    )
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    inputs = ["input_ids", "attention_mask"]
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, model_max_length=LONGEST, model_input_names=inputs
    )
    fast.save_pretrained(folder)
    # The name that transformers 4 knows as well.
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def samples(count: int, seed: int) -> Iterator[str]:
    """Texts to learn words from."""
    draw = random.Random(seed)
    for _ in range(count):
        example: Example = write(draw_date(draw, of_held_out=False), draw)
        yield example.source
        yield example.target


def main() -> None:
    """Train, store, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "dates")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1984)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = train_tokenizer(samples(20_000, options.seed))
    model = MarianMTModel._from_config(configuration(tokenizer.get_vocab_size()), attn_implementation="eager")
    start = time.process_time()
    train(model, tokenizer, options.steps, options.batch, options.seed + 1)
    seconds = time.process_time() - start
    save(model, tokenizer, options.out)
    told = {
        "parameters": model.num_parameters(),
        "seed": options.seed,
        "steps": options.steps,
        "batch": options.batch,
        "cpuSeconds": round(seconds),
        "formats": list(FORMATS),
    }
    report = told | evaluate(options.out)
    (options.out / "evaluation.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
