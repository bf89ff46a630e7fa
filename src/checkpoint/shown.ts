/**
 * Writes any value as the actual value of an error message: as JSON, cut off where it gets long.
 *
 * @param value The value, of any kind and size.
 * @returns At most 80 characters.
 */
export function shown(value: unknown): string {
  const text = asJson(value);
  return text.length <= 80 ? text : `${text.slice(0, 79).toWellFormed()}…`;
}

function asJson(value: unknown): string {
  if (typeof value === "number") return String(value); // JSON has no NaN
  try {
    return JSON.stringify(value) ?? String(value);
  } catch { // a bigint, or an object that contains itself
    return String(value);
  }
}
