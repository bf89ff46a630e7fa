"""Write a chorale as a MIDI file, from the events that the model reads.

Run:    .venv-oracle/bin/python scripts/music_model/midi.py bwv244.54 notebooks/14_chorale.mid
Pinned: mido==1.3.3 music21==10.5.1 (scripts/requirements-oracle.txt)
"""

import argparse
import json
from pathlib import Path

import mido
from data import CACHE, load
from events import decode

TICKS = 600  # of a quarter, which takes 0.6 seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="as music21 calls it")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    load()
    chorales = json.loads(CACHE.read_text(encoding="utf-8"))
    [events] = [chorale["events"] for chorale in chorales if chorale["name"] == options.name]
    changes = []
    for note in decode(events):
        changes.append((round(note.start * 1000), 1, note.pitch, 80))
        changes.append((round(note.end * 1000), 0, note.pitch, 0))
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=600_000)])
    now = 0
    for tick, _, pitch, velocity in sorted(changes):
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=tick - now))
        now = tick
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    file.tracks.append(track)
    file.save(options.out)


if __name__ == "__main__":
    main()
