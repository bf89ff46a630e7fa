import { deepEqual, equal, throws } from "@std/assert";
import { linkOf, type Saved, savedOf } from "../../../widgets/explorer/ui/link.ts";

const CHOICE = { position: 3, id: 7, label: "·the", spoken: "“the” after a space" };
const SAVED: Saved = {
  model: "openai-community/gpt2",
  backend: "wasm",
  place: { text: "naïve 😀\n", then: [1, 2] },
  ways: [{ text: "a", then: [] }, { text: "naïve 😀\n", then: [1, 2] }],
  labels: [[1, "<img src=x onerror=alert(1)>"], [2, "\u202Eb"]],
  settings: { temperature: 0.7, topK: 40, topP: 0.9 },
  seed: 12,
  off: [{ layer: 1, part: "head", head: 2 }, { layer: 0, part: "mlp", head: 0 }],
  tab: "whatif",
  pinned: CHOICE,
  contrast: { ...CHOICE, id: 8 },
};

const codeOf = (value: unknown) =>
  `1.${new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true })}`;

Deno.test("savedOf() gives back what linkOf() was given", () => {
  deepEqual(savedOf(linkOf(SAVED)), SAVED);
  deepEqual(savedOf(linkOf({ ...SAVED, pinned: null, contrast: null })), { ...SAVED, pinned: null, contrast: null });
  equal(savedOf(""), undefined);
  equal(/^[\w.-]+$/.test(linkOf(SAVED)), true, "nothing in a link has to be written in another way");
});

Deno.test("linkOf() lets ways go before the text, and refuses a text that is too long", () => {
  const ways = Array.from({ length: 50 }, (_, i) => ({ text: `${i}${"x".repeat(1000)}`, then: [] }));
  deepEqual(savedOf(linkOf({ ...SAVED, ways })), { ...SAVED, ways: [] });
  throws(
    () => linkOf({ ...SAVED, place: { text: "x".repeat(25_000), then: [] } }),
    /^RangeError: Cannot make a link of 25000 characters as it would be too long; shorten the text$/,
  );
});

const nested = (depth: number): unknown => depth === 0 ? 1 : [nested(depth - 1)];
/** Each is a hash that somebody else could have made, and why it is refused. */
const HOSTILE: readonly (readonly [hash: string, reason: RegExp])[] = [
  ["nonsense", /^SyntaxError: Cannot open the link as it is none of the explorer, or of another version; ask for/],
  ["2.e30", /another version/],
  ["1.%%%", /^SyntaxError: Cannot open the link as it is damaged \(.*\); copy all of it$/],
  ["1.gICA", /damaged/],
  [`1.${"A".repeat(200_000)}`, /^RangeError: Cannot open the link as it has 200002 characters, more than 100000; ask/],
  [codeOf(null), /^TypeError: Cannot open the link as it is null, not an object; ask for another$/],
  [codeOf(nested(20)), /damaged \(it is nested deeper than 8 levels\)/],
  [codeOf({ ...SAVED, more: 1 }), /it has "more", which is no field of it/],
  [codeOf({ ...SAVED, place: undefined }), /it has no place/],
  [codeOf({ ...SAVED, model: "x".repeat(201) }), /it\.model has a length of 201, more than 200/],
  [codeOf({ ...SAVED, backend: "native" }), /it\.backend is "native", not "wasm" or "webgpu"/],
  [
    codeOf({ ...SAVED, settings: { temperature: 3, topK: 0, topP: 1 } }),
    /it\.settings\.temperature is 3, not a number/,
  ],
  [codeOf({ ...SAVED, settings: { temperature: null, topK: 0, topP: 1 } }), /it\.settings\.temperature is null/],
  [codeOf({ ...SAVED, seed: -1 }), /it\.seed is -1, not a whole number >= 0/],
  [codeOf({ ...SAVED, place: { text: 1, then: [] } }), /it\.place\.text is 1, not a text/],
  [codeOf({ ...SAVED, place: { text: "", then: [0.5] } }), /it\.place\.then\.0 is 0\.5/],
  [codeOf({ ...SAVED, place: { text: "", then: Array(5000).fill(1) } }), /then has a length of 5000, more than 4096/],
  [codeOf({ ...SAVED, ways: Array(101).fill(SAVED.place) }), /it\.ways has a length of 101, more than 100/],
  [codeOf({ ...SAVED, tab: "constructor" }), /it\.tab is "constructor", not/],
  [codeOf({ ...SAVED, off: [{ layer: 2000, part: "head", head: 0 }] }), /it\.off\.0\.layer is 2000/],
  [codeOf({ ...SAVED, pinned: { ...CHOICE, position: 0 } }), /it\.pinned/],
  [codeOf(JSON.parse('{"__proto__":{"model":""}}')), /it has "__proto__"|it has no model/],
];

Deno.test("savedOf() refuses what is no state, and says why", () => {
  for (const [hash, reason] of HOSTILE) throws(() => savedOf(hash), reason);
  equal(HOSTILE.length, 22);
});
