import { deepEqual, equal, throws } from "@std/assert";
import {
  decodeResults,
  encodeResults,
  groupSaliency,
  groupScores,
  groupTokens,
  mostSalient,
  scoresOf,
} from "../../src/analysis/mod.ts";
import type { Saliency } from "../../src/ask/saliency/definition.ts";
import { Reader } from "../../src/model/reader.ts";
import { withSource } from "../../src/model/sequence.ts";
import { parseConfig } from "../../src/models/families.ts";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { CAPTUM, LIT, saliencyOf, sequenceOf } from "../widgets/fixtures.ts";

const texts = (groups: readonly { readonly text: string }[]) => groups.map(({ text }) => text);

Deno.test("groupTokens() makes words of the tokens whose first shown character is in one", () => {
  const sequence = sequenceOf(["The", " cab", "inet", "'s", " key", "s", ",", " don", "'t", "!", "\n"], 3);
  const groups = groupTokens(sequence, "word");
  deepEqual(texts(groups), ["The", " cabinet's", " keys", ",", " don't", "!", "\n"]);
  deepEqual(groups[1], { start: 1, end: 4, text: " cabinet's" });
  deepEqual(groups.at(-1), { start: 10, end: 11, text: "\n" });
});

Deno.test("groupTokens() makes sentences", () => {
  const sequence = sequenceOf(["Hi", " there", ".", " How", " are", " you", "?\n", "\n", "Fine", "."], 3);
  deepEqual(texts(groupTokens(sequence, "sentence")), ["Hi there.", " How are you?\n", "\n", "Fine."]);
});

Deno.test("groupTokens() makes groups of the matches of a regular expression and of what stands between", () => {
  const sequence = sequenceOf(["a", "b", ", ", "c", ",", "d", "e"], 1);
  for (const by of [/[a-z]+/, /[a-z]+/g, /[A-Z]+/iy]) {
    deepEqual(texts(groupTokens(sequence, by)), ["ab", ", ", "c", ",", "de"]);
  }
  deepEqual(texts(groupTokens(sequence, /nothing/)), ["ab, c,de"]);
  deepEqual(texts(groupTokens(sequence, /b|,/)), ["a", "b", ", ", "c", ",", "de"]);
  deepEqual(texts(groupTokens(sequence, /(?:)/)), ["ab, c,de"]);
});

Deno.test("groupTokens() keeps the tokens of a character together, and those without text apart", () => {
  const bytes = new TextEncoder();
  const vocab = Object.fromEntries(Array.from({ length: 256 }, (_, byte) => [byteLetter(byte), byte]));
  const reader = new Reader(
    Tokenizer.fromVocab(vocab, "#version: 0.2\n"),
    parseConfig({ model_type: "gpt2", vocab_size: 300 }),
  );
  const ids = [...bytes.encode("猫が🙂")];
  const groups = groupTokens(reader.sequence(ids, 1, "猫が🙂"), "word");
  deepEqual(groups.map(({ start, end }) => [start, end]), [[0, 3], [3, 6], [6, 10]]);
  const holes = [...ids.slice(0, 3), 299, 299, ...ids.slice(3)];
  const apart = groupTokens(reader.sequence(holes, 1, "猫が🙂"), "word");
  deepEqual(apart.map(({ start, end }) => [start, end]), [[0, 3], [3, 4], [4, 5], [5, 8], [8, 12]]);
});

Deno.test("groupTokens() refuses other ways", () => {
  throws(() => groupTokens(sequenceOf(["a"], 1), "line" as "word"), {
    name: "TypeError",
    message: 'Cannot group tokens by "line"; use "word", "sentence" or a regular expression',
  });
});

Deno.test("groupScores() adds up the scores of each group", () => {
  const sequence = sequenceOf(["The", " cab", "inet", " is", " o", "pen"], 3);
  const saliency = {
    ...{ sequence, positions: [3, 5], options: CAPTUM },
    scores: { data: Float32Array.of(0.5, 0.25, -1, 0, 0, 0, 1, 2, 3, -4, 0.5, 0), shape: [2, 6] },
  };
  const { groups, scores, positions } = groupScores(saliency, "word");
  deepEqual(texts(groups), ["The", " cabinet", " is", " open"]);
  deepEqual(positions, [3, 5]);
  deepEqual(scores, { data: Float32Array.of(0.5, -0.75, 0, 0, 1, 5, -4, 0.5), shape: [2, 4] });
  const together = groupScores(saliencyOf(sequence, LIT), "word");
  deepEqual(together.scores.shape, [1, 4]);
});

