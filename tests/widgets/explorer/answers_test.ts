import { deepEqual, equal, match, ok, rejects, throws } from "@std/assert";
import { type Candidates, DATES, LanguageModel, surpriseView } from "../../../mod.ts";
import { explorerOf } from "../../../widgets/explorer/answers.ts";
import {
  expectAnswer,
  type FileFormat,
  type QuestionName,
  type Questions,
  type Seen,
} from "../../../widgets/explorer/questions.ts";
import type { WhatIf } from "../../../widgets/explorer/what_if_view.ts";
import { checkpointCopy, ENCODER_NAMES } from "../../support/goldens.ts";

const TEXT = { text: "The keys to the cabinet", then: [], off: [] };

async function opened() {
  const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const explorer = explorerOf(model);
  const ask = async <Name extends QuestionName>(name: Name, data: Questions[Name]["data"]) => {
    const answer = await explorer.answer(name, structuredClone(data), { signal: new AbortController().signal });
    return expectAnswer(name, JSON.parse(JSON.stringify(answer)));
  };
  const dispose = async () => {
    await explorer.dispose();
    await model.dispose();
  };
  return { model, explorer, ask, [Symbol.asyncDispose]: dispose };
}

Deno.test("explorerOf() answers each question with the model's own numbers", async (t) => {
  await using all = await opened();
  const { model, explorer, ask } = all;
  const sequence = model.sequence(TEXT.text);
  const next = { ...TEXT, position: sequence.tokenIds.length, target: null, contrast: null };
  await t.step("about", async () => {
    const about = await ask("about", {});
    deepEqual([about.id, about.layers, about.heads, about.context], ["looking-glass-6m", 6, 8, 256]);
    deepEqual(about.parts, ["head", "attention", "mlp"]);
  });
  await t.step("read, and again with a token more, which reads that one only", async () => {
    const reading = await ask("read", TEXT);
    const { predictions, logits } = await model.candidates(sequence, { topK: 20 });
    deepEqual(reading.candidates.map(({ id }) => id), predictions.map(({ tokenId }) => tokenId));
    reading.candidates.forEach(({ probability, rank }, i) => {
      ok(Math.abs(probability - predictions[i]!.probability) < 1e-6);
      equal(rank, predictions[i]!.rank);
    });
    const sent = new Float32Array(Uint8Array.fromBase64(reading.logits).buffer);
    ok(sent.every((logit, i) => Math.abs(logit - logits.data[i]!) < 1e-4));
    deepEqual([reading.shown, reading.offset], [TEXT.text, 0]);
    const more = await ask("read", { ...TEXT, then: [predictions[3]!.tokenId] });
    deepEqual([more.computed, more.reused], [1, sequence.tokenIds.length]);
    equal(more.shown, TEXT.text + predictions[3]!.token.text);
  });
  await t.step("read of nothing shows nothing, and what may begin a text", async () => {
    const reading = await ask("read", { ...TEXT, text: "" });
    deepEqual([reading.shown, reading.tokens.length, reading.offset], ["", 1, "<|endoftext|>".length]);
  });
  await t.step("a part of a character, and what completes it", async () => {
    const ids = model.sequence("a😀").tokenIds;
    const part = await ask("read", { ...TEXT, text: "a", then: ids.slice(1, 3) });
    match(part.shown, /^a\uFFFD/);
    equal((await ask("read", { ...TEXT, text: "a", then: ids.slice(1) })).shown, "a😀");
  });
  await t.step(
    "why, of a candidate that is not written, of a token that is, and of one rather than another",
    async () => {
      const [are] = model.sequence(" are").tokenIds;
      const [is] = model.sequence(" is").tokenIds;
      const written = model.sequence([...sequence.tokenIds, are!]);
      const { length } = sequence.tokenIds;
      const same = (found: readonly number[], scores: Float32Array) => {
        equal(found.length, length);
        found.forEach((score, i) => ok(Math.abs(score - scores[i]!) < 1e-6, `${i}: ${score} for ${scores[i]}`));
      };
      const why = await ask("why", { ...next, target: are! });
      equal(why.target.label, "·are");
      same(why.scores, (await model.saliency(written, { positions: [length] })).scores.data);
      same(
        (await ask("why", { ...next, text: TEXT.text, then: [are!, 17] })).scores,
        (await model.saliency(written, {
          positions: [length],
        })).scores.data,
      );
      const options = { preset: "captum", positions: [length], contrast: " is" } as const;
      const against = await ask("why", { ...next, target: are!, contrast: is! });
      same(against.scores, (await model.saliency(written, options)).scores.data);
      equal(against.contrast?.label, "·is");
      equal((await ask("why", next)).target.id, (await model.candidates(sequence)).predictions[0]!.tokenId);
    },
  );
  await t.step("read with parts off is what the changed model reads", async () => {
    const off = [{ layer: 0, part: "mlp", head: 0 }, { layer: 4, part: "head", head: 7 }] as const;
    const { candidates } = await ask("read", { ...TEXT, off });
    await using changed = await model.with([{ site: "mlp_out.0", scale: 0 }, { site: "z.4", heads: [7], scale: 0 }]);
    const { predictions } = await changed.candidates(sequence);
    ok(Math.abs(candidates[0]!.probability - predictions[0]!.probability) < 1e-6);
    equal(candidates[0]!.id, predictions[0]!.tokenId);
  });
  await t.step("word", async () => {
    const found = await ask("word", { ...TEXT, word: " castle" });
    const { logits } = await model.candidates(sequence);
    const [id] = model.sequence(" castle").tokenIds;
    equal(found.id, id);
    equal(found.rank, 1 + logits.data.filter((logit) => logit > logits.data[id!]!).length);
    await rejects(ask("word", { ...TEXT, word: "" }), /RangeError: Cannot look an empty word up; type one/);
  });
  for (const view of ["why", "lens", "attention", "parts", "surprise", "model"] satisfies Seen[]) {
    await t.step(`view and file of ${view}`, async () => {
      const { html, title } = await ask("view", { ...next, view });
      ok(html.startsWith("<div") && title.length > 0);
      const file = async (format: "svg" | "html" | "json") => (await ask("file", { ...next, view, format })).content;
      match(await file("svg"), /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      match(await file("html"), /^<!DOCTYPE html>/);
      equal(typeof JSON.parse(await file("json")), "object");
    });
  }
  await t.step(
    "surprise shows the chosen token of the text first, and of the next one the most surprising",
    async () => {
      const surprise = await model.surprise(sequence);
      equal(
        (await ask("view", { ...next, position: 2, view: "surprise" })).html,
        surpriseView(surprise, { position: 2 }).html,
      );
      equal((await ask("view", { ...next, view: "surprise" })).html, surpriseView(surprise).html);
    },
  );
  await t.step("file of what if: the probabilities of the model and of the changed one", async () => {
    const off = [{ layer: 0, part: "mlp", head: 0 }] as const;
    const file = async (format: FileFormat) => (await ask("file", { ...next, off, view: "whatif", format })).content;
    await using changed = await model.with([{ site: "mlp_out.0", scale: 0 }]);
    const [before, after] = await Promise.all([model.candidates(sequence), changed.candidates(sequence)]);
    const probability = ({ logits: { data } }: Candidates, id: number) =>
      Math.exp(data[id]!) / data.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const { text, changes }: WhatIf = JSON.parse(await file("json"));
    equal(text, sequence.text);
    deepEqual(
      new Set(changes.map(({ tokenId }) => tokenId)),
      new Set([...before.predictions, ...after.predictions].map(({ tokenId }) => tokenId)),
    );
    for (const { tokenId, before: was, after: is } of changes) {
      ok(Math.abs(was - probability(before, tokenId)) < 1e-5 && Math.abs(is - probability(after, tokenId)) < 1e-5);
    }
    const sizes = changes.map(({ before, after }) => Math.abs(after - before));
    deepEqual(sizes, sizes.toSorted((a, b) => b - a));
    match(await file("html"), /^<!DOCTYPE html>[^]*<title>Without L0 MLP<\/title>/);
    match(await file("svg"), /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    await rejects(
      ask("file", { ...next, view: "whatif", format: "svg" }),
      /Cannot save what changes as everything is on; turn a head, an attention or an MLP off/,
    );
  });
  await t.step("what is too long, or no question, is refused by name", async () => {
    const long = { ...TEXT, text: "abc ".repeat(300) };
    await rejects(ask("read", long), /RangeError: Cannot read \d+ tokens as the context holds 256; shorten the text/);
    const signal = new AbortController().signal;
    const asked = (name: string, data: unknown) => explorer.answer(name, data, { signal });
    await rejects(asked("constructor", {}), /TypeError: Cannot answer "constructor" as there is no such question/);
    await rejects(asked("load", { id: "x" }), /TypeError: Cannot answer "load" as there is no such question/);
    await rejects(asked("read", { ...TEXT, then: "1" }), /TypeError: Cannot answer as read\.then is "1", not an array/);
    await rejects(asked("read", { ...TEXT, text: "x".repeat(2 ** 20 + 1) }), /read\.text has a length of 1048577/);
    await rejects(asked("view", { ...next, view: "__proto__" }), /view\.view is "__proto__"/);
    await rejects(asked("why", { ...next, target: 1e9 }), /RangeError/);
    await rejects(explorer.answer("read", TEXT, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
  });
});

Deno.test("explorerOf() refuses models that do not continue texts", async () => {
  await using copy = await checkpointCopy(ENCODER_NAMES[0]!);
  await using encoder = await LanguageModel.fromPretrained(copy.directory, { backend: "wasm" });
  throws(
    () => explorerOf(encoder),
    /^TypeError: Cannot explore .* as it is an encoder and writes nothing; load a model/,
  );
  await using dates = await LanguageModel.fromPretrained(DATES, { backend: "wasm" });
  throws(
    () => explorerOf(dates),
    /^TypeError: Cannot explore .* as it writes after a source; load a model that continues/,
  );
});
