/** 32 random hexadecimal digits, which nobody guesses; `crypto.randomUUID` is missing in pages over plain http. */
export function randomName(): string {
  return crypto.getRandomValues(new Uint8Array(16)).reduce(
    (text, byte) => text + byte.toString(16).padStart(2, "0"),
    "",
  );
}
