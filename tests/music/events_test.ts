/** Events against the encoder that the model was trained with. */
import { deepEqual, equal, throws } from "@std/assert";
import { musicNotes, musicText } from "../../mod.ts";
import { counted } from "../support/counted.ts";
import { GOLDEN, noteOf } from "./golden.ts";

Deno.test("musicText() writes the events that the model was trained with", () => {
  for (const { name, notes, events } of counted(GOLDEN.files, 4)) equal(musicText(notes.map(noteOf)), events, name);
  equal(musicText([]), "");
});

Deno.test("musicNotes() reads them as they were read there, faults and all", () => {
  const all = [...GOLDEN.files, GOLDEN.faulty];
  for (const { events, decoded } of counted(all, 5)) deepEqual(musicNotes(events), decoded.map(noteOf));
});

Deno.test("musicNotes() gives back what musicText() wrote, to a step of time and of strength", () => {
  const notes = musicNotes(GOLDEN.files[0]!.events);
  deepEqual(musicNotes(musicText(notes)), notes);
  deepEqual(musicNotes({ text: "[END]on60 wait7 off60[END]" }), [{ start: 0, end: 0.07, pitch: 60, velocity: 64 }]);
});

Deno.test("musicNotes() refuses what is no music", () => {
  const words = ["on128", "off-1", "wait0", "wait101", "velocity32", "on", "on6O", "C4", "on060x", "constructor"];
  for (const word of counted(words, 10)) {
    throws(() => musicNotes(`on60 ${word}`), {
      name: "SyntaxError",
      message: /^Cannot read ".*" as an event of music; events/,
    });
  }
  throws(() => musicNotes(undefined as never), {
    name: "TypeError",
    message: /^Cannot read undefined as music; pass a text/,
  });
  throws(() => musicNotes("wait100 ".repeat(3601)), {
    name: "RangeError",
    message: "Cannot read music of 3601 seconds; 3600 are the most",
  });
});
