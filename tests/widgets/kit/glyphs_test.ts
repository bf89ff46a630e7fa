import { equal, match } from "@std/assert";
import { breaksLine, glyphHtml, glyphText, hexBytes, spokenToken, visibleText } from "../../../widgets/kit/glyphs.ts";
import { htmlText } from "../../../widgets/kit/html.ts";
import { sequenceOf } from "../fixtures.ts";

const CASES: [part: string | number[], shown: string, spoken: string][] = [
  [" keys", "·keys", "“keys” after a space"],
  ["keys", "keys", "“keys”"],
  [" ", "·", "space"],
  ["\n\n", "↵↵", "2 × new line"],
  ["\r\n", "␍↵", "carriage return, new line"],
  ["\t", "⇥", "tab"],
  ["\u00A0", "⍽", "no-break space"],
  ["\u202E", "\\u{202E}", "“\\u{202E}”"],
  ["\uFEFF", "\\u{FEFF}", "“\\u{FEFF}”"],
  ["\u0301", "◌\u0301", "“\u0301”"],
  ["🦕", "🦕", "“🦕”"],
  ["\\xE2", "\\xE2", "“\\xE2”"],
  [[0xE2, 0x82], "\\xE2\\x82", "bytes E2 82, a part of a character"],
  ["", "∅", "empty"],
];

for (const [part, shown, spoken] of CASES) {
  const [token] = sequenceOf([part], 1).tokens;
  Deno.test(`glyphText() and spokenToken() of ${JSON.stringify(part)}`, () => {
    equal(token && glyphText(token), shown);
    equal(token && spokenToken(token), spoken);
  });
}

Deno.test("glyphHtml() escapes text and sets glyphs apart from the characters they look like", () => {
  const [space, dot] = sequenceOf([" <", "·<"], 2).tokens;
  match(space ? htmlText(glyphHtml(space)) : "", /^<span style="opacity:0\.65">·<\/span>&lt;$/);
  equal(dot && htmlText(glyphHtml(dot)), "·&lt;");
});

Deno.test("hexBytes(), breaksLine() and visibleText() state what is there", () => {
  const [euro, line] = sequenceOf(["€", "a\n"], 2).tokens;
  equal(euro && hexBytes(euro), "E2 82 AC");
  equal(euro && breaksLine(euro), false);
  equal(line && breaksLine(line), true);
  equal(visibleText("a b\u202Ec"), "a b\\u{202E}c");
});
