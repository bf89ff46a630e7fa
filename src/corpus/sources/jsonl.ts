import { parseJsonWithin } from "../../base/json.ts";
import { messageOf, shown } from "../../base/words.ts";
import { documentOf } from "./fields.ts";
import { isBlank, type Line, lines } from "./lines.ts";
import { decoded, type FieldSettings, type Format, type Found, NO_UTF8, tooLong } from "./piece.ts";
import { unpacked } from "./unpack.ts";

/** One JSON object a line; blank lines are none. */
export const JSONL: Format = {
  async *pieces(file, from, settings, signal) {
    for await (const line of lines(unpacked(file.name, file.bytes(from.offset, signal)), from, settings.longest)) {
      if (isBlank(line.bytes)) continue;
      yield { next: line.next, found: () => foundIn(line, `${file.name}:${line.number}`, settings) };
    }
  },
};

function foundIn({ bytes }: Line, place: string, settings: FieldSettings): Found {
  if (bytes === undefined) return { id: place, problem: tooLong(settings.longest) };
  const text = decoded(bytes);
  if (text === undefined) return { id: place, problem: NO_UTF8 };
  try {
    const record = parseJsonWithin(text, { length: settings.longest });
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      return { id: place, problem: `it is ${shown(record)}, no JSON object` };
    }
    return documentOf(
      place,
      settings,
      (field) => Object.hasOwn(record, field) ? Reflect.get(record, field) : undefined,
    );
  } catch (error) {
    return { id: place, problem: error instanceof SyntaxError ? "it is no JSON" : messageOf(error) };
  }
}
