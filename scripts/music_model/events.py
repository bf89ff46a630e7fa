"""Music as events: note-on, note-off, time-shift and velocity, the performance encoding.

After Oore et al., "This Time with Feeling: Learning Expressive Musical Performance" (https://arxiv.org/abs/1808.03715),
and the Music Transformer (https://arxiv.org/abs/1809.04281), with the names of the words that the tokenizer knows:

    on0 ... on127          a note begins
    off0 ... off127        it ends
    wait1 ... wait100      time passes, in steps of 10 ms; longer waits are several
    velocity0 ... velocity31   how hard the notes after it are struck, in steps of 4

At one time notes end before others begin, both from the lowest to the highest. A key of a keyboard can be down once: of
notes of one pitch that begin together the longest is kept, and one that sounds when the next begins ends there.
"""

from dataclasses import dataclass

STEPS_PER_SECOND, LONGEST_WAIT, PITCHES, VELOCITIES = 100, 100, 128, 32
UNKNOWN, END = "[UNK]", "[END]"
VOCABULARY = [
    UNKNOWN,
    END,
    *(f"on{pitch}" for pitch in range(PITCHES)),
    *(f"off{pitch}" for pitch in range(PITCHES)),
    *(f"wait{steps}" for steps in range(1, LONGEST_WAIT + 1)),
    *(f"velocity{bin}" for bin in range(VELOCITIES)),
]
ID_OF = {word: id for id, word in enumerate(VOCABULARY)}
# Ids in this range are pitches, note-on before note-off.
FIRST_PITCH, PITCHES_END = ID_OF["on0"], ID_OF["wait1"]


@dataclass(frozen=True, order=True)
class Note:
    """A note: when it begins and ends in seconds, its pitch (60 is the middle C) and how hard it is struck, 1 to 127."""

    start: float
    end: float
    pitch: int
    velocity: int


def step_of(seconds: float) -> int:
    """The nearest step; halves go up."""
    return int(seconds * STEPS_PER_SECOND + 0.5)


def keys_down(notes: list[Note]) -> list[tuple[int, int, int, int]]:
    """Start and end in steps, pitch, bin of velocity; never two of a pitch at a time."""
    kept: list[tuple[int, int, int, int]] = []
    for pitch in sorted({note.pitch for note in notes}):
        own: list[list[int]] = []
        stepped = (
            (step_of(note.start), max(step_of(note.end), step_of(note.start) + 1), note.velocity // 4)
            for note in notes
            if note.pitch == pitch
        )
        for start, end, bin in sorted(stepped):
            if own and own[-1][0] == start:
                own[-1][1:] = [end, bin]
                continue
            if own:
                own[-1][1] = min(own[-1][1], start)
            own.append([start, end, bin])
        kept += [(start, end, pitch, bin) for start, end, bin in own]
    return kept


def encode(notes: list[Note]) -> list[str]:
    """The events of notes; time begins with the first of them."""
    changes = []
    for start, end, pitch, bin in keys_down(notes):
        changes += [(start, 1, pitch, bin), (end, 0, pitch, bin)]
    changes.sort()
    events: list[str] = []
    now, struck = changes[0][0] if changes else 0, -1
    for step, begins, pitch, bin in changes:
        while step > now:
            wait = min(step - now, LONGEST_WAIT)
            events.append(f"wait{wait}")
            now += wait
        if begins and bin != struck:
            events.append(f"velocity{bin}")
            struck = bin
        events.append(f"{'on' if begins else 'off'}{pitch}")
    return events


def decode(events: list[str]) -> list[Note]:
    """The notes of events, in order of their start and pitch. What is not ended ends with the music."""
    now, velocity = 0, 64
    sounding: dict[int, tuple[int, int]] = {}
    notes: list[Note] = []

    def stop(pitch: int) -> None:
        if pitch in sounding:
            start, struck = sounding.pop(pitch)
            if now > start:
                notes.append(Note(start / STEPS_PER_SECOND, now / STEPS_PER_SECOND, pitch, struck))

    for event in events:
        kind, number = event.rstrip("0123456789"), event[len(event.rstrip("0123456789")) :]
        if kind == "wait":
            now += int(number)
        elif kind == "velocity":
            velocity = int(number) * 4 + 2
        elif kind == "off":
            stop(int(number))
        elif kind == "on":
            stop(int(number))
            sounding[int(number)] = (now, velocity)
    for pitch in list(sounding):
        stop(pitch)
    return sorted(notes, key=lambda note: (note.start, note.pitch))
