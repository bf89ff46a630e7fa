"""Run the tiny checkpoints of the other families through transformers, and store the same as of GPT-2's.

Run:   .venv-oracle/bin/python scripts/oracles/family_goldens.py [family...]   (after family_checkpoints.py)
Pins:  torch==2.13.0 transformers==5.23.0 captum==0.9.0 safetensors==0.8.0 tuned-lens==0.2.0
       (scripts/requirements-oracle.txt)
Out:   tests/goldens/<family>/<case>/golden.json, golden.safetensors; predictions.json, predictions.safetensors;
       batch.json; beams.json, for every case that continues texts

The files are those of gpt2_goldens.py, prediction_goldens.py, batch_goldens.py and beam_goldens.py, whose headers say
what they hold, with these differences:

- The prompt `long` has 13 tokens.
- `activations` are the input of down_proj, dense_4h_to_h or fc2: with a gate, act(gate) * up.
- `hiddenStates` end before the final norm, unlike those that transformers returns.
- In a block whose halves are parallel (gpt_neox/parallel), the depth after the attention is its input plus what the
  attention adds.
- `tunedLensMaxAbsDifference` is null where the tuned lens package does not know the family.
- beams.json has few runs, all with 3 beams.

transformers computes norms, rotations and softmax in float32 whatever the weights are; the reference does so in
float64, frequencies included. Where there is a config_v4.json, it gives the same logits.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import batch_goldens
import beam_goldens
import gpt2_goldens
import prediction_goldens
import torch
import transformers
from anatomy import load
from family_checkpoints import CASES, Case
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

PRODUCER = "scripts/oracles/family_goldens.py"
LONG = 13


def beam_settings(often: list[int]) -> list[dict]:
    """Three beams: what a run asks for by default, and what changes how texts end and are judged."""
    base = {"num_beams": 3, "max_new_tokens": 8, "eos_token_id": [0, *often[:2]]}
    return [
        base,
        base | {"length_penalty": 0.0, "early_stopping": True},
        base | {"length_penalty": 2.0, "early_stopping": "never"},
    ]


@torch.no_grad()
def check_version_4(folder: Path) -> None:
    """Holds the older config to the same logits."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(folder / "model.safetensors", name)
        shutil.copy(folder / "config_v4.json", Path(name) / "config.json")
        ids = torch.arange(1, 40)[None]
        assert torch.equal(load(Path(name))(ids).logits, load(folder)(ids).logits), folder


def check_telling(folder: Path) -> None:
    """Even attention or small gradients would hide mistakes, and what float32 cannot compute would find none."""
    stored = load_file(folder / "golden.safetensors")
    patterns = stored["long/attention"][:, :, -1]
    strongest = float(patterns.max(-1).values.mean())
    score = float(stored["long/saliency/logit/gradientXInput/sum"].abs().max())
    metadata = json.loads((folder / "golden.json").read_text())
    rounding = max(array["maxAbsDifference"] / max(1, array["maxAbs"]) for array in metadata["float32"].values())
    assert strongest > 3 / patterns.shape[-1] and score > 0.3 and rounding < 5e-6, (folder, strongest, score, rounding)
    print(f"{folder.name}: largest weight {strongest:.2f} on average, largest score {score:.1f}, rounding {rounding:.1e}")


def make_case(case: Case) -> None:
    """Store everything about one checkpoint."""
    gpt2_goldens.make_case(case.folder, case.seed, PRODUCER, LONG)
    check_telling(case.folder)
    prediction_goldens.tiny(case.folder, producer=PRODUCER)
    batch_goldens.make_case(case.folder, case.seed + 900, PRODUCER)
    beam_goldens.make_case(case.folder, case.seed + 1300, PRODUCER, beam_settings)
    if case.version_4:
        check_version_4(case.folder)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for case in CASES:
        if case.kind is AutoModelForCausalLM and (not wanted or case.family in wanted):
            make_case(case)
