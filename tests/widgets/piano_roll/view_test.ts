import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { pianoRollView } from "../../../widgets/mod.ts";
import { KEYS, saliencyOf } from "../fixtures.ts";
import { matchesGolden } from "../golden.ts";
import { all, parse } from "../page.ts";
import { untrustedHtml } from "../untrusted.ts";
import { standsAlone, staysReadable } from "../views_all.ts";
import { musicOf, musicWords, overMusic, wordsOf } from "./fixtures.ts";

const MUSIC = wordsOf(musicWords(30), 12);
const OVER = overMusic(MUSIC);

Deno.test("pianoRollView() draws a page and an image that can be looked at", async () => {
  const view = pianoRollView(MUSIC, { ...OVER, sound: false });
  await matchesGolden("piano_roll.html", view.html);
  await matchesGolden("piano_roll.svg", view.svg);
  standsAlone(view);
  staysReadable(view, ["12 notes in 1.8 seconds: 6 of the prompt in grey, 6 after it in blue.", "head 2"]);
});

Deno.test("pianoRollView() adds up attention and saliency over the tokens of a note, in the row that predicted it", () => {
  const { notes, layer, heads } = pianoRollView(MUSIC, { ...OVER, layer: 1 }).data;
  deepEqual([layer, heads], [1, 3]);
  const T = MUSIC.tokens.length;
  const { trace: { attention }, saliency: { scores } } = OVER;
  let compared = 0;
  for (const { on, looks = [], shares = [] } of notes) {
    const row = scores.data.subarray((on - 1) * T, on * T); // positions are 1, 2, ...
    const total = row.subarray(0, on).reduce((sum, score) => sum + score, 0);
    for (const { note, share } of shares) {
      const { on: begin, off = T } = notes[note]!;
      const expected = (row[begin]! + (off < on ? row[off]! : 0)) / total;
      ok(Math.abs(share - expected) < 1e-6, `${on}: ${share}, not ${expected}`);
      ++compared;
    }
    for (const { head, note, weight } of looks) {
      const { on: begin, off = T } = notes[note]!;
      const at = (key: number) => attention!.data[((3 + head) * T + on - 1) * T + key]!;
      const expected = at(begin) + (off < on ? at(off) : 0);
      ok(begin < on && weight >= 0.1 && Math.abs(weight - expected) < 1e-6, `${on}: ${weight}, not ${expected}`);
      ++compared;
    }
  }
  ok(compared > 60, `only ${compared} numbers compared`);
});

Deno.test("pianoRollView() shows notes without lines where nothing is drawn over them", () => {
  const view = pianoRollView(MUSIC, { sound: false });
  equal(all(parse(view.html), "input, svg, script").length, 0);
  equal(all(parse(view.html), "tbody tr").length, 12);
  match(view.text, /^12 notes in 1\.8 seconds.*\nnote {2}token {2}begins {2}lasts/);
});

Deno.test("pianoRollView() has its music in the page, which an untrusted notebook plays and does not start", () => {
  const { html } = pianoRollView(MUSIC, OVER);
  for (const page of [html, untrustedHtml(html)]) {
    const [audio] = all(parse(page), "audio");
    match(audio!.getAttribute("src")!, /^data:audio\/wav;base64,UklGR/);
    deepEqual([audio!.hasAttribute("controls"), audio!.hasAttribute("autoplay")], [true, false]);
  }
  equal(all(parse(pianoRollView(MUSIC, { sound: false }).html), "audio").length, 0);
});

Deno.test("pianoRollView() bounds a page of long music, and says what is heard", () => {
  const words = Array.from({ length: 400 }, (_, i) => [`on${40 + i % 40}`, "wait50", `off${40 + i % 40}`]).flat();
  const music = wordsOf(words, 10);
  const over = {
    trace: { sequence: music, attention: { data: new Float32Array(1200 ** 2), shape: [1, 1, 1200, 1200] } },
  };
  const { html } = pianoRollView(music, over);
  equal(all(parse(html), "input").length, 160);
  ok(html.includes("The first 60 seconds are heard."));
  ok(html.length < 2e6, `${html.length}`);
});

Deno.test("pianoRollView() fits into 900 pixels as long as notes can be told apart", () => {
  const { svg } = pianoRollView(wordsOf(musicWords(300), 12), { sound: false });
  match(svg, /^<svg[^>]* width="900"/);
});

Deno.test("pianoRollView() chooses a note at first, the last one or that of a position", () => {
  const shown = (position?: number) => {
    const { html } = pianoRollView(MUSIC, { ...OVER, sound: false, ...(position === undefined ? {} : { position }) });
    return all(parse(html), "div.m").filter((one) => one.getAttribute("style") === "display:block")
      .map((one) => one.textContent?.split(",")[0]);
  };
  deepEqual(shown(), ["C5 at 1.50 s"]);
  deepEqual(shown(2), ["C3 at 0.00 s"]);
});

Deno.test("pianoRollView() refuses what is no music, and what is of another text", () => {
  const refuses = (draw: () => unknown, name: string, message: string | RegExp) => throws(draw, { name, message });
  refuses(() => pianoRollView(KEYS), "SyntaxError", /^Cannot read "The" as an event of music; events are on0 to on127/);
  refuses(
    () => pianoRollView(wordsOf(["[END]", "wait5"], 1)),
    "RangeError",
    "Cannot draw music as the 2 tokens begin no note that sounds",
  );
  const other = overMusic(wordsOf(musicWords(20), 4));
  refuses(
    () => pianoRollView(MUSIC, { trace: other.trace }),
    "RangeError",
    "Cannot draw attention over these notes as it is of another sequence; pass that of this one",
  );
  refuses(
    () => pianoRollView(MUSIC, { saliency: other.saliency }),
    "RangeError",
    /^Cannot draw saliency over these notes/,
  );
  refuses(
    () => pianoRollView(MUSIC, { trace: { sequence: MUSIC } }),
    "TypeError",
    /^Cannot draw attention as the trace/,
  );
  refuses(() => pianoRollView(MUSIC, { ...OVER, layer: 2 }), "RangeError", /^Cannot show layer 2 as the trace holds/);
  refuses(() => pianoRollView(MUSIC, { layer: 0 }), "RangeError", "Cannot draw the heads of layer 0 without { trace }");
  refuses(
    () => pianoRollView(MUSIC, { position: 2 }),
    "RangeError",
    /^Cannot choose the note of position 2 as no note can/,
  );
  refuses(
    () => pianoRollView(MUSIC, { ...OVER, position: 3.5 }),
    "RangeError",
    /^Cannot choose the note of position 3\.5/,
  );
  const together = saliencyOf(MUSIC, { ...OVER.saliency.options, together: true });
  refuses(
    () => pianoRollView(MUSIC, { saliency: together }),
    "TypeError",
    /^Cannot draw saliency over notes where tokens/,
  );
});

Deno.test("pianoRollView() draws music of as many events as a text", () => {
  ok(pianoRollView(musicOf(KEYS), overMusic(musicOf(KEYS))).html.includes("radiogroup"));
});
