"""Listen to what the model of chorales wrote, as far as numbers can: beside what Bach wrote in the same places.

Run:    deno run -A scripts/music_model/play.ts && .venv-oracle/bin/python scripts/music_model/heard.py
Pinned: torch==2.13.0 transformers==5.23.0 music21==10.5.1 mido==1.3.3 numpy==2.4.6 (scripts/requirements-oracle.txt)
Out:    models/music/heard.json

The continuations are those of evaluate.py: 49 held-out chorales, 160 events given, 240 drawn. What was given is not counted.
- key: that which music21 finds for the notes (Krumhansl's profiles); how often it is that of the chorale, and how surely.
- dissonant: of the time that two notes sound together, the part at a second, a tritone or a seventh, octaves aside.
- range: the lowest and highest pitch, and the 5th and 95th percentile.
- rhythm: notes by length in quarters (0.6 s); `grid` is those that are whole sixteenths long and begin on one.
- top voice: how the highest pitch moves from one time at which notes begin to the next.
- parallels: of moves from one harmony of four pitches to the next, those with parallel fifths or octaves, voices by height.
- repeated: rows of four harmonies in which the continuation, or what was given, has been before.
- copied: the longest row of events that stands in a training chorale in one of the twelve keys.
One continuation, that of the notebook, is read back from its MIDI file and measured in its WAV file.
"""

import json
import wave
from collections import Counter

import mido
import numpy as np
import torch
from data import HIGHEST_MOVE, LOWEST_MOVE, QUARTER, ROOT, ids_of, load, moved
from evaluate import PROMPT, SEED, WRITTEN, continued_by_model
from events import VOCABULARY, Note, decode
from music21 import note as notation
from music21 import stream
from transformers import AutoModelForCausalLM

FOLDER = ROOT / "models" / "music"
PLAYED = ROOT / ".out" / "music"
DISSONANT = {1, 2, 6, 10, 11}
LENGTHS = {0.5: "eighth", 1: "quarter", 1.5: "dotted quarter", 2: "half"}


def words(ids: list[int]) -> list[str]:
    return [VOCABULARY[id] for id in ids[1:]]


def share(count: float, whole: float) -> float:
    return round(count / max(whole, 1e-9), 4)


def harmonies(notes: list[Note]) -> list[tuple[float, float, tuple[int, ...]]]:
    """Start, end and pitches of every stretch in which the same notes sound."""
    times = sorted({time for note in notes for time in (note.start, note.end)})
    return [
        (start, end, tuple(sorted(note.pitch for note in notes if note.start <= start and note.end >= end)))
        for start, end in zip(times, times[1:])
    ]


def struck(notes: list[Note]) -> list[tuple[int, ...]]:
    """The pitches that sound at each time at which a note begins."""
    begins = {note.start for note in notes}
    return [pitches for start, _, pitches in harmonies(notes) if start in begins and pitches]


class Ear:
    """Counts over pieces; what was given of one is heard for repetitions only."""

    def __init__(self, rows: set[tuple[int, ...]]) -> None:
        self.rows, self.counts, self.pitches, self.sure, self.copied = rows, Counter(), [], [], []

    def listen(self, before: list[int], after: list[int], tonic: int, mode: str) -> None:
        given, whole = decode(words(before)), decode(words([*before, *after]))
        begin = max(note.end for note in given)
        notes = [note for note in whole if note.start >= begin - 1e-6]
        self.key(notes, tonic, mode)
        self.pitches += [note.pitch for note in notes]
        for note in notes:
            quarters = (note.end - note.start) / QUARTER
            self.counts["notes"] += 1
            self.counts[LENGTHS.get(round(quarters, 2), "other length")] += 1
            self.counts["grid"] += all(abs(4 * time / QUARTER - round(4 * time / QUARTER)) < 0.1 for time in (note.start, note.end))
        self.together(notes)
        chords, earlier = struck(notes), struck(given)
        self.voices(chords)
        rows = [tuple(row) for row in zip(*([*earlier, *chords][i:] for i in range(4)))]
        new = rows[max(0, len(earlier) - 3) :]
        self.counts["rows"] += len(new)
        self.counts["repeated"] += sum(row in rows[: max(0, len(earlier) - 3) + i] for i, row in enumerate(new))
        self.copied.append(self.longest(after))

    def key(self, notes: list[Note], tonic: int, mode: str) -> None:
        part = stream.Part()
        for one in notes:
            part.insert(one.start / QUARTER, notation.Note(one.pitch, quarterLength=max(0.01, (one.end - one.start) / QUARTER)))
        found = part.analyze("key")
        self.counts["pieces"] += 1
        self.counts["same key"] += (found.tonic.pitchClass, found.mode) == (tonic, mode)
        self.sure.append(found.correlationCoefficient)

    def together(self, notes: list[Note]) -> None:
        for start, end, pitches in harmonies(notes):
            pairs = [(a, b) for i, a in enumerate(pitches) for b in pitches[i + 1 :]]
            self.counts["pairs"] += (end - start) * len(pairs)
            self.counts["dissonant"] += (end - start) * sum((b - a) % 12 in DISSONANT for a, b in pairs)
            self.counts["time"] += end - start
            self.counts["silence"] += (end - start) * (not pitches)

    def voices(self, chords: list[tuple[int, ...]]) -> None:
        for one, two in zip(chords, chords[1:]):
            leap = abs(two[-1] - one[-1])
            self.counts["moves"] += leap > 0
            self.counts["steps"] += 0 < leap <= 2
            self.counts["leaps"] += leap > 7
            if len(one) == len(two) == 4 and one != two:
                self.counts["changes"] += 1
                pairs = [(i, j) for i in range(4) for j in range(i + 1, 4) if one[i] != two[i] and one[j] != two[j]]
                alike = [(one[j] - one[i]) % 12 for i, j in pairs if one[j] - one[i] == two[j] - two[i]]
                self.counts["parallels"] += bool({0, 7} & set(alike))

    def longest(self, ids: list[int]) -> int:
        """Events of the longest row that was trained on; rows of 8 and more are known by their parts of 8."""
        known = [tuple(ids[i : i + 8]) in self.rows for i in range(len(ids) - 7)]
        run = best = 0
        for is_known in known:
            run = run + 1 if is_known else 0
            best = max(best, run)
        return best + 7 if best else 7

    def told(self) -> dict:
        of = self.counts
        lengths = {name: share(of[name], of["notes"]) for name in [*LENGTHS.values(), "other length"]}
        return {
            "notes": of["notes"],
            "sameKey": share(of["same key"], of["pieces"]),
            "keyCorrelation": round(float(np.mean(self.sure)), 3),
            "dissonant": share(of["dissonant"], of["pairs"]),
            "silence": share(of["silence"], of["time"]),
            "range": [int(x) for x in np.percentile(self.pitches, [0, 5, 95, 100])],
            "lengths": lengths,
            "grid": share(of["grid"], of["notes"]),
            "topVoice": {"steps": share(of["steps"], of["moves"]), "leaps": share(of["leaps"], of["moves"])},
            "parallels": share(of["parallels"], of["changes"]),
            "repeated": share(of["repeated"], of["rows"]),
            "copied": {"median": int(np.median(self.copied)), "most": max(self.copied)},
        }


