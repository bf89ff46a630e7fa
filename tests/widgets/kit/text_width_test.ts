import { equal } from "@std/assert";
import { isolated, padText, shortText, textWidth } from "../../../widgets/kit/text_width.ts";

Deno.test("textWidth() counts two columns for wide characters and one for what joins", () => {
  equal(textWidth(""), 0);
  equal(textWidth("keys·"), 5);
  equal(textWidth("漢字かな한글"), 12);
  equal(textWidth("e\u0301"), 1);
  equal(textWidth("👩‍👩‍👧‍👦🇫🇷"), 4);
  equal(textWidth("سلام"), 4);
});

Deno.test("shortText() keeps what fits and cuts no character in two", () => {
  equal(shortText("keys", 4), "keys");
  equal(shortText("cabinet", 4), "cab…");
  equal(shortText("漢字かな", 6), "漢字…");
  equal(shortText("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 4), "👩‍👩‍👧‍👦👩‍👩‍👧‍👦");
  equal(shortText("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3), "👩‍👩‍👧‍👦…");
  equal(shortText("e\u0301e\u0301e\u0301", 2), "e\u0301…");
});

Deno.test("padText() fills columns and isolates right-to-left text", () => {
  equal(padText("漢字", 6) + "|", "漢字  |");
  equal(padText("7", 3, "right"), "  7");
  equal(padText("سلام", 5), "\u2068سلام\u2069 ");
  equal(isolated("keys"), "keys");
});
