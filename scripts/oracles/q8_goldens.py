"""What GPT-2 computes with 8-bit weights: a reference in PyTorch, and how far it is from float32.

Run:   .venv-oracle/bin/python scripts/oracles/q8_goldens.py [--corpus FOLDER]   (after gpt2_goldens.py)
       .venv-oracle/bin/python scripts/oracles/q8_goldens.py --families          (after family_goldens.py)
       .venv-oracle/bin/python scripts/oracles/q8_goldens.py --gradients         (after both)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt)
Out:   tests/goldens/q8/golden.safetensors, golden.json, held_out.txt; families.safetensors; gradients.safetensors

Every linear layer and the unembedding, y = x W, is replaced by what ONNX Runtime's MatMulNBits defines for 8 bits,
blocks of 32 along the inner axis, no zero points and accuracy level 4, in float64:

    W: scale = max|block| / 127 in float32, code = floor(w / scale + 1/2), used as code * scale
    x: the same by rows, but rounded half to even

Rounding counts as the identity in gradients, so that a product goes back with its rounded weight; the unembedding, where
it is the embedding, with the embedding. Embeddings, biases and LayerNorm stay as they are. Stored for each tiny checkpoint: the logits [T, V] of its long
prompt and continuation. Stored for the bundled model, over windows of 256 tokens of held_out.txt: the negative
log-likelihood of each token after the first [W, 255] and the best token at each place [W, 255], in float32 ("float") and
in 8 bits ("q8"); and the greedy continuations of some prompts.

gradients.safetensors has the maps of the same prompts, "<case>/logProb/gradientXInput/l2" and more as gpt2_goldens.py
has them.

held_out.txt is text that the bundled model was not trained on (blocks 13 and 33 of forty of Genesis, World English
Bible, and the beginning of the same blocks of the Grimms' Household Tales; both are in the public domain). It is
written from the folder of the training texts when that is given.
"""

import argparse
import json
from pathlib import Path

import torch
from anatomy import in_float64, load
from gpt2_goldens import GOLDENS, continue_greedily, saliency
from safetensors.torch import save_file
from torch import nn
from transformers import AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "goldens" / "q8"
FAMILIES = ["llama/grouped", "llama/multi_query_tied", "llama/odd", "gpt_neox/parallel", "opt/pre_norm"]
CASES = ["f32", "f16", "n_inner", "twelve_layers", "untied"]
BLOCK, WINDOW = 32, 256
GRIMM_CHARACTERS = 6000
TEXTS = ["The keys to the cabinet", "Anna gave the book to Tom. Tom thanked", "The capital of France is", "10, 20, 30,"]