def trained_rows(trained: list[dict]) -> set[tuple[int, ...]]:
    rows: set[tuple[int, ...]] = set()
    for chorale in trained:
        for move in range(LOWEST_MOVE, HIGHEST_MOVE + 1):
            ids = moved(np.array(ids_of(chorale["events"])[1:]), move).tolist()
            rows.update(zip(*(ids[i:] for i in range(8))))
    return rows


def played_file() -> dict:
    """The continuation of the notebook: its MIDI file against its events, and its sound against both."""
    now, open, read = 0.0, {}, []
    for message in mido.MidiFile(PLAYED / "continued.mid"):
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            open[message.channel, message.note] = now
        elif message.type in ("note_on", "note_off"):
            read.append((round(open.pop((message.channel, message.note)), 3), round(now, 3), message.note))
    notes = decode((PLAYED / "continued.txt").read_text(encoding="utf-8").split())
    with wave.open(str(PLAYED / "continued.wav")) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float) / 32768
    off = []
    for start, end, pitches in harmonies(notes):
        if end - start < 0.25:
            continue
        window = samples[round((start + 0.04) * rate) : round(end * rate)]
        power = np.abs(np.fft.rfft(window * np.hanning(len(window)), 2**16))
        for pitch in pitches:
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            low, high = (round(hertz * 2 ** (cents / 1200) * 2**16 / rate) for cents in (-50, 50))
            peak = low + int(np.argmax(power[low : high + 1]))
            off.append(abs(1200 * np.log2(peak * rate / 2**16 / hertz)))
    return {
        "notes": len(notes),
        "sameInMidi": sorted(read) == sorted((round(n.start, 3), round(n.end, 3), n.pitch) for n in notes),
        "seconds": round(len(samples) / rate, 2),
        "peak": round(float(np.abs(samples).max()), 3),
        "clipped": int((np.abs(samples) >= 32767 / 32768).sum()),
        "rms": round(float(np.sqrt((samples**2).mean())), 3),
        "tones": len(off),
        "centsOff": {"median": round(float(np.median(off)), 1), "within20": share(sum(x < 20 for x in off), len(off))},
    }


def main() -> None:
    trained, kept = load()
    model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()
    long = [chorale for chorale in kept if len(chorale["events"]) >= PROMPT + WRITTEN]
    prompts = [ids_of(chorale["events"])[: PROMPT + 1] for chorale in long]
    written = {
        "model": continued_by_model(model, prompts, np.random.default_rng(SEED)),
        "bach": [ids_of(chorale["events"])[PROMPT + 1 : PROMPT + 1 + WRITTEN] for chorale in long],
    }
    rows = trained_rows(trained)
    report = {}
    for name, continuations in written.items():
        ear = Ear(rows)
        for chorale, prompt, after in zip(long, prompts, continuations):
            ear.listen(prompt, after, chorale["tonic"], chorale["mode"])
        report[name] = ear.told()
    report["played"] = played_file()
    (FOLDER / "heard.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
