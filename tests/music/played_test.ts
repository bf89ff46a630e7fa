/** What ends notes, and what a file has that notes cannot say; by the MIDI specification, event by event. */
import { deepEqual, equal, rejects } from "@std/assert";
import { type MidiLeftOut, type Note, readMidi, writeMidi } from "../../mod.ts";
import { counted } from "../support/counted.ts";
import { header, track, trackOf } from "./smf.ts";

/** A file of one track, at ten ticks a second. */
const fileOf = (events: readonly number[]) => Uint8Array.from([...header(0, 1, [0, 5]), ...trackOf(events)]);
const file = (...events: readonly number[]) => fileOf(events);
const spans = (notes: readonly Note[]) => notes.map(({ start, end, pitch }) => [start, end, pitch]);
const [ON, OFF, CONTROL, BEND] = [0x90, 0x80, 0xb0, 0xe0] as const;

Deno.test("readMidi() ends notes when the specification says they end", async () => {
  const cases: Readonly<Record<string, readonly [events: readonly number[], spans: readonly (readonly number[])[]]>> = {
    "running status": [[0, ON, 60, 9, 10, 60, 0, 0, 62, 9, 10, 62, 0], [[0, 1, 60], [1, 2, 62]]],
    "running status behind words": [[0, ON, 60, 9, 0, 0xff, 1, 1, 65, 10, 60, 0], [[0, 1, 60]]],
    "the first that began ends first": [
      [0, ON, 60, 9, 10, 60, 9, 10, OFF, 60, 0, 10, 60, 0],
      [[0, 2, 60], [1, 3, 60]],
    ],
    "an end of what does not sound": [[0, OFF, 60, 0, 0, ON, 61, 9, 10, 61, 0], [[0, 1, 61]]],
    "a pedal at 64 is down, at 63 up": [
      [0, CONTROL, 64, 64, 0, ON, 60, 9, 10, 60, 0, 10, CONTROL, 64, 63, 0, ON, 62, 9, 10, 62, 0],
      [[0, 2, 60], [2, 3, 62]],
    ],
    "a pedal of another channel": [[0, CONTROL + 1, 64, 127, 0, ON, 60, 9, 10, 60, 0, 10, CONTROL, 7, 0], [[0, 1, 60]]],
    "a pedal that is down to the end": [[0, CONTROL, 64, 127, 0, ON, 60, 9, 10, 60, 0, 10, 0xff, 0x2f, 0], [[
      0,
      2,
      60,
    ]]],
    "controllers that go back": [[0, CONTROL, 64, 127, 0, ON, 60, 9, 10, 60, 0, 10, CONTROL, 121, 0, 10, 7, 0], [[
      0,
      2,
      60,
    ]]],
    "all notes off": [[0, ON, 60, 9, 0, 62, 9, 10, CONTROL, 123, 0], [[0, 1, 60], [0, 1, 62]]],
    "all notes off under a pedal": [
      [0, CONTROL, 64, 127, 0, ON, 60, 9, 10, CONTROL, 123, 0, 10, 64, 0],
      [[0, 2, 60]],
    ],
    "all sound off under a pedal": [
      [0, CONTROL, 64, 127, 0, ON, 60, 9, 0, 62, 9, 5, 62, 0, 5, CONTROL, 120, 0, 10, 64, 0],
      [[0, 1, 60], [0, 1, 62]],
    ],
  };
  for (const [name, [events, expected]] of counted(Object.entries(cases), 11)) {
    deepEqual(spans(await readMidi(file(...events))), expected, name);
  }
});

