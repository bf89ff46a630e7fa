import { deepEqual, equal, match, ok } from "@std/assert";
import { LanguageModel } from "../../../mod.ts";
import { characterPart } from "../../../widgets/kit/characters.ts";
import { attentionView, saliencyView, surpriseView, tokensView } from "../../../widgets/mod.ts";
import { attentionOf } from "../attention/fixtures.ts";
import { saliencyOf, sequenceOf } from "../fixtures.ts";
import { all, parse } from "../page.ts";
import { surpriseOf } from "../surprise/fixtures.ts";
import { untrustedHtml } from "../untrusted.ts";

const bytes = (text: string) => Array.from(new TextEncoder().encode(text));
const [SMILE, MIDDLE] = [bytes(" 🙂"), bytes("中")];
/** A space and the beginning of an emoji, its end, a whole character, one in three parts, and bytes that become none. */
const TEXT = sequenceOf(
  ["Hi", SMILE.slice(0, 3), SMILE.slice(3), "文", MIDDLE.slice(0, 1), MIDDLE.slice(1, 2), MIDDLE.slice(2), "!", [
    0xF0,
    0x9F,
  ]],
  1,
);

const PARTS: readonly (readonly [text: string, first: number, count: number] | undefined)[] = [
  undefined,
  [" 🙂", 1, 2],
  [" 🙂", 1, 2],
  undefined,
  ["中", 4, 3],
  ["中", 4, 3],
  ["中", 4, 3],
  undefined,
  undefined,
];

Deno.test("characterPart() finds the tokens of each character, and none in what becomes none", () => {
  deepEqual(
    TEXT.tokens.map((_, position) => characterPart(TEXT, position)),
    PARTS.map((part) => part && { text: part[0], first: part[1], count: part[2] }),
  );
  const torn = sequenceOf([SMILE.slice(0, 3), "x", SMILE.slice(3)], 1);
  deepEqual(torn.tokens.map((_, position) => characterPart(torn, position)), [undefined, undefined, undefined]);
  const shared = sequenceOf([[0xE4], [0xB8, 0xAD, 0xF0], [0x9F, 0x99, 0x82]], 1); // 中 and 🙂, cut within both
  deepEqual(characterPart(shared, 1), { text: "中🙂", first: 0, count: 3 });
});

Deno.test("characterPart() gives each token of a real text what the bytes of its characters say", async () => {
  await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
  const sequence = model.sequence("A 🙂 and 中文, naïve ünder 👩‍👩‍👧 café");
  let covered = 0;
  sequence.tokens.forEach((token, position) => {
    const part = characterPart(sequence, position);
    const decodes = !new TextDecoder().decode(Uint8Array.from(token.bytes)).includes("\uFFFD");
    equal(part === undefined, decodes, `${position}`);
    if (part === undefined) return;
    ok(sequence.text.includes(part.text) && part.first <= position && position < part.first + part.count);
    ++covered;
  });
  ok(covered >= 20, `${covered} parts`);
});

const VIEWS = {
  tokensView: tokensView(TEXT),
  saliencyView: saliencyView(saliencyOf(TEXT)),
  surpriseView: surpriseView(surpriseOf(TEXT)),
  attentionView: attentionView(attentionOf(TEXT)),
};

for (const [name, view] of Object.entries(VIEWS)) {
  Deno.test(`${name}() puts a character before its parts, which opens to their bytes, in a notebook that is not trusted too`, () => {
    for (const html of [view.html, untrustedHtml(view.html)]) {
      const body = parse(html);
      const characters = all(body, "details").filter((one) => /one character/.test(one.innerHTML));
      deepEqual(characters.map((one) => one.querySelector("summary")?.textContent), ["·🙂", "中"]);
      deepEqual(characters.map((one) => all(one, "div").map((line) => line.textContent)), [
        ["1: 20 F0 9F, id 101", "2: 99 82, id 102"],
        ["1: E4, id 104", "2: B8, id 105", "3: AD, id 106"],
      ]);
      const chips = all(body, ".t");
      equal(chips.length, 9);
      const texts = chips.map((chip) =>
        Array.from(chip.childNodes, (node) => node.textContent).join("").replace(/\d+%$/, "")
      );
      deepEqual(texts.slice(0, 8).map((text) => text.trim()), ["Hi", "1", "2", "文", "1", "2", "3", "!"]);
      match(chips[5]!.getAttribute("title") ?? "", /^bytes B8, part 2 of 3 of “中”, token 5/);
    }
  });
}
