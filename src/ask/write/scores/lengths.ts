import type { DecodeOptions } from "../options.ts";

/** How many tokens are written at most when nobody says otherwise. */
export const DEFAULT_MAX_NEW_TOKENS = 20;

/** Names of a length that is said in two ways: the first goes before the second where both stand in one place. */
const LENGTHS = [["maxNewTokens", "maxLength"], ["minNewTokens", "minLength"]] as const;

/**
 * Options over defaults. A length that is given takes the place of a default, in whichever of its two ways that was
 * said.
 */
export function overDefaults<Options extends DecodeOptions>(defaults: DecodeOptions, options: Options): Options {
  const kept: { -readonly [Name in keyof DecodeOptions]: DecodeOptions[Name] } = { ...defaults };
  for (const names of LENGTHS) {
    if (names.some((name) => options[name] !== undefined)) names.forEach((name) => delete kept[name]);
  }
  return { ...kept, ...options };
}

/** What limits the length of a text. */
type Lengths = Pick<DecodeOptions, "maxNewTokens" | "maxLength">;

/**
 * How many tokens may be written after so many.
 *
 * @throws {RangeError} When `maxLength` leaves no room for `least` of them.
 */
export function mostNewTokens({ maxNewTokens, maxLength }: Lengths, length: number, least = 1): number {
  if (maxNewTokens !== undefined || maxLength === undefined) return maxNewTokens ?? DEFAULT_MAX_NEW_TOKENS;
  if (length + least <= maxLength) return maxLength - length;
  const advice = "shorten it, or pass maxNewTokens";
  throw new RangeError(`Cannot continue a text of ${length} tokens as maxLength is ${maxLength}; ${advice}`);
}

/**
 * Refuses options that say one length in two ways.
 *
 * @throws {TypeError} When they do.
 */
export function expectOneLength(options: DecodeOptions): void {
  for (const [first, second] of LENGTHS) {
    if (options[first] === undefined || options[second] === undefined) continue;
    const both = `${first} ${options[first]} and ${second} ${options[second]}`;
    throw new TypeError(`Cannot decode with ${both}, which say the same in two ways; pass one of them`);
  }
}
