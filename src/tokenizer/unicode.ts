/**
 * Where tokenizers 0.23.3 knows another Unicode than the engine: its normal forms are those of Unicode 9, its lower case
 * and its numbers those of Unicode 17, where V8 15 has Unicode 16. The lists were found by asking both about every code
 * point, which `tests/tokenizer/unicode_test.ts` repeats.
 *
 * @module
 */

/** Characters that have a decomposition or a combining class since Unicode 10 only. */
const NORMALIZED_LATER = characterClass(
  "7fd 897-89f 8ca-8d3 9fe c3c d3b-d3c eba 1715 1abf-1ace 1df6-1dfa 32ff a7f2-a7f4 a82c ab69 105c9 105d2 105da 105e4 " +
    "10781-10785 10787-107b0 107b2-107ba 10d24-10d27 10d69-10d6d 10eab-10eac 10efd-10eff 10f46-10f50 10f82-10f85 " +
    "11070 1133b 11383 11385 1138e 11391 113b8 113bb 113c2 113c5 113c7-113c9 113ce-113d0 1145e 11839-1183a 11930 " +
    "11938 1193d-1193e 11943 119e0 11a34 11a47 11a99 11d42 11d44-11d45 11d97 11f41-11f42 1611e-16129 1612f " +
    "16d67-16d6a 16ff0-16ff1 1ccd6-1ccf9 1e030-1e06d 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef " +
    "1f16c 1fbf0-1fbf9",
);
/** Capital letters of Unicode 17, and how far their small ones are from them. */
const LATE_CAPITALS = [[lateCapitals("a7ce a7d2 a7d4"), 1], [lateCapitals("16ea0-16eb8"), 27]] as const;

/** Marks that take no room, punctuation and format characters which are such since Unicode 9 only, or were until then. */
const LATE_MARKS = characterClass(
  "7fd 897-89f 8ca-8e1 9fe afa-aff b55 c04 c3c d00 d3b-d3c d81 eba ece 180f 1885-1886 1abf-1ace 1df6-1dfb a82c a8c5 " +
    "a8ff a9bd 10d24-10d27 10d69-10d6d 10eab-10eac 10efc-10eff 10f46-10f50 10f82-10f85 11070 11073-11074 110c2 111c9 " +
    "111cf 1123e 11241 1133b 113bb-113c0 113ce 113d0 113d2 113e1-113e2 11438-1143f 11442-11444 11446 1145e " +
    "1182f-11837 11839-1183a 1193b-1193c 1193e 11943 119d4-119d7 119da-119db 119e0 11a01-11a0a 11a33-11a38 " +
    "11a3b-11a3e 11a47 11a51-11a56 11a59-11a5b 11a8a-11a96 11a98-11a99 11c30-11c36 11c38-11c3d 11c3f 11c92-11ca7 " +
    "11caa-11cb0 11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d90-11d91 11d95 11d97 " +
    "11ef3-11ef4 11f00-11f01 11f36-11f3a 11f40 11f42 11f5a 13440 13447-13455 1611e-16129 1612d-1612f 16f4f 16fe4 " +
    "1cf00-1cf2d 1cf30-1cf46 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a 1e08f 1e130-1e136 1e2ae " +
    "1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e944-1e94a",
);
const FORMER_MARKS = characterClass("1734 1171e");
const LATE_PUNCTUATION = characterClass(
  "61d 9fd a76 c77 c84 1b4e-1b4f 1b7d-1b7f 2e43-2e4f 2e52-2e5d 10d6e 10ead 10f55-10f59 10f86-10f89 113d4-113d5 " +
    "113d7-113d8 1144b-1144f 1145a-1145b 1145d 11660-1166c 116b9 1183b 11944-11946 119e2 11a3f-11a46 11a9a-11a9c " +
    "11a9e-11aa2 11b00-11b09 11be1 11c41-11c45 11c70-11c71 11ef7-11ef8 11f43-11f4f 11fff 12ff1-12ff2 16d6d-16d6f " +
    "16e97-16e9a 16fe2 1e5ff 1e95e-1e95f",
);
const FORMER_PUNCTUATION = characterClass("166d 111c9");
const LATE_CONTROLS = characterClass("890-891 8e2 110cd 13430-1343f");

/** Marks that take no room, as BertNormalizer strips them. */
export const MARK = `(?:(?!${LATE_MARKS})\\p{Mn}|${FORMER_MARKS})`;
/** Punctuation, as BertPreTokenizer cuts it off. */
export const PUNCTUATION = `(?:(?!${LATE_PUNCTUATION})[!-/:-@\\[-\`\\{-~\\p{P}]|${FORMER_PUNCTUATION})`;
/** What BertNormalizer takes out. */
export const CONTROL = `(?:(?!${LATE_CONTROLS}|[\\t\\n\\r])[\\p{Cc}\\p{Cf}\\p{Co}]|\\ufffd)`;

const NORMALIZED_APART = new RegExp(`${NORMALIZED_LATER}+`, "gu");
const LETTERS = /\P{ASCII}|[A-Z]+/gu;

/** The class of numbers, as `Digits` counts them. */
export const NUMBER = `[\\p{N}${characterClass("11de0-11de9 16ff4-16ff6").slice(1)}`;

/**
 * A class of characters.
 *
 * @param ranges Code points and ranges of them, in hexadecimal, with spaces between.
 * @returns The class, for an expression with the flag `u`.
 */
export function characterClass(ranges: string): string {
  return `[${ranges.replace(/[0-9a-f]+/g, "\\u{$&}").replaceAll(" ", "")}]`;
}

/** Writes a text in one of Unicode's normal forms. */
export function normalForm(text: string, form: "NFC" | "NFD" | "NFKC" | "NFKD"): string {
  // what is left alone is joined with nothing and moved past nothing
  let normal = "";
  let done = 0;
  for (const { 0: apart, index } of text.matchAll(NORMALIZED_APART)) {
    normal += text.slice(done, index).normalize(form) + apart;
    done = index + apart.length;
  }
  return normal + text.slice(done).normalize(form);
}

/** Lower case, each character by itself: a final sigma is like any other, which `toLowerCase` of a text would change. */
export function lowercase(text: string): string {
  const lowered = text.replace(LETTERS, (characters) => characters.toLowerCase());
  return LATE_CAPITALS.reduce(
    (lowered, [capitals, distance]) =>
      lowered.replace(capitals, (capital) => String.fromCodePoint(capital.codePointAt(0)! + distance)),
    lowered,
  );
}

function lateCapitals(ranges: string): RegExp {
  return new RegExp(characterClass(ranges), "gu");
}
