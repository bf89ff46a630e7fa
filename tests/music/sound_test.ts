/** Sound against numpy. */
import { deepEqual, equal, ok, throws } from "@std/assert";
import { writeWav } from "../../mod.ts";
import { GOLDEN, noteOf } from "./golden.ts";

Deno.test("writeWav() plays what numpy computes, in a file of one channel and 16 bits", () => {
  const file = writeWav(GOLDEN.sound.notes.map(noteOf));
  const view = new DataView(file.buffer);
  const text = (at: number) => String.fromCharCode(...file.subarray(at, at + 4));
  deepEqual([text(0), text(8), text(12), text(36)], ["RIFF", "WAVE", "fmt ", "data"]);
  deepEqual([4, 16, 24, 28, 40].map((at) => view.getUint32(at, true)), [
    file.length - 8,
    16,
    8000,
    16000,
    file.length - 44,
  ]);
  deepEqual([20, 22, 32, 34].map((at) => view.getUint16(at, true)), [1, 1, 2, 16]);
  equal(GOLDEN.sound.samples.length, Math.ceil((file.length - 44) / 2 / 7));
  GOLDEN.sound.samples.forEach((sample, i) => {
    const own = view.getInt16(44 + 14 * i, true);
    ok(Math.abs(own - sample) <= 1, `sample ${7 * i}: ${own}, not ${sample}`);
  });
});

Deno.test("writeWav() is silent of no notes, and refuses more than two minutes", () => {
  equal(writeWav([]).length, 44);
  const note = { start: 0, end: 121, pitch: 60, velocity: 64 };
  throws(() => writeWav([note]), { name: "RangeError", message: "Cannot play 121 seconds; 120 are the most" });
  throws(() => writeWav([{ ...note, pitch: 128 }]), {
    name: "RangeError",
    message: /^Cannot play notes as note 0 has pitch/,
  });
});