def blocks_of(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The last axis in blocks, filled up with zeros, and the scale of each block."""
    padded = nn.functional.pad(x, (0, -x.shape[-1] % BLOCK))
    blocks = padded.unflatten(-1, (-1, BLOCK))
    scales = (blocks.abs().amax(-1, keepdim=True).float() / 127).double()
    return blocks, torch.where(scales == 0, 1.0, scales)


def rounded_weight(weight: torch.Tensor) -> torch.Tensor:
    """A weight [out, in] as its codes say."""
    blocks, scales = blocks_of(weight)
    return ((blocks / scales + 0.5).floor() * scales).flatten(-2)[..., : weight.shape[-1]]


def rounded_rows(x: torch.Tensor) -> torch.Tensor:
    """Rows as they enter a product."""
    blocks, scales = blocks_of(x)
    return ((blocks / scales).round() * scales).flatten(-2)[..., : x.shape[-1]]


class Product(torch.autograd.Function):
    """Rounded rows by a rounded weight, which goes back with `back` as if nothing had been rounded."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, weight: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
        ctx.back = back
        return nn.functional.linear(rounded_rows(x), weight)

    @staticmethod
    def backward(ctx, dy: torch.Tensor):
        return dy @ ctx.back, None, None


class Quantized(nn.Module):
    """A linear layer in 8 bits, of a weight [out, in]; `tied` when it is that of the embeddings."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, tied: bool = False) -> None:
        super().__init__()
        self.weight, self.bias = rounded_weight(weight), bias
        self.back = weight if tied else self.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x W + b."""
        y = Product.apply(x, self.weight, self.back)
        return y if self.bias is None else y + self.bias


def in_8_bits(model: nn.Module) -> nn.Module:
    """The same model in float64 with 8-bit products."""
    model = in_float64(model)
    with torch.no_grad():
        for block in model.transformer.h:
            for part, name in [
                (block.attn, "c_attn"),
                (block.attn, "c_proj"),
                (block.mlp, "c_fc"),
                (block.mlp, "c_proj"),
            ]:
                layer = getattr(part, name)
                setattr(part, name, Quantized(layer.weight.T.clone(), layer.bias))  # Conv1D holds [in, out]
        model.lm_head = Quantized(model.lm_head.weight.clone(), None, model.config.tie_word_embeddings)
    return model


def family_in_8_bits(model: nn.Module) -> nn.Module:
    """The same model of another family, whose linear layers hold [out, in]."""
    model = in_float64(model)
    with torch.no_grad():
        for name, layer in list(model.named_modules()):
            if isinstance(layer, nn.Linear):
                tied = layer is model.get_output_embeddings() and model.config.tie_word_embeddings
                model.set_submodule(name, Quantized(layer.weight.clone(), layer.bias, tied))
    return model


def logits_of(folder: Path, rounded) -> torch.Tensor:
    """The logits of a checkpoint's long prompt and continuation when `rounded` has seen the model."""
    prompt = json.loads((folder / "golden.json").read_text("utf-8"))["prompts"]["long"]
    ids = torch.tensor([prompt["tokenIds"]])
    model = load(folder)
    with torch.no_grad():
        logits = rounded(model)(ids).logits[0].float()
        difference = (logits - model(ids).logits[0]).abs().max()
    print(f"{folder.name}: 8 bits move a logit by at most {difference:.2g}")
    return logits


def write_families() -> None:
    """Write the goldens of families other than GPT-2."""
    root = ROOT / "tests" / "goldens"
    save_file({f"{name}/logits": logits_of(root / name, family_in_8_bits) for name in FAMILIES}, OUT / "families.safetensors")


def write_gradients() -> None:
    """Write the maps of GPT-2 and of the other families."""
    arrays = {}
    for case in CASES + FAMILIES:
        folder = ROOT / "tests" / "goldens" / case if case in FAMILIES else GOLDENS / case
        prompt = json.loads((folder / "golden.json").read_text("utf-8"))["prompts"]["long"]
        model = (family_in_8_bits if case in FAMILIES else in_8_bits)(load(folder))
        for name, scores in saliency(model, prompt["tokenIds"], prompt["positions"]).items():
            arrays[f"{case}/{name.removeprefix('saliency/')}"] = scores.float().contiguous()
    save_file(arrays, OUT / "gradients.safetensors")


def held_out_text(corpus: Path) -> str:
    """What of the training texts was held out, as scripts/bundled_model/generate_text.py splits them."""

    def held(name: str) -> str:
        paragraphs = [line.strip() for line in (corpus / name).read_text("utf-8").splitlines() if line.strip()]
        return "\n".join(text for i, text in enumerate(paragraphs) if 40 * i // len(paragraphs) in (13, 33))

    return f"{held('genesis_web.txt')}\n{held('grimm.txt')[:GRIMM_CHARACTERS]}\n"


def read_windows(model: nn.Module, windows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The negative log-likelihood of each token after the first of a window, and the best token there, [W, 255]."""
    with torch.no_grad():
        logits = torch.stack([model(window[None]).logits[0, :-1] for window in windows])
    nll = -logits.log_softmax(-1).gather(-1, windows[:, 1:, None])[..., 0]
    return nll.float(), logits.argmax(-1).int()


def main() -> None:
    """Write the goldens."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, help="the folder of the training texts, to write held_out.txt anew")
    parser.add_argument("--families", action="store_true", help="write those of families other than GPT-2 instead")
    parser.add_argument("--gradients", action="store_true", help="write the maps instead")
    options = parser.parse_args()
    if options.gradients:
        write_gradients()
        return
    if options.families:
        write_families()
        return
    OUT.mkdir(parents=True, exist_ok=True)
    if options.corpus:
        (OUT / "held_out.txt").write_text(held_out_text(options.corpus), "utf-8")
    arrays = {f"{case}/logits": logits_of(GOLDENS / case, in_8_bits) for case in CASES}

    model = load(ROOT / "models")
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "models")
    quantized = in_8_bits(model)
    ids = tokenizer((OUT / "held_out.txt").read_text("utf-8")).input_ids
    windows = torch.tensor(ids[: len(ids) // WINDOW * WINDOW]).view(-1, WINDOW)
    report = {"windows": len(windows), "prompts": []}
    for name, one in [("float", in_float64(model)), ("q8", quantized)]:
        nll, best = read_windows(one, windows)
        arrays |= {f"{name}/nll": nll, f"{name}/best": best}
        report[name] = {"perplexity": nll.double().mean().exp().item()}
    report["argmaxAgreement"] = (arrays["float/best"] == arrays["q8/best"]).double().mean().item()
    for text in TEXTS:
        prompt = tokenizer(text).input_ids
        written, margin = continue_greedily(quantized, prompt)
        same = written == continue_greedily(in_float64(model), prompt)[0]
        report["prompts"].append({"promptIds": prompt, "tokenIds": written, "smallestMargin": margin, "asFloat": same})
    save_file({name: array.contiguous() for name, array in arrays.items()}, OUT / "golden.safetensors")
    (OUT / "golden.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps({key: value for key, value in report.items() if key != "prompts"}))
    print([(entry["asFloat"], round(entry["smallestMargin"], 3)) for entry in report["prompts"]])


if __name__ == "__main__":
    main()