Deno.test("readMidi() keeps the time of every kind of file", async () => {
  const note = [0, ON, 60, 9, 100, 60, 0];
  const second = (...bytes: number[]) => Uint8Array.from(bytes);
  const tempo = track(0, 0xff, 0x51, 3, 0x0f, 0x42, 0x40, 50, 0xff, 0x51, 3, 0x07, 0xa1, 0x20); // 1 s, then half
  const cases: Readonly<Record<string, readonly [Uint8Array, seconds: number]>> = {
    "24 frames": [second(...header(0, 1, [0x100 - 24, 4]), ...track(...note)), 100 / 96],
    "25 frames": [second(...header(0, 1, [0x100 - 25, 40]), ...track(...note)), 0.1],
    "29.97 frames, which are called 29": [
      second(...header(0, 1, [0x100 - 29, 10]), ...track(...note)),
      10 * 1001 / 30_000,
    ],
    "30 frames": [second(...header(0, 1, [0x100 - 30, 10]), ...track(...note)), 1 / 3],
    "frames know no tempo": [second(...header(1, 2, [0x100 - 25, 40]), ...tempo, ...track(...note)), 0.1],
    "a tempo of another track changes while a note sounds": [
      second(...header(1, 2, [0, 50]), ...tempo, ...track(...note)),
      1.5,
    ],
  };
  for (const [name, [bytes, seconds]] of counted(Object.entries(cases), 6)) {
    const [{ start, end } = { start: NaN, end: NaN }] = await readMidi(bytes);
    deepEqual([start, Math.round(end * 1e9) / 1e9], [0, Math.round(seconds * 1e9) / 1e9], name);
  }
});

Deno.test("readMidi() names each thing that notes cannot say, and leaves it out when told to", async () => {
  const note = [0, ON, 60, 9, 10, 60, 0];
  const cases: Readonly<Record<MidiLeftOut, readonly [events: readonly number[], said: string]>> = {
    percussion: [[0, ON + 9, 36, 9, 1, 36, 0, 0, 36, 9], "2 notes of percussion, which has no pitch"],
    bends: [[0, BEND, 0, 65, 0, 0, 66, 0, 0, 64], "2 bends of pitch"],
    sostenuto: [[0, CONTROL, 66, 127, 5, 66, 0], "1 press of the sostenuto pedal"],
    unended: [[0, ON, 70, 9], "1 note that nothing ends"],
    instant: [[0, ON, 70, 9, 0, 70, 0], "1 note without length"],
  };
  for (const [name, [events, said]] of counted(Object.entries(cases), 5)) {
    const bytes = file(...note, ...events);
    const message =
      `Cannot read the file as notes as it has ${said}; read it without them with { leaveOut: ["${name}"] }`;
    await rejects(() => readMidi(bytes), { name: "SyntaxError", message });
    deepEqual(spans(await readMidi(bytes, { leaveOut: [name as MidiLeftOut] })), [[0, 1, 60]], name);
  }
  const bent = file(...note, 0, BEND + 5, 0, 70, 0, CONTROL + 9, 66, 127); // of channels without notes, or without pitch
  deepEqual(spans(await readMidi(bent)), [[0, 1, 60]]);
});

Deno.test("readMidi() reads 100,000 notes of one key, all at a time or held by a pedal", async () => {
  const count = 100_000;
  const repeat = (events: readonly number[]) => Array.from({ length: count }, () => events).flat();
  const together = fileOf([0, ON, 60, 9, ...repeat([0, 60, 9]), 1, 60, 0, ...repeat([0, 60, 0])]);
  equal((await readMidi(together)).length, count + 1);
  const pedal = fileOf([0, CONTROL, 64, 127, 0, ON, 60, 0, ...repeat([0, 60, 9, 0, 60, 0]), 1, 60, 0]);
  equal((await readMidi(pedal, { leaveOut: ["instant"] })).length, 1);
});

Deno.test("writeMidi() writes notes that overlap and short ones so that they are read as they were", async () => {
  const note = { start: 0, end: 4, pitch: 60, velocity: 80 };
  const nested = [note, { ...note, start: 1, end: 2, velocity: 81 }, { ...note, start: 1.5, end: 3, velocity: 82 }];
  deepEqual(await readMidi(await writeMidi(nested)), nested);
  deepEqual(await readMidi(await writeMidi([{ ...note, end: 1e-5 }])), [{ ...note, end: 0.001 }]);
  const many = Array.from(
    { length: 100_000 },
    (_, i) => ({ ...note, start: i / 50, end: i / 50 + 0.02, pitch: i % 128 }),
  );
  const short = many.slice(0, 20_000);
  equal((await readMidi(await writeMidi(short))).length, 20_000);
  equal((await writeMidi(many)).length > 800_000, true);
  const same = Array.from({ length: 15 }, () => note);
  deepEqual(await readMidi(await writeMidi(same)), same);
  await rejects(() => writeMidi([...same, note]), {
    name: "RangeError",
    message: "Cannot write notes as MIDI as more than 15 of pitch 60 sound at 0 seconds",
  });
});
