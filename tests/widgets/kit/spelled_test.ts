/** No view shows bytes where it could say the character: not in its page, its image, its tables nor its text. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { treeView, type View } from "../../../widgets/mod.ts";
import type { Sequence } from "../../../src/model/sequence.ts";
import type { Token } from "../../../src/tokenizer/token.ts";
import { spelled, spelledAt } from "../../../widgets/kit/characters.ts";
import { glyphText, spokenToken } from "../../../widgets/kit/glyphs.ts";
import { CASES } from "../../browser/views.ts";
import { sequenceOf } from "../fixtures.ts";
import { all, parse } from "../page.ts";
import { treeOf } from "../tree/fixtures.ts";

/** Entries of a vocabulary as GPT-2 writes them: a letter for each byte. */
function withPieces(sequence: Sequence): Sequence {
  const piece = ({ bytes }: Token) => Array.from(bytes, (byte) => String.fromCodePoint(0x100 + byte)).join("");
  return {
    ...sequence,
    text: "Say that 🙂中 and🙂文, 12345",
    tokens: sequence.tokens.map((token) => ({ ...token, piece: piece(token) })),
  };
}

/** An emoji and a Chinese character, each of several tokens, in the prompt and in what follows it. */
const TEXT = withPieces(sequenceOf([
  ...["Say", " that", [0x20, 0xF0, 0x9F], [0x99, 0x82], [0xE4], [0xB8, 0xAD]],
  ...[" and", [0xF0], [0x9F], [0x99], [0x82], [0xE6, 0x96], [0x87]],
], 6));

/** The same, cut off in the middle of its last character, and with bytes that are none. */
const TORN = {
  ...sequenceOf(
    ["Say", [0xFF], [0x20, 0xF0, 0x9F], [0x99, 0x82], " and", [0xF0, 0x9F], "x", "y", [0xE6], [0x96]],
    5,
  ),
  text: "Say\uFFFD 🙂 and\uFFFDxy\uFFFD",
};

/** Escaped bytes, as no character of a text is written. */
const BYTES = /\\x[0-9A-F]{2}/;

/** A part of a character as a label, or as a chip behind its character. */
const PART = /(?:🙂|中|文)(?:<\/?span[^>]*>)* \d\/\d|part \d of \d of “/;

/** Of tokens of the vocabulary, which stand in no text, and of what draws no token. */
const WITHOUT_TEXT = [
  ...["corpus", "circuits of a head", "writing of a neuron"],
  ...["edges", "effects of heads", "piano roll", "model", "sizes", "layer similarity"],
];

/** Whose words are put together of whole characters, so that no part is left. */
const WHOLE = ["saliency by word", "rankings of watched words"];

/** Of tokens of the vocabulary too, of candidates that go on from no character, and of branches that end within one. */
const WITH_BYTES = ["neuron", "next word", "tree", "tree to walk"];

/** The page without the images, the images, and the text. */
function formsOf({ html, svg, text }: View): Record<string, string> {
  const images = all(parse(html), "img").map((image) => image.getAttribute("src") ?? "")
    .filter((url) => url.startsWith("data:image/svg+xml;base64,"))
    .map((url) => new TextDecoder().decode(Uint8Array.fromBase64(url.split(",")[1]!)));
  const page = html.replaceAll(/"data:image\/[^"]*"/g, "");
  return { page, images: images.join("\n"), svg, text };
}

const TRIED = CASES.filter(({ name }) => !WITHOUT_TEXT.includes(name));
let tried = 0;
for (const { name, draw } of TRIED) {
  Deno.test(`a part of a character is said as such in each form of a view: ${name}`, async () => {
    const forms = formsOf(await draw(TEXT));
    for (const [form, content] of WITH_BYTES.includes(name) ? [] : Object.entries(forms)) {
      const at = content.search(BYTES);
      ok(at < 0, `${form}: ${content.slice(Math.max(0, at - 120), at + 40)}`);
    }
    if (!WHOLE.includes(name)) match(Object.values(forms).join("\n"), PART);
    ++tried;
  });
  Deno.test(`what is no whole character stays bytes: ${name}`, async () => {
    const { page, svg, text } = formsOf(await draw(TORN));
    match(`${page} ${svg} ${text}`, /\\x(?:FF|F0|E6|96)|bytes (?:FF|F0 9F|E6|96), a part|\uFFFD/);
  });
}

Deno.test("every view that draws a text is tried with parts of characters", () => {
  const listed = [...WITHOUT_TEXT, ...WHOLE, ...WITH_BYTES];
  deepEqual(listed.filter((one) => !CASES.some(({ name }) => name === one)), []);
  equal(tried, TRIED.length);
  ok(tried >= 30, `${tried} views`);
});

Deno.test("treeView() says a character once all of it is on the way to a branch, in any branch", () => {
  const [begin, end, other] = [[0xF0, 0x9F], [0x99, 0x82], [0x98, 0x80]];
  const tree = treeOf(["Say"], [{ texts: [begin!, end!, " yes"] }, { parent: 0, after: 1, texts: [other!, " no"] }]);
  for (const walk of [false, true]) {
    const { html, svg, text } = treeView(tree, { walk });
    for (const form of [html, svg, text]) {
      const content = form.replaceAll(/<\/?(?:tspan|span)[^>]*>/g, "");
      match(content, /\\xF0\\x9F/); // where they part
      match(content, /🙂 2\/2/);
      match(content, /😀 2\/2/);
    }
  }
  const whole = treeView(treeOf(["Say"], [{ texts: [begin!, end!] }]));
  for (const form of [whole.html, whole.svg, whole.text]) ok(!BYTES.test(form), form);
});

Deno.test("glyphText() says the character of a part and its number where the text has it, bytes elsewhere", () => {
  deepEqual(spelled(TEXT).tokens.map(glyphText), [
    ...["Say", "·that", "·🙂 1/2", "·🙂 2/2", "中 1/2", "中 2/2"],
    ...["·and", "🙂 1/4", "🙂 2/4", "🙂 3/4", "🙂 4/4", "文 1/2", "文 2/2"],
  ]);
  deepEqual(spelled(TORN).tokens.map(glyphText), [
    ...["Say", "\\xFF", "·🙂 1/2", "·🙂 2/2", "·and", "\\xF0\\x9F", "x", "y", "\\xE6", "\\x96"],
  ]);
  deepEqual(TEXT.tokens.map((token) => spokenToken(token)).slice(2, 4), [
    ...["bytes 20 F0 9F, a part of a character", "bytes 99 82, a part of a character"],
  ]);
  equal(spokenToken(spelled(TEXT).tokens[3]!), "bytes 99 82, part 2 of 2 of “ 🙂”");
  const whole = sequenceOf(["no", " parts"], 1);
  equal(spelled(whole), whole);
});

Deno.test("spelledAt() says which character a token would end, which it is a part of in its text, and none else", () => {
  const [last, first] = [TEXT.tokens[5]!, TEXT.tokens[4]!];
  const begun = { tokens: TEXT.tokens.slice(0, 5) };
  equal(glyphText(spelledAt(begun, 5, last)), "中 2/2");
  equal(glyphText(spelledAt(TEXT, 4, first)), "中 1/2");
  equal(glyphText(spelledAt(begun, 5, first)), "\\xE4");
  equal(glyphText(spelledAt({ tokens: [] }, 0, last)), "\\xB8\\xAD");
});
