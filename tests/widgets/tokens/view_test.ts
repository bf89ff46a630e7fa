import { equal, match, ok, throws } from "@std/assert";
import { tokensView } from "../../../widgets/mod.ts";
import { HOSTILE, KEYS, sequenceOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { all, isWellFormed, parse } from "../page.ts";

Deno.test("tokensView() draws a page and an image that can be looked at", async () => {
  const view = tokensView(KEYS);
  await matchesGolden("tokens.html", view.html);
  await matchesGolden("tokens.svg", view.svg);
  isWellFormed(view.svg);
});

Deno.test("tokensView() states id, piece, bytes and place of each token", () => {
  const view = tokensView(KEYS);
  const body = parse(view.html);
  equal(
    all(body, ".t")[1]?.getAttribute("title"),
    "“keys” after a space, token 1, prompt\nid 101, piece Ġkeys\nbytes 20 6B 65 79 73\ncharacters 3–8",
  );
  const cells = all(body, "tbody tr")[1]?.querySelectorAll("td") ?? [];
  equal(Array.from(cells, (cell) => cell.textContent).join("|"), "1|·keys|101|Ġkeys|20 6B 65 79 73|3–8|prompt");
  match(view.text, /^position +token +id +piece +bytes +characters +origin\n0 +The +100 +The +54 68 65 +0–3 +prompt\n/);
});

Deno.test("tokensView() shows parts of a character as bytes, and nothing as itself that cannot be seen", async () => {
  const view = tokensView(HOSTILE);
  await matchesGolden("tokens_hostile.html", view.html);
  await matchesGolden("tokens_hostile.svg", view.svg);
  match(view.text, /6 +\\xE2\\x82 /);
  equal(/[\u202E\uFEFF]/.test(view.html + view.svg + view.text), false);
  equal(all(parse(view.html), "script, img").length, 0);
  isWellFormed(view.svg);
});

Deno.test("tokensView() counts prompt and continuation, one and none", () => {
  match(tokensView(KEYS).html, /10 tokens \(5 prompt, 5 after it\), 41 characters\. Underlined: what follows/);
  match(
    tokensView(sequenceOf(["a", "b"], 2)).html,
    /2 tokens \(2 prompt, 0 after it\), 2 characters\. Nothing is under/,
  );
  const read = tokensView(sequenceOf(["a", "b"], 1)); // nobody wrote the second one
  match(read.html, />2 tokens, 2 characters\.</);
  equal(/nderlined|border-bottom/.test(read.html), false);
  const none = tokensView(sequenceOf([], 0));
  match(none.html, />0 tokens, 0 characters\.</);
  isWellFormed(none.svg);
});

Deno.test("tokensView() of 1024 tokens is a page of less than 800 kB", () => {
  const view = tokensView(sequenceOf(Array.from({ length: 1024 }, (_, i) => ` w${i}`), 1024));
  ok(view.html.length < 800_000, `${view.html.length}`);
  equal(view.text.split("\n").at(-1), "… and 824 more");
});

Deno.test("tokensView() says the probability of each token that was looked at", () => {
  const logProbs = { data: Float32Array.of(Math.log(0.25), Math.log(1e-6)), shape: [2] };
  const none = { data: new Float32Array(2), shape: [2] };
  const surprise = {
    ...{ sequence: KEYS, positions: [5, 9], logProbs, entropies: none, ranks: none },
    ...{ alternatives: [[], []], perplexity: 2000 },
  };
  const view = tokensView(KEYS, { surprise });
  const titles = all(parse(view.html), ".t").map((chip) => chip.getAttribute("title") ?? "");
  match(titles[5]!, /\nprobability 25\.0%$/);
  match(titles[9]!, /\nprobability 1\.00e-6$/);
  ok(!titles[4]!.includes("probability"));
  match(view.text, /origin +probability\n/);
  throws(() => tokensView(KEYS, { surprise: { KEYS } as never }), {
    name: "TypeError",
    message: "Cannot show an object with KEYS as surprise; pass what await model.surprise() returned",
  });
  throws(() => tokensView(HOSTILE, { surprise }), {
    name: "RangeError",
    message:
      "Cannot show the probabilities of another text: 10 tokens that differ from the 13 shown; pass the surprise of this sequence",
  });
});
