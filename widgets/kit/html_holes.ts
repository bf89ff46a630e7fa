/**
 * Where the holes of an HTML template are: in text, in a tag, in the value of an attribute, in a style or a script.
 *
 * @module
 */

/** A place in HTML. */
export interface Hole {
  /** What surrounds it. */
  readonly in: "text" | "tag" | "value" | "style" | "script";
  /** The name of the tag. */
  readonly tag: string;
  /** The name of the attribute that it is the value of, or a part of the value. */
  readonly attribute: string;
}

const TEXT: Hole = { in: "text", tag: "", attribute: "" };
const TAG = /<(?:!DOCTYPE html>|\/[\w:-]+>|([\w:-]+))/y;
const ATTRIBUTE = /\s*(?:([\w:-]+)="|[\w:-]+(?=[\s/>])|(\/?>)|$)/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (found === null) throw new SyntaxError(`Cannot read a template of HTML at “${text.slice(at, at + 40)}”`);
  return found;
}

/** A step through text: to the end of the next tag's name. */
function walkText(text: string, from: number): readonly [Hole, number] {
  const at = text.indexOf("<", from);
  if (at < 0) return [TEXT, text.length];
  const found = match(TAG, text, at);
  const [all, tag] = found;
  return [tag === undefined ? TEXT : { in: "tag", tag, attribute: "" }, at + all.length];
}

/** A step through a tag: to the beginning of a value, or the end of the tag. */
function walkTag(hole: Hole, text: string, from: number): readonly [Hole, number] {
  const [all, attribute, end] = match(ATTRIBUTE, text, from);
  const at = from + all.length;
  if (attribute?.startsWith("on")) {
    throw new SyntaxError(`Cannot write ${attribute}="…" into HTML; it would be a script`);
  }
  if (attribute !== undefined) return [{ ...hole, in: "value", attribute }, at];
  if (end === undefined) return [hole, at];
  const raw = end === ">" && (hole.tag === "style" || hole.tag === "script") ? hole.tag : undefined;
  return [raw === undefined ? TEXT : { in: raw, tag: raw, attribute: "" }, at];
}

function walkUntil(mark: string, hole: Hole, after: Hole, text: string, from: number): readonly [Hole, number] {
  const at = text.indexOf(mark, from);
  return at < 0 ? [hole, text.length] : [after, at + mark.length];
}

function walk(start: Hole, text: string): Hole {
  let hole = start;
  for (let at = 0; at < text.length;) {
    if (hole.in === "text") [hole, at] = walkText(text, at);
    else if (hole.in === "tag") [hole, at] = walkTag(hole, text, at);
    else if (hole.in === "value") [hole, at] = walkUntil('"', hole, { ...hole, in: "tag", attribute: "" }, text, at);
    else [hole, at] = walkUntil(`</${hole.tag}>`, hole, TEXT, text, at);
  }
  return hole;
}

/**
 * The places of the holes of a template.
 *
 * @param strings The texts around the holes: whole tags, quoted values, no comments.
 * @returns The place after each text but the last.
 * @throws {SyntaxError} If the template is anything else, or has the attribute of an event.
 */
export function holesOf(strings: readonly string[]): readonly Hole[] {
  const holes: Hole[] = [];
  let hole = TEXT;
  for (const text of strings) {
    hole = walk(hole, text);
    holes.push(hole);
  }
  if (hole.in !== "text") throw new SyntaxError(`Cannot read a template of HTML that ends in a ${hole.in}`);
  return holes.slice(0, -1);
}
