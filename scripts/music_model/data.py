"""Bach's chorales as events, and which of them are held out.

Run:    .venv-oracle/bin/python scripts/music_model/data.py     (a few minutes)
Pinned: music21==10.5.1 (scripts/requirements-oracle.txt), whose corpus has the chorales
Out:    .out/music/chorales.json

Bach died in 1750: his music is in the public domain. music21 says of its corpus that it "assumes no copyright or change in
licensing for content distributed in the corpus", with the permission of those who encoded it; a file may name terms of its
own. Files that name rights, or another source, are left out. What is kept is what is sung: when which pitch begins and ends.

Four voices, at a quarter of 0.6 seconds. A melody has several settings, so all settings of one are held out together: a
melody is known by the intervals between its first eight different pitches.
"""

import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
from events import END, FIRST_PITCH, ID_OF, PITCHES_END, Note, encode
from music21 import converter, corpus, stream

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".out" / "music" / "chorales.json"
VOICES, QUARTER, VELOCITY = 4, 0.6, 80
SHORTEST, LONGEST = 16, 240  # quarters
CONTEXT = 512
LOWEST_MOVE, HIGHEST_MOVE = -5, 6


def names_terms(path: Path) -> bool:
    """Whether a file says whose it is, or where it is from."""
    if path.suffix != ".mxl":
        return True
    with zipfile.ZipFile(path) as packed:
        text = "".join(packed.read(name).decode(errors="replace") for name in packed.namelist())
    return "<rights" in text or "<source>" in text


def sung(part: stream.Part) -> list[tuple[float, float, int]]:
    """Start, end and pitch of each note of a voice in quarters, ties joined; of a divided voice the highest note."""
    found = []
    for note in part.stripTies().flatten().notes:
        if note.quarterLength > 0:
            start = float(note.offset)
            found.append((start, start + float(note.quarterLength), max(pitch.midi for pitch in note.pitches)))
    return found


def melody(voice: list[tuple[float, float, int]]) -> str:
    """What settings of one melody share."""
    pitches = [voice[0][2]]
    for _, _, pitch in voice:
        if pitch != pitches[-1]:
            pitches.append(pitch)
    return " ".join(str(b - a) for a, b in zip(pitches[:8], pitches[1:9]))


def held_out(tune: str) -> bool:
    """Whether a melody belongs to the eighth that is not trained on."""
    return zlib.crc32(tune.encode()) % 8 == 0


def read_chorales() -> list[dict]:
    """All chorales of four voices: name, melody, key as music21 finds it, events."""
    chorales = []
    for path in sorted(Path(path) for path in corpus.getComposer("bach")):
        if names_terms(path):
            continue
        score = converter.parse(path)
        parts = list(score.parts)
        if len(parts) != VOICES:
            continue
        voices = [sung(part) for part in parts]
        if not all(voices) or not SHORTEST <= max(note[1] for voice in voices for note in voice) <= LONGEST:
            continue
        notes = [
            Note(start * QUARTER, end * QUARTER, pitch, VELOCITY) for voice in voices for start, end, pitch in voice
        ]
        key = score.analyze("key")
        chorales.append({
            "name": path.stem,
            "melody": melody(voices[0]),
            "tonic": key.tonic.pitchClass,
            "mode": key.mode,
            "events": encode(notes),
        })
    return chorales


def load() -> tuple[list[dict], list[dict]]:
    """The chorales to train on and those held out. Settings that are the same event by event are one."""
    if not CACHE.exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        CACHE.write_text(json.dumps(read_chorales()), encoding="utf-8")
    unique = {" ".join(chorale["events"]): chorale for chorale in json.loads(CACHE.read_text(encoding="utf-8"))}
    chorales = list(unique.values())
    return [c for c in chorales if not held_out(c["melody"])], [c for c in chorales if held_out(c["melody"])]


def ids_of(events: list[str]) -> list[int]:
    """Ids of the events of a piece after the mark that ends every piece, and begins one."""
    return [ID_OF[END], *(ID_OF[event] for event in events)]


def moved(ids: np.ndarray, half_tones: int) -> np.ndarray:
    """The same music, higher or lower."""
    is_pitch = (ids >= FIRST_PITCH) & (ids < PITCHES_END)
    return np.where(is_pitch, ids + half_tones, ids)


if __name__ == "__main__":
    trained, kept = load()
    for name, part in [("to train on", trained), ("held out", kept)]:
        events = sum(len(chorale["events"]) for chorale in part)
        print(f"{name}: {len(part)} chorales of {len({c['melody'] for c in part})} melodies, {events:,} events")
