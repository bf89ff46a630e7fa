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
const LATE_CAPITALS = [["a7ce a7d2 a7d4", 1], ["16ea0-16eb8", 27]] as const;

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
  return LATE_CAPITALS.reduce(
    (lowered, [capitals, distance]) =>
      lowered.replace(
        new RegExp(characterClass(capitals), "gu"),
        (capital) => String.fromCodePoint(capital.codePointAt(0)! + distance),
      ),
    text.replace(LETTERS, (characters) => characters.toLowerCase()),
  );
}
