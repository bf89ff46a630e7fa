/** MIDI files against mido and partitura, and what is no MIDI file. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { type Note, readMidi, writeMidi } from "../../mod.ts";
import { counted } from "../support/counted.ts";
import { GOLDEN, noteOf } from "./golden.ts";
import { header, text, track } from "./smf.ts";
import { WRITTEN } from "./written.ts";

const ALL = { leaveOut: ["percussion", "bends", "sostenuto", "unended", "instant"] } as const;
const FILES = GOLDEN.files.map(({ file }) => Uint8Array.fromBase64(file));

function areClose(found: readonly Note[], expected: readonly Note[]): void {
  equal(found.length, expected.length);
  found.forEach((note, i) => {
    const { start, end, pitch, velocity } = expected[i]!;
    deepEqual([note.pitch, note.velocity], [pitch, velocity], `note ${i}`);
    ok(
      Math.abs(note.start - start) < 1e-6 && Math.abs(note.end - end) < 1e-6,
      `note ${i}: ${note.start} to ${note.end}`,
    );
  });
}

Deno.test("readMidi() reads the notes that mido does, of several tracks and tempos, and those that a pedal holds", async () => {
  for (const [i, { notes }] of counted(GOLDEN.files, 4).entries()) {
    areClose(await readMidi(FILES[i]!, i === 0 ? ALL : undefined), notes.map(noteOf));
  }
});

Deno.test("readMidi() refuses a file with what notes cannot say, all by name, unless that is to be left out", async () => {
  const [file] = FILES;
  const said = {
    percussion: "1 note of percussion, which has no pitch",
    bends: "1 bend of pitch",
    unended: "1 note that nothing ends",
  };
  const advice = 'read it without them with { leaveOut: ["percussion", "bends", "unended"] }';
  const message = (names: readonly (keyof typeof said)[]) =>
    `Cannot read the file as notes as it has ${names.map((name) => said[name]).join(" and ")}; ${advice}`;
  await rejects(() => readMidi(file!), { name: "SyntaxError", message: message(["percussion", "bends", "unended"]) });
  await rejects(() => readMidi(file!, { leaveOut: ["bends"] }), {
    name: "SyntaxError",
    message: message(["percussion", "unended"]),
  });
  await rejects(() => readMidi(file!, { leaveOut: ["drums" as never] }), {
    name: "TypeError",
    message: 'Cannot leave out "drums"; what can be is "percussion", "bends", "sostenuto", "unended", "instant"',
  });
  await rejects(() => readMidi(file!, { leaveout: [] } as never), {
    name: "TypeError",
    message: 'Cannot read MIDI with "leaveout" as there is no such option; use leaveOut',
  });
});

Deno.test("writeMidi() writes the file that mido was given to read, and times to a millisecond", async () => {
  deepEqual(await writeMidi(WRITTEN), FILES[3]);
  const read = await readMidi(await writeMidi(WRITTEN));
  const sorted = WRITTEN.toSorted((a, b) => a.start - b.start || a.pitch - b.pitch);
  deepEqual(read.map(({ velocity }) => velocity), sorted.map(({ velocity }) => velocity));
  equal(read.length, sorted.length);
  read.forEach((note, i) => {
    ok(Math.abs(note.start - sorted[i]!.start) <= 5.1e-4 && Math.abs(note.end - sorted[i]!.end) <= 5.1e-4, `${i}`);
  });
  deepEqual(await readMidi(await writeMidi([])), []);
});

Deno.test("readMidi() refuses every file that is cut off", async () => {
  let refused = 0;
  for (const file of FILES) {
    for (let length = 0; length < file.length; ++length) {
      const message = /^Cannot read the file as MIDI: /;
      await rejects(() => readMidi(file.subarray(0, length), ALL), { name: "SyntaxError", message }, `${length}`);
      ++refused;
    }
  }
  ok(refused > 450, `only ${refused} refused`);
});

Deno.test("readMidi() answers for every byte that is another", async () => {
  const [file] = FILES;
  let tried = 0;
  for (let at = 0; at < file!.length; ++at) {
    for (const value of [0, 0x7f, 0x80, 0xff]) {
      const changed = Uint8Array.from(file!);
      changed[at] = value;
      const result = await readMidi(changed, ALL).catch((error) => error);
      ok(Array.isArray(result) || result instanceof SyntaxError, `byte ${at} as ${value}: ${result}`);
      ++tried;
    }
  }
  ok(tried > 600, `only ${tried} tried`);
});

const NOTE = [0, 0x90, 60, 64, 1, 0x80, 60, 0];

Deno.test("readMidi() says what is wrong with a file", async () => {
  const long = track(0, 0xff, 0x51, 3, 255, 255, 255, 0, 0x90, 60, 64, 0xff, 0xff, 0xff, 0x7f, 0x80, 60, 0);
  const cases: readonly (readonly [readonly number[], string])[] = [
    [text("RIFF, not a MIDI file"), 'it begins with "RIFF" instead of "MThd"; pass a file such as song.mid'],
    [header(2, 1, [0, 96]), "its format is 2; known are 0 and 1, files of one piece"],
    [[...header(0, 1, [0, 0]), ...track(...NOTE)], "a beat has 0 ticks"],
    [header(1, 3, [0, 96]), "it has 0 tracks, and says 3"],
    [[...header(0, 1, [0, 1]), ...long], "it is longer than 3600 seconds"],
    [[...header(0, 1, [0, 96]), ...track(0, 0x90, 200, 64)], "a note has pitch 200 and velocity 64"],
    [[...header(0, 1, [0, 96]), ...track(0, 60, 64)], "it is damaged (Unrecognised MIDI event type: 0)"],
    [[...header(0, 1, [0xe1, 40]), ...track(...NOTE)], "a second has 31 frames"],
    [[...header(0, 1, [0xe7, 0]), ...track(...NOTE)], "a frame has 0 ticks"],
    [[...header(0, 1, [0, 96]), ...track(...NOTE).slice(0, -3)], "it is cut off: a part says 8 bytes and has 5"],
    [[...header(0, 1, [0, 96]), ...track(0, 0xb0, 64, 200)], "controller 64 is at 200"],
    [[...header(0, 1, [0, 96]), ...track(0, 0xe0, 0, 200)], "a pitch is bent by 17408"],
  ];
  for (const [bytes, problem] of counted(cases, 12)) {
    const message = `Cannot read the file as MIDI: ${problem}`;
    await rejects(() => readMidi(Uint8Array.from(bytes)), { name: "SyntaxError", message });
  }
  await rejects(() => readMidi(new Uint8Array(2 ** 20 + 1)), {
    name: "RangeError",
    message: "Cannot read a MIDI file of 2 MiB; 1 MiB are the most",
  });
  await rejects(() => readMidi("a.mid" as never), {
    name: "TypeError",
    message: 'Cannot read "a.mid" as MIDI; pass the bytes of a file, as from await Deno.readFile(path)',
  });
});

Deno.test("readMidi() is not kept by a megabyte of events, nor by a name as long", async () => {
  const size = 2 ** 20 - 22;
  const chunk = [...text("MTrk"), ...[24, 16, 8, 0].map((shift) => size >>> shift & 255)];
  const file = Uint8Array.from([...header(0, 1, [0, 96]), ...chunk, ...new Uint8Array(size)]);
  file.set([0, 0xc0, 5], 22); // then 0, 0: a program again and again
  equal((await readMidi(file)).length, 0);
  const length = size - 6;
  file.set([0, 0xff, 0x01, 0x80 | length >>> 14, 0x80 | length >>> 7 & 127, length & 127], 22);
  await rejects(() => readMidi(file), { name: "SyntaxError", message: /^Cannot read the file as MIDI: / });
});

Deno.test("writeMidi() refuses what are no notes", async () => {
  const note = { start: 0, end: 1, pitch: 60, velocity: 64 };
  const cases: readonly (readonly [Partial<Note>, RegExp])[] = [
    [{ start: -1 }, /note 0 begins at -1; times are seconds from 0 on$/],
    [{ end: 4000 }, /begins at 0 and ends at 4000; it must end after that, and within 3600 seconds$/],
    [{ start: 2 }, /begins at 2 and ends at 1;/],
    [{ pitch: 60.5 }, /has pitch 60\.5; pitches are whole numbers from 0 to 127$/],
    [{ velocity: 0 }, /has velocity 0; velocities are whole numbers from 1 to 127$/],
    [{ end: NaN }, /ends at NaN/],
  ];
  for (const [wrong, message] of counted(cases, 6)) {
    await rejects(() => writeMidi([{ ...note, ...wrong }]), { name: "RangeError", message });
  }
  await rejects(() => writeMidi(Promise.resolve() as never), {
    name: "TypeError",
    message:
      "Cannot write notes as MIDI as a promise is no list of notes; pass what musicNotes() or await readMidi() gave",
  });
});
