"""transformers in PyTorch: greedy decoding with `generate`, saliency as a loop of one forward and one backward pass for
each target, the logit lens on `output_hidden_states`, activation patching by hooks, one run for each layer and position,
the gradients of all heads and neurons in one backward pass; and scikit-learn's NMF of the neurons, which Ecco uses too.

Run:   .venv-oracle/bin/python bench/peers/transformers_peer.py TASK
Pins:  torch==2.13.0 transformers==5.23.0 scikit-learn==1.9.1 (scripts/requirements-oracle.txt)

The loop is as fast as a loop can be: the weights need no gradient and only the last row gets logits. It computes the L2
norm of gradient x embedding of the log-probability.
"""

import time

import torch
from peer import CONTRAST, FIRST, TARGET, Recorder, corrupted
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel, LogitsProcessor, LogitsProcessorList, PreTrainedModel


class StepClock(LogitsProcessor):
    """Notes when the logits of each new token are there."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.times.append(time.perf_counter())
        return scores


def write(model: PreTrainedModel, prompts: list[list[int]], new_tokens: int) -> tuple[list[int], list[float]]:
    """The last text with its greedy continuation, and the seconds of each step after the first."""
    clock = StepClock()
    ids = torch.tensor(prompts)
    output = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=new_tokens,
        do_sample=False,
        logits_processor=LogitsProcessorList([clock]),
    )
    return output[-1].tolist(), [after - before for before, after in zip(clock.times, clock.times[1:])]


def scores(model: PreTrainedModel, ids: list[int], position: int) -> torch.Tensor:
    """The saliency of one target."""
    x = model.get_input_embeddings().weight[torch.tensor(ids[:position])].clone().requires_grad_()
    logits = model(inputs_embeds=x[None], use_cache=False, logits_to_keep=1).logits[0, -1]
    (gradient,) = torch.autograd.grad(logits.log_softmax(-1)[ids[position]], x)
    return (gradient * x.detach()).norm(dim=-1)


def ranks(model: GPT2LMHeadModel, ids: list[int], given: int) -> list[int]:
    """The rank of each written token after each block, `[L, N]`: the logit lens, with ln_f."""
    with torch.no_grad():
        states = model.transformer(torch.tensor([ids[:-1]]), output_hidden_states=True, use_cache=False).hidden_states
        rows = torch.stack([state[0, given - 1 :] for state in states[1:]])
        read = torch.cat([model.transformer.ln_f(rows[:-1]), rows[-1:]])  # the last one is normalised already
        logits = model.lm_head(read)
        own = logits.gather(-1, torch.tensor(ids[given:])[None, :, None].expand(len(rows), -1, 1))
        return (1 + (logits > own).sum(-1)).flatten().tolist()


def neurons(model: GPT2LMHeadModel, ids: list[int]) -> torch.Tensor:
    """The activations of all MLPs, `[T, L * 4C]`, negative ones clipped."""
    seen = []
    hooks = [
        block.mlp.act.register_forward_hook(lambda *call: seen.append(call[-1][0])) for block in model.transformer.h
    ]
    with torch.no_grad():
        model(torch.tensor([ids]), use_cache=False)
    for hook in hooks:
        hook.remove()
    return torch.cat(seen, dim=-1).clamp(min=0)


def patch(model: GPT2LMHeadModel, ids: list[int]) -> list[float]:
    """The difference of two logits of the corrupted text with each row of the residual stream from the clean one."""
    clean, found = [], []
    blocks = model.transformer.h
    with torch.no_grad():
        hooks = [block.register_forward_pre_hook(lambda _, args: clean.append(args[0].clone())) for block in blocks]
        model(torch.tensor([ids]), use_cache=False, logits_to_keep=1)
        for hook in hooks:
            hook.remove()
        tokens = torch.tensor([corrupted(ids)])
        for block, states in zip(blocks, clean):
            for t in range(len(ids)):

                def replace(_, args):
                    args[0][:, t] = states[:, t]

                hook = block.register_forward_pre_hook(replace)
                logits = model(tokens, use_cache=False, logits_to_keep=1).logits[0, -1]
                hook.remove()
                found.append(float(logits[TARGET] - logits[CONTRAST]))
    return found


def attribute(model: GPT2LMHeadModel, ids: list[int]) -> list[float]:
    """Activation x gradient of the difference of two logits, summed over each head, then over each neuron."""
    seen = {"heads": [], "neurons": []}

    def keep(name: str):
        def hook(_, args):
            x = args[0] if args[0].requires_grad else args[0].requires_grad_()
            x.retain_grad()
            seen[name].append(x)

        return hook

    hooks = []
    for block in model.transformer.h:
        hooks.append(block.attn.c_proj.register_forward_pre_hook(keep("heads")))
        hooks.append(block.mlp.c_proj.register_forward_pre_hook(keep("neurons")))
    logits = model(torch.tensor([ids]), use_cache=False, logits_to_keep=1).logits[0, -1]
    (logits[TARGET] - logits[CONTRAST]).backward()
    for hook in hooks:
        hook.remove()
    products = {name: [(x.detach() * x.grad)[0].sum(0) for x in all] for name, all in seen.items()}
    heads = [x.view(model.config.n_head, -1).sum(-1) for x in products["heads"]]
    return torch.cat([*heads, *products["neurons"]]).tolist()


def measure_factors(recorder: Recorder, model: GPT2LMHeadModel) -> None:
    """Ten factors, by scikit-learn with its defaults."""
    if "factors" not in recorder.task["rows"]:
        return
    from sklearn.decomposition import NMF

    matrix = neurons(model, recorder.text("16 of 64")[0]).numpy()

    def factor() -> NMF:
        nmf = NMF(n_components=10)
        nmf.fit_transform(matrix)
        return nmf

    norm = float((matrix.astype("float64") ** 2).sum() ** 0.5)
    recorder.measure("factors", factor, answer=lambda nmf: [float(nmf.reconstruction_err_) / norm])


def load(checkpoint: str) -> PreTrainedModel:
    """The model, and its tokenizer, which ours reads too when it loads."""
    AutoTokenizer.from_pretrained(checkpoint)
    return AutoModelForCausalLM.from_pretrained(checkpoint)


def main() -> None:
    recorder = Recorder("torch", "transformers", "scikit-learn")
    model = recorder.load(lambda: load(recorder.checkpoint)).requires_grad_(False)
    for name in recorder.names:
        ids, given = recorder.text(name)
        written = lambda: write(model, [ids[:given]], len(ids) - given)
        recorder.measure(f"write {name}", written, long=True, answer=lambda result: result[0])
    ids, given = recorder.text(FIRST)
    times = {"seconds": lambda result: result[1], "answer": lambda result: result[0]}
    recorder.measure("decode", lambda: write(model, [ids[:given]], len(ids) - given), **times)
    recorder.explain(lambda ids, position: scores(model, ids, position))
    if not isinstance(model, GPT2LMHeadModel):
        return  # what follows knows where the parts of GPT-2 are
    each = {**times, "seconds": lambda result: [seconds / 8 for seconds in result[1]]}
    recorder.measure("batch", lambda: write(model, [ids[:given]] * 8, len(ids) - given), **each)
    long, prompt = recorder.text("16 of 512")
    recorder.measure("prefill", lambda: write(model, [long[:prompt]], 1), answer=lambda result: result[0])
    recorder.measure("lens", lambda: ranks(model, ids, given), answer=lambda result: result)
    recorder.measure("patch", lambda: patch(model, ids), long=True, answer=lambda result: result)
    recorder.measure("attribute", lambda: attribute(model, ids), answer=lambda result: result)
    measure_factors(recorder, model)


if __name__ == "__main__":
    main()
