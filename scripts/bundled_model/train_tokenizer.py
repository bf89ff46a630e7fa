"""Train the byte-level BPE vocabulary of the bundled model, in the form of GPT-2's own tokenizer.

Pinned: tokenizers==0.23.3, transformers==5.23.0 (scripts/requirements-oracle.txt). Reads the training text that
generate_text.py wrote; writes tokenizer.json and tokenizer_config.json, and checks that transformers reads them alike.
"""

import argparse
import json
import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

END_OF_TEXT = "<|endoftext|>"
CHECKS = ["1. Austria\n2. Belgium", " leading space, naïve 日本 🙂", f"one{END_OF_TEXT}two", "It's 3 + 4 = 7.\n\n  End"]


def train(texts: list[str], vocabulary_size: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size - 1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([END_OF_TEXT])  # after training, so that it takes the last id, as in GPT-2
    return tokenizer


def write_text(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=Path(".train"))
    parser.add_argument("--out", type=Path, default=Path("models"))
    parser.add_argument("--vocabulary-size", type=int, default=4096)
    parser.add_argument("--context", type=int, default=256)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    corpus = (options.text / "corpus.txt").read_text(encoding="utf-8").split(END_OF_TEXT)
    lines = (options.text / "synthetic.jsonl").read_text(encoding="utf-8").splitlines()
    synthetic = [json.loads(line)["text"] for line in lines]
    sample = random.Random(0).sample(synthetic, len(synthetic) // 12)
    tokenizer = train(corpus + sample, options.vocabulary_size)
    if tokenizer.token_to_id(END_OF_TEXT) != options.vocabulary_size - 1:
        raise ValueError(f"Cannot end the vocabulary at {END_OF_TEXT}: {tokenizer.get_vocab_size()} entries")

    write_text(options.out / "tokenizer.json", tokenizer.to_str(pretty=True))
    configuration = {
        "tokenizer_class": "GPT2TokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": options.context,
    }
    write_text(options.out / "tokenizer_config.json", json.dumps(configuration, indent=2) + "\n")

    loaded = AutoTokenizer.from_pretrained(options.out)
    for text in CHECKS:
        ids = tokenizer.encode(text).ids
        if loaded(text)["input_ids"] != ids or tokenizer.decode(ids, skip_special_tokens=False) != text:
            raise ValueError(f"Cannot read the tokenizer back as written: {text!r} gives {loaded(text)['input_ids']}")
    print(tokenizer.encode("The countries of the European Union are:\n1. Austria\n2. Belgium in February, Monday 27").tokens)


if __name__ == "__main__":
    main()