Deno.test("groupSaliency() puts groups in the place of tokens, and adds up or averages the rows of a group", () => {
  const sequence = sequenceOf(["The", " cab", "inet", " is", " o", "pen"], 3);
  const saliency = {
    ...{ sequence, positions: [3, 4, 5], options: CAPTUM },
    scores: {
      data: Float32Array.of(0.5, 0.25, -1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 2, 3, -4, 0.5, 0),
      shape: [3, 6],
    },
  };
  const added = groupSaliency(saliency, "word");
  deepEqual(added.positions, [2, 3]);
  deepEqual(added.scores, { data: Float32Array.of(0.5, -0.75, 0, 0, 2, 7, -3, 0.5), shape: [2, 4] });
  deepEqual(added.sequence.tokens.map(({ text }) => text), ["The", " cabinet", " is", " open"]);
  deepEqual(added.sequence.tokens[1], {
    ...{ id: 101, piece: "Ġcabinet", text: " cabinet", start: 3, end: 11 },
    bytes: new TextEncoder().encode(" cabinet"),
  });
  equal(added.sequence.promptLength, 2);
  equal(added.options.by, "word");
  const shares = groupSaliency({ ...saliency, options: { ...CAPTUM, normalize: true } }, "word");
  deepEqual(shares.scores.data.slice(4), Float32Array.of(1, 3.5, -1.5, 0.25));
  equal(groupSaliency(saliencyOf(sequence), /[a-z]+/).options.by, "group");
  deepEqual(groupSaliency(saliencyOf(sequence, LIT), "sentence").scores.shape, [1, 1]);
  // @ts-expect-error A map by groups is not grouped again.
  throws(() => groupSaliency(added, "word"), {
    name: "TypeError",
    message: "Cannot group a map of each word again; group the map of tokens",
  });
});

Deno.test("groupSaliency() keeps the tokens of its groups, and adds up how far rows are from complete", async () => {
  const sequence = sequenceOf(["The", " cab", "inet", " is", " o", "pen"], 3);
  const map = { ...saliencyOf(sequence), convergenceGaps: [0.5, 0.25, 1] };
  const grouped = groupSaliency(map, "word");
  deepEqual(grouped.convergenceGaps, [0.5, 1.25]);
  deepEqual(grouped.grouping, { sequence, positions: [3, 4, 5], groups: groupTokens(sequence, "word") });
  const together = groupSaliency({ ...saliencyOf(sequence, LIT), convergenceGaps: [2] }, "word");
  deepEqual(together.convergenceGaps, [2]);
  equal(groupSaliency(saliencyOf(sequence), "word").convergenceGaps, undefined);
  const { results } = await decodeResults(await encodeResults({ grouped }), { grouped: "saliency" });
  deepEqual(results.grouped, grouped);
});

Deno.test("mostSalient() and scoresOf() of a map by words give words", () => {
  const sequence = sequenceOf(["The", " cab", "inet", " is", " o", "pen"], 3);
  const grouped = groupSaliency(saliencyOf(sequence, CAPTUM), "word");
  const [first, ...rest] = mostSalient(grouped, 3);
  equal(rest.length, 2);
  equal(grouped.sequence.tokens[first!.position], first!.token);
  deepEqual(scoresOf(grouped, 3), grouped.scores.data.slice(4));
  throws(() => mostSalient(grouped, 5), {
    name: "RangeError",
    message: "Cannot show position 5 as only these words were explained: 2, 3",
  });
});

Deno.test("groupScores(), groupSaliency(), scoresOf() and mostSalient() refuse what is no whole map of tokens", () => {
  const sequence = sequenceOf(["The", " cab", "inet", " is", " o", "pen"], 3);
  const map = saliencyOf(sequence);
  const grouped = groupSaliency(map, "word");
  const calls = {
    group: [(map: Saliency) => groupScores(map, "word"), (map: Saliency) => groupSaliency(map, "word")],
    read: [(map: Saliency) => scoresOf(map, 3), (map: Saliency) => mostSalient(map, 3)],
  };
  for (const [task, both] of Object.entries(calls)) {
    for (const call of both) {
      const refused = (map: unknown, name: string, message: string) =>
        throws(() => call(map as Saliency), { name, message });
      const shape = `Cannot ${task} a map of the shape [3, 6]; its rows need`;
      refused({ ...map, positions: [3, 5] }, "RangeError", `${shape} [2, 6]`);
      refused({ ...map, sequence: sequenceOf(["The"], 1) }, "RangeError", `${shape} [3, 1]`);
      refused(Promise.resolve(map), "TypeError", "Cannot use a promise as a map; pass what await saliency() returned");
      const scores = groupScores(map, "word");
      refused(scores, "TypeError", "Cannot use what groupScores() returned as a map; pass groupSaliency(map, by)");
    }
  }
  // @ts-expect-error A map by groups is not grouped again.
  throws(() => groupScores(grouped, "word"), { name: "TypeError", message: /^Cannot group a map of each word again/ });
});

Deno.test("groupSaliency() puts no token of a source into a word with one of the text after it", () => {
  const source = sequenceOf(["the", " thi", "rd"], 3);
  const sequence = withSource({ ...sequenceOf(["eth", "03", "a"], 1), source });
  const groups = groupTokens(sequence, "word").map(({ text }) => text);
  deepEqual(groups, ["the", " third", "eth03a"]);
  const grouped = groupSaliency(saliencyOf(sequence), "word");
  deepEqual([grouped.sequence.sourceLength, grouped.sequence.promptLength], [2, 2]);
});

/** GPT-2's letter for a byte. */
function byteLetter(byte: number): string {
  const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  if (printable) return String.fromCharCode(byte);
  const before = [...Array(byte).keys()].filter((b) => !((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174));
  return String.fromCharCode(256 + before.length);
}
