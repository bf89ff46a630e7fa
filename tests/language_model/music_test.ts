/** The model of chorales that comes with the package, as transformers has it. */
import { deepEqual, equal, ok } from "@std/assert";
import { LanguageModel, MUSIC, musicNotes, pianoRollView } from "../../mod.ts";
import { GOLDEN } from "../music/golden.ts";

const { model: golden } = GOLDEN;

for (const backend of ["wasm", "native"] as const) {
  Deno.test(`the model of music on ${backend} reads and writes events as transformers has it`, async () => {
    await using model = await LanguageModel.fromPretrained(MUSIC, { backend });
    equal(model.id, "looking-glass-music");
    const sequence = model.sequence(golden.text);
    deepEqual(sequence.tokenIds, golden.tokenIds);
    const { logits } = await model.candidates(sequence);
    logits.data.forEach((logit, id) => ok(Math.abs(logit - golden.logits[id]!) <= 1e-3, `${id}: ${logit}`));
    const music = await model.generate(golden.text, { maxNewTokens: 48, temperature: 0 });
    equal(music.tokens.slice(music.promptLength).map(({ text }) => text).join(" "), golden.written);
  });
}

Deno.test("words are written behind a prompt with spaces of its own", async () => {
  await using model = await LanguageModel.fromPretrained(MUSIC, { backend: "wasm" });
  const written = await model.generate("velocity20  on48", { maxNewTokens: 3, temperature: 0 });
  equal(written.text, `[END]velocity20  on48 ${written.tokens.slice(3).map(({ text }) => text).join(" ")}`);
  deepEqual(written.tokenIds, (await model.generate("velocity20 on48", { maxNewTokens: 3, temperature: 0 })).tokenIds);
});

Deno.test("what the model of music writes is read, drawn, explained and heard", async () => {
  await using model = await LanguageModel.fromPretrained(MUSIC, { backend: "wasm" });
  const music = await model.generate(golden.text, { maxNewTokens: 40, temperature: 1, topP: 0.95, seed: 3 });
  const notes = musicNotes(music);
  ok(notes.length > 15, `only ${notes.length} notes`);
  const trace = await model.trace(music, { capture: ["attention"], layers: [3] });
  const view = pianoRollView(music, { trace, saliency: await model.saliency(music) });
  deepEqual(view.data.notes.map(({ start, end, pitch, velocity }) => ({ start, end, pitch, velocity })), notes);
  const written = view.data.notes.filter((note) => note.written);
  ok(written.length > 5 && written.every(({ looks, shares }) => looks && shares), `${written.length} notes written`);
  ok(view.html.includes("data:audio/wav;base64,"));
});
