"""Make the changes of change_goldens.py with TransformerLens itself, by its hooks, on tiny GPT-2 checkpoints.

Run:   <environment>/bin/python scripts/oracles/transformer_lens_changes.py   (after change_goldens.py)
Pins:  torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 (scripts/requirements-oracle.txt), and beside them
       transformer-lens==2.18.0, the last major version with HookedTransformer, with what it imports: installed by
       pip install --no-deps, as its own pins name older ones
Out:   tests/goldens/gpt2/<case>/transformer_lens_changes.safetensors, transformer_lens_changes.json

HookedTransformer computes in float64 from the same weights, nothing folded into others. Places are its hook points, with
which nothing is shared with changes.py but the names. For K cases and V tokens in the vocabulary:

    logits                                  F32 [K, V]         at the last position
"""

import json

import torch
from family_checkpoints import GOLDENS
from safetensors.torch import load_file, save_file
from transformer_lens_goldens import hooked

CASES = ["gpt2/f32", "gpt2/twelve_layers"]
POINTS = {
    "resid_mid": "hook_resid_mid",
    "pattern": "attn.hook_pattern",
    "z": "attn.hook_z",
    "attn_out": "hook_attn_out",
    "neurons": "mlp.hook_post",
    "mlp_out": "hook_mlp_out",
}


def point(site: str, layers: int) -> str:
    """The hook point of a place."""
    kind, _, layer = site.partition(".")
    if kind == "embed":
        return "hook_embed"
    if kind == "resid":
        last = int(layer) == layers
        return f"blocks.{layers - 1}.hook_resid_post" if last else f"blocks.{layer}.hook_resid_pre"
    return f"blocks.{layer}.{POINTS[kind]}"


def hook_of(change: dict, arrays: dict[str, torch.Tensor]):
    """What a hook does with what is at a place: [1, T, W], [1, T, H, D] or [1, H, T, S]."""
    numbers = {kind: change[kind] for kind in ("scale", "add", "set") if kind in change}
    (kind, given), = numbers.items()
    given = arrays[given] if isinstance(given, str) else torch.tensor(given, dtype=torch.float32)
    given = given.double()

    def on_rows(value: torch.Tensor, hook):
        T = value.shape[1]
        value = value.clone()
        named = change.get("positions", list(range(T)))
        kept = [(k, position) for k, position in enumerate(named) if position < T]
        units = change.get("heads", change.get("neurons", list(range(value.shape[2]))))
        for k, position in kept:
            own = value[0, position, units]
            row = given if given.dim() < 2 else given[k]
            if kind == "scale":
                value[0, position, units] = own * given
            else:
                row = row.reshape(own.shape)
                value[0, position, units] = own + row if kind == "add" else row
        return value

    def on_pattern(value: torch.Tensor, hook):
        value = value.clone()
        rows = given if given.dim() == 3 else given[None].expand(value.shape[1], -1, -1)
        T, size = value.shape[2], rows.shape[1]
        for k, head in enumerate(change.get("heads", range(value.shape[1]))):
            for query in change.get("positions", range(min(T, size))):
                value[0, head, query] = 0
                value[0, head, query, :size] = rows[k, query, :T]
        return value

    return on_pattern if change["site"].startswith("pattern") else on_rows


@torch.no_grad()
def make_case(name: str) -> None:
    """Store what TransformerLens says, and how far it is from the other oracle."""
    folder = GOLDENS / name
    golden = json.loads((folder / "changes.json").read_text())
    arrays = load_file(folder / "changes.safetensors")
    model = hooked(GOLDENS / name)
    ids = torch.tensor([golden["tokenIds"]])
    found = []
    for case in golden["cases"]:
        hooks = [(point(one["site"], model.cfg.n_layers), hook_of(one, arrays)) for one in case["changes"]]
        found.append(model.run_with_hooks(ids, fwd_hooks=hooks, prepend_bos=False)[0])
    logits = torch.stack(found)
    off = float((logits - arrays["logits"]).abs().max())
    assert off < 2e-6, (name, off)
    save_file({"logits": logits[:, -1].float().contiguous()}, folder / "transformer_lens_changes.safetensors")
    metadata = {
        "producer": "scripts/oracles/transformer_lens_changes.py",
        "versions": {"torch": torch.__version__, "transformer-lens": "2.18.0"},
        "reference": "float64, rounded to float32",
        "cases": [case["name"] for case in golden["cases"]],
        "maxAbsDifferenceToPyTorch": off,
    }
    (folder / "transformer_lens_changes.json").write_text(json.dumps(metadata, indent=1) + "\n")
    print(f"{name}: {len(found)} cases, {off:.1e} from PyTorch")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in CASES:
        make_case(case)
