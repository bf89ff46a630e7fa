"""Music as MIDI files, events and sound, and what the model of chorales says: tests/goldens/music.json.

Run:    .venv-oracle/bin/python scripts/oracles/music_goldens.py     after every training of models/music
Pinned: mido==1.3.3 partitura==1.9.0 numpy==2.4.6 torch==2.13.0 transformers==5.23.0 (scripts/requirements-oracle.txt)

Files are written and read by mido: several tracks and tempos, running status, notes that overlap, percussion; when notes
end that a sustain pedal holds, partitura says. What our own writer wrote, tests/goldens/music_written.mid by music_file.ts, is read by mido too. Events are those of
scripts/music_model/events.py, which the model was trained with. Sound is computed by numpy, as src/music/sound.ts says it.
"""

import base64
import io
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import mido
import numpy as np
import partitura
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts" / "music_model"))
from events import Note, decode, encode  # noqa: E402

GOLDENS = ROOT / "tests" / "goldens"
RATE = 8000


def notes_of(file: mido.MidiFile) -> list[Note]:
    """Notes in seconds as mido plays them; the first that began of a pitch ends first, percussion is left out."""
    now, sounding, notes = 0.0, defaultdict(list), []
    for message in file:
        now += message.time
        if message.type not in ("note_on", "note_off") or message.channel == 9:
            continue
        open = sounding[message.channel, message.note]
        if message.type == "note_on" and message.velocity > 0:
            open.append((now, message.velocity))
        elif open:
            start, velocity = open.pop(0)
            if now > start:
                notes.append(Note(start, now, message.note, velocity))
    return sorted(notes, key=lambda note: (note.start, note.pitch))


def several_tracks() -> mido.MidiFile:
    """Three tracks; the tempo changes twice, once while notes sound."""
    file = mido.MidiFile(ticks_per_beat=96, type=1)
    tempo, upper, lower = (mido.MidiTrack() for _ in range(3))
    file.tracks += [tempo, upper, lower]
    for ticks, beats in [(0, 100), (240, 60), (96, 140.5)]:
        tempo.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(beats), time=ticks))
    upper.append(mido.MetaMessage("track_name", name="Träumerei ♪ <b>".encode("utf-8").decode("latin-1"), time=0))
    upper.append(mido.Message("program_change", channel=0, program=19, time=0))
    for pitch in [72, 74, 76, 77, 74]:
        upper.append(mido.Message("note_on", channel=0, note=pitch, velocity=pitch, time=0))
        upper.append(mido.Message("note_on", channel=0, note=pitch, velocity=0, time=96))  # as many files end notes
    for time, kind, pitch in [(0, "on", 48), (50, "on", 48), (40, "off", 48), (30, "off", 48), (10, "on", 9), (20, "off", 9)]:
        lower.append(mido.Message(f"note_{kind}", channel=3, note=pitch, velocity=90, time=time))
    for time, kind in [(0, "on"), (48, "off")]:
        lower.append(mido.Message(f"note_{kind}", channel=9, note=36, velocity=100, time=time))
    lower.append(mido.Message("pitchwheel", channel=3, pitch=200, time=0))
    lower.append(mido.Message("sysex", data=[1, 2, 3], time=0))
    lower.append(mido.Message("note_on", channel=3, note=50, velocity=70, time=5))  # never ended
    return file


def chords() -> mido.MidiFile:
    """One track at the tempo that files have which say none; notes of one pitch begin together in two channels."""
    file = mido.MidiFile(ticks_per_beat=480, type=0)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for chord in [[60, 64, 67], [60, 65, 69], [59, 62, 67, 79]]:
        for pitch in chord:
            track.append(mido.Message("note_on", channel=1, note=pitch, velocity=100, time=0))
        track.append(mido.Message("note_on", channel=2, note=chord[0], velocity=60, time=0))
        for i, pitch in enumerate(chord):
            track.append(mido.Message("note_off", channel=1, note=pitch, velocity=0, time=700 if i == 0 else 0))
        track.append(mido.Message("note_off", channel=2, note=chord[0], velocity=0, time=1350))
    return file


