"""Measure the model of chorales on chorales that were held out, beside a Markov model and beside Bach.

Pinned: torch==2.13.0 transformers==5.23.0 music21==10.5.1 (scripts/requirements-oracle.txt). The float16 weights are read as
float32.

Loss: of all events of each chorale, 512 at most, in nats for an event. The Markov models count what follows the last 1 to
5 events of the same training chorales in the same twelve keys, and mix the orders after Witten and Bell.

Continuations: the first 160 events of each chorale are given, and 240 follow, drawn at temperature 1 from the likeliest
events that have 95 % of the probability together, by the model and by the best Markov model; and as Bach wrote them.
- in key: notes of the scale that music21 finds for the whole chorale; of minor, sixth and seventh may be raised.
- four voices: of the times at which a note begins, those at which four sound.
- chords: of the times at which a note begins and three different pitches sound, those that are a triad or a seventh chord.
- faults: events that end no note, or begin one that sounds, of all events that begin or end notes.
- repeated: times at which the same pitches sound as at the time before.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from data import CONTEXT, HIGHEST_MOVE, LOWEST_MOVE, ids_of, load, moved
from events import END, ID_OF, VOCABULARY
from torch.nn import functional
from transformers import AutoModelForCausalLM

PROMPT, WRITTEN, TOP_P, SEED = 160, 240, 0.95, 1750
ORDERS = 5
MAJOR, MINOR = {0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 9, 10, 11}
CHORDS = [{0, 4, 7}, {0, 3, 7}, {0, 3, 6}, {0, 4, 8}, {0, 4, 7, 10}, {0, 3, 7, 10}, {0, 4, 7, 11}, {0, 3, 6, 10}, {0, 3, 6, 9}]


class Markov:
    """What follows the last events, orders 0 to `order` mixed after Witten and Bell."""

    def __init__(self, pieces: list[list[int]], order: int) -> None:
        self.order = order
        self.counts: list[dict[tuple[int, ...], dict[int, int]]] = [{} for _ in range(order + 1)]
        for piece in pieces:
            for move in range(LOWEST_MOVE, HIGHEST_MOVE + 1):
                ids = moved(np.array(piece), move).tolist()
                for at in range(1, len(ids)):
                    for length in range(min(order, at) + 1):
                        seen = self.counts[length].setdefault(tuple(ids[at - length : at]), {})
                        seen[ids[at]] = seen.get(ids[at], 0) + 1

    def distribution(self, before: list[int], order: int) -> np.ndarray:
        """Probabilities of the next event."""
        mixed = np.full(len(VOCABULARY), 1 / len(VOCABULARY))
        for length in range(min(order, len(before)) + 1):
            seen = self.counts[length].get(tuple(before[len(before) - length :]))
            if not seen:
                break
            total, kinds = sum(seen.values()), len(seen)
            mixed *= kinds / (total + kinds)
            for id, count in seen.items():
                mixed[id] += count / (total + kinds)
        return mixed

    def losses(self, ids: list[int], order: int) -> list[float]:
        return [-float(np.log(self.distribution(ids[:at], order)[ids[at]])) for at in range(1, len(ids))]


def drawn(probabilities: np.ndarray, draw: np.random.Generator) -> int:
    """One of the likeliest that have TOP_P together."""
    order = np.argsort(-probabilities, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(probabilities[order]), TOP_P)) + 1]
    return int(draw.choice(kept, p=probabilities[kept] / probabilities[kept].sum()))


@torch.no_grad()
def continued_by_model(model, prompts: list[list[int]], draw: np.random.Generator) -> list[list[int]]:
    """What the model writes behind each prompt, all of one length; up to the end of a piece."""
    ids, cache, written = torch.tensor(prompts), None, [[] for _ in prompts]
    for _ in range(WRITTEN):
        output = model(ids, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        rows = output.logits[:, -1].double().softmax(-1).numpy()
        following = [drawn(row, draw) for row in rows]
        for row, id in zip(written, following):
            row.append(id)
        ids = torch.tensor(following)[:, None]
    return [row[: row.index(ID_OF[END])] if ID_OF[END] in row else row for row in written]


def continued_by_markov(markov: Markov, order: int, prompt: list[int], draw: np.random.Generator) -> list[int]:
    ids = list(prompt)
    while len(ids) < len(prompt) + WRITTEN:
        ids.append(drawn(markov.distribution(ids, order), draw))
        if ids[-1] == ID_OF[END]:
            return ids[len(prompt) : -1]
    return ids[len(prompt) :]


class Heard:
    """Counts of what a continuation sounds like."""

    def __init__(self) -> None:
        self.counts: Counter = Counter()

    def listen(self, before: list[int], after: list[int], tonic: int, mode: str) -> None:
        scale = {(tonic + step) % 12 for step in (MAJOR if mode == "major" else MINOR)}
        sounding: set[int] = set()
        last, begun = None, False
        for at, id in enumerate([*before, *after]):
            word = VOCABULARY[id]
            counted = at >= len(before)
            if word.startswith("wait"):
                if begun and counted:
                    last = self.chord(sounding, last)
                begun = False
            elif word.startswith(("on", "off")):
                pitch, begins = int(word.lstrip("onf")), word.startswith("on")
                self.counts["changes"] += counted
                self.counts["faults"] += counted and begins == (pitch in sounding)
                (sounding.add if begins else sounding.discard)(pitch)
                begun |= begins
                if counted and begins:
                    self.counts["notes"] += 1
                    self.counts["inKey"] += pitch % 12 in scale

    def chord(self, sounding: set[int], last: frozenset[int] | None) -> frozenset[int]:
        self.counts["times"] += 1
        self.counts["fourVoices"] += len(sounding) == 4
        self.counts["repeated"] += sounding == last
        classes = {pitch % 12 for pitch in sounding}
        if len(classes) >= 3:
            self.counts["harmonies"] += 1
            self.counts["chords"] += any(
                classes <= {(root + step) % 12 for step in chord} for root in range(12) for chord in CHORDS
            )
        return frozenset(sounding)

    def told(self) -> dict[str, float | int]:
        of = {"inKey": "notes", "fourVoices": "times", "chords": "harmonies", "faults": "changes", "repeated": "times"}
        shares = {name: round(self.counts[name] / max(1, self.counts[whole]), 4) for name, whole in of.items()}
        return {"notes": self.counts["notes"], **shares}


@torch.no_grad()
def model_losses(model, ids: list[int]) -> list[float]:
    logits = model(torch.tensor([ids[:-1]])).logits[0]
    return functional.cross_entropy(logits, torch.tensor(ids[1:]), reduction="none").tolist()


def evaluate(folder: Path) -> dict:
    """Loss and continuations."""
    trained, kept = load()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    whole = [[*ids_of(chorale["events"]), ID_OF[END]][: CONTEXT + 1] for chorale in kept]
    own = [loss for ids in whole for loss in model_losses(model, ids)]
    markov = Markov([[*ids_of(chorale["events"]), ID_OF[END]] for chorale in trained], ORDERS)
    orders = {order: float(np.mean([x for ids in whole for x in markov.losses(ids, order)])) for order in range(1, ORDERS + 1)}
    best = min(orders, key=orders.get)
    long = [c for c in kept if len(c["events"]) >= PROMPT + WRITTEN]
    prompts = [ids_of(chorale["events"])[: PROMPT + 1] for chorale in long]
    draw = np.random.default_rng(SEED)
    continuations = {
        "model": continued_by_model(model, prompts, draw),
        "markov": [continued_by_markov(markov, best, prompt, draw) for prompt in prompts],
        "bach": [ids_of(chorale["events"])[PROMPT + 1 : PROMPT + 1 + WRITTEN] for chorale in long],
    }
    measured = {}
    for name, written in continuations.items():
        heard = Heard()
        for chorale, prompt, after in zip(long, prompts, written):
            heard.listen(prompt, after, chorale["tonic"], chorale["mode"])
        measured[name] = heard.told()
    return {
        "parameters": model.num_parameters(),
        "chorales": {"trained": len(trained), "heldOut": len(kept)},
        "loss": {
            "events": len(own),
            "model": round(float(np.mean(own)), 4),
            "markov": {str(order): round(loss, 4) for order, loss in orders.items()},
        },
        "continuations": {"chorales": len(long), **measured},
    }
