/** How much a JSON text may hold. */
export interface JsonLimits {
  /**
   * How many UTF-16 code units long it may be.
   *
   * @default {2 ** 24}
   */
  readonly length?: number;
  /**
   * How many values it may hold, keys not counted; a list or an object within a list may count as two.
   *
   * @default {2 ** 20}
   */
  readonly values?: number;
  /**
   * How deep lists and objects may be nested.
   *
   * @default {64}
   */
  readonly depth?: number;
}

/** Of what is large by nature: a vocabulary with its merges, or the list of all files of a repository. */
export const LARGE_JSON: JsonLimits = { length: 2 ** 27, values: 2 ** 24 };

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [BRACKET, BRACKET_END, BRACE, BRACE_END] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Parses JSON that somebody else wrote. What it holds is counted before any of it is made: parsing a few megabytes of
 * brackets takes gigabytes, and what walks through a deep object by recursion ends in a stack overflow.
 *
 * @param text The JSON.
 * @param limits How much it may hold.
 * @returns What it holds.
 * @throws {RangeError} When it holds more; the message completes "Cannot read ... as ".
 * @throws {SyntaxError} When it is not JSON.
 *
 * @example
 * ```ts
 * import { parseJsonWithin } from "./json.ts";
 *
 * parseJsonWithin("[[1, 2]]", { depth: 2 }); // [[1, 2]]
 * ```
 */
export function parseJsonWithin(text: string, limits: JsonLimits = {}): unknown {
  const { length = 2 ** 24, values = 2 ** 20, depth = 64 } = limits;
  if (text.length > length) throw new RangeError(`it has ${text.length} characters, more than ${length}`);
  expectValues(text, values, depth);
  return JSON.parse(text);
}

/**
 * Parses the body of an answer, of which no more is read than may be.
 *
 * @throws {RangeError} When it is longer, or holds more.
 * @throws {SyntaxError} When it is not JSON.
 */
export async function readJsonWithin(response: Response, limits: JsonLimits): Promise<unknown> {
  const { length = 2 ** 24 } = limits;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) { // leaving the loop cancels the rest
    text += decoder.decode(chunk, { stream: true });
    if (text.length > length) throw new RangeError(`it has more than ${length} characters`);
  }
  return parseJsonWithin(text + decoder.decode(), limits);
}

function expectValues(text: string, mostValues: number, mostDepth: number): void {
  let [values, depth] = [1, 0];
  for (let at = 0; at < text.length; ++at) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === COMMA) ++values;
    else if (unit === BRACKET || unit === BRACE) {
      ++values;
      if (++depth > mostDepth) throw new RangeError(`it is nested deeper than ${mostDepth} levels`);
    } else if (unit === BRACKET_END || unit === BRACE_END) --depth;
    if (values > mostValues) throw new RangeError(`it holds more than ${mostValues} values`);
  }
}

/** Where the string ends that begins at `at`: at its second quote, or where the text ends. */
function endOfString(text: string, at: number): number {
  while (++at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at;
    if (unit === BACKSLASH) ++at;
  }
  return at;
}