def pedal() -> mido.MidiFile:
    """A pedal that holds notes, one until its key is struck again; a key that is down while it goes up sounds on."""
    file = mido.MidiFile(ticks_per_beat=480, type=0)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(90), time=0)])
    file.tracks.append(track)
    for time, control, value in [
        (0, 60, 70), (100, "pedal", 127), (20, 64, 71), (100, 60, 0), (50, 64, 0), (90, 60, 72), (10, 67, 73), (40, 60, 0),
        (30, "pedal", 63), (200, 67, 0), (0, "pedal", 100), (10, 72, 74), (10, 72, 0), (300, "pedal", 0), (10, 50, 75), (400, 50, 0),
    ]:  # fmt: skip
        if control == "pedal":
            track.append(mido.Message("control_change", control=64, value=value, time=time))
        else:
            track.append(mido.Message("note_on", note=control, velocity=value, time=time))
    return file


def held_notes_of(data: bytes) -> list[Note]:
    """Notes in seconds to when they sound, as partitura has them."""
    with tempfile.NamedTemporaryFile(suffix=".mid") as file:
        Path(file.name).write_bytes(data)
        [part] = partitura.load_performance_midi(file.name).performedparts
    notes = [Note(float(n["note_on"]), float(n["sound_off"]), n["midi_pitch"], n["velocity"]) for n in part.notes]
    return sorted(notes, key=lambda note: (note.start, note.pitch))


def saved(file: mido.MidiFile) -> bytes:
    target = io.BytesIO()
    file.save(file=target)
    return target.getvalue()


def listed(notes: list[Note]) -> list[list[float]]:
    return [[round(note.start, 9), round(note.end, 9), note.pitch, note.velocity] for note in notes]


def tones(notes: list[Note]) -> np.ndarray:
    """Samples of 16 bits: four overtones, a swell of 20 ms, a fade, 80 ms after the end."""
    samples = np.zeros(round((max(note.end for note in notes) + 0.08) * RATE))
    for note in notes:
        first, length = round(note.start * RATE), note.end - note.start
        time = np.arange(min(len(samples) - first, round((length + 0.08) * RATE))) / RATE
        swell = np.minimum(1, time / 0.02) * np.minimum(1, np.maximum(0, (length + 0.08 - time) / 0.08))
        frequency = 440 * 2 ** ((note.pitch - 69) / 12)
        tone = sum(
            strength * np.sin(2 * np.pi * frequency * n * time)
            for n, strength in enumerate([1, 0.5, 0.25, 0.12], 1)
            if frequency * n < RATE / 2
        )
        samples[first : first + len(time)] += note.velocity / 127 * swell * np.exp(-time / 2.5) * tone
    return np.round(0.8 * 32767 * samples / np.abs(samples).max())


@torch.no_grad()
def said() -> dict:
    """Tokens, logits at the end of a prompt, and what is written greedily behind it."""
    folder = ROOT / "models" / "music"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    text = "velocity20 on55 on58 on67 on74 wait60 off55 off58 off67 off74 on57 on60 on65 on77 wait60"
    batch = tokenizer(text, return_tensors="pt")
    output = model(**batch)
    written = model.generate(**batch, max_new_tokens=48, do_sample=False, pad_token_id=1)
    return {
        "text": text,
        "tokenIds": batch.input_ids[0].tolist(),
        "logits": [round(float(x), 5) for x in output.logits[0, -1]],
        "written": tokenizer.decode(written[0, batch.input_ids.shape[1] :]),
    }


def main() -> None:
    files = {"several tracks": saved(several_tracks()), "chords": saved(chords()), "pedal": saved(pedal())}
    files["written by this package"] = (GOLDENS / "music_written.mid").read_bytes()
    cases = []
    for name, data in files.items():
        notes = held_notes_of(data) if name == "pedal" else notes_of(mido.MidiFile(file=io.BytesIO(data)))
        events = encode(notes)
        case = {"name": name, "file": base64.b64encode(data).decode(), "notes": listed(notes)}
        cases.append(case | {"events": " ".join(events), "decoded": listed(decode(events))})
    broken = "off60 on60 wait10 on60 velocity31 on61 wait100 wait100 off61 on62 off62 on127 wait1 velocity0 on0"
    played = [Note(0, 0.25, 60, 80), Note(0.05, 0.3, 67, 40), Note(0.1, 0.2, 105, 127)]
    report = {
        "files": cases,
        "faulty": {"events": broken, "decoded": listed(decode(broken.split()))},
        "sound": {"notes": listed(played), "samples": tones(played).astype(int).tolist()[::7]},
        "model": said(),
    }
    (GOLDENS / "music.json").write_text(json.dumps(report, ensure_ascii=False) + "\n", encoding="utf-8")
    print({case["name"]: len(case["notes"]) for case in cases}, report["model"]["written"])


if __name__ == "__main__":
    main()
