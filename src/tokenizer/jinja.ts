/**
 * The one place where `@huggingface/jinja` is used. A template is a program that somebody else wrote: each value that it
 * makes is counted, and it is ended when it makes too much.
 *
 * @module
 */
import { Environment, Interpreter, parse, Template, tokenize } from "npm:@huggingface/jinja@0.5.11";
import { messageOf } from "../base/words.ts";

/** How long a template and what it writes may be, in UTF-16 code units. */
const [MOST_TEMPLATE, MOST_TEXT] = [2 ** 16, 2 ** 20];
/** How long white space may go on in a template: the library looks at a run again from each of its characters. */
const MOST_SPACE = 1000;
/** How many parts a value may have, how many numbers a range, and how much work there may be. */
const [MOST_PARTS, MOST_RANGE, MOST_WORK] = [2 ** 17, 2 ** 14, 2 ** 22];
/** What a value costs beside a sixteenth of its parts, in the unit of `MOST_WORK`. */
const VALUE_WORK = 4;

/** Writes a template out with values. */
export type Renderer = (values: Readonly<Record<string, unknown>>) => string;

type Program = ReturnType<typeof parse>;
type Evaluated = ReturnType<Interpreter["evaluate"]>;

/** What a template said by `raise_exception`. */
export class TemplateRefusal extends Error {}

/**
 * Reads a template, with `trim_blocks` and `lstrip_blocks` as transformers has them.
 *
 * What is bounded: the template (64 KiB), the values that it makes, each and together, and so its loops. What is not:
 * one filter, as `indent` of many lines by many spaces, may make a text of up to half a GiB before it is refused.
 *
 * @throws {RangeError} If the template is too long.
 * @throws {SyntaxError} If it cannot be parsed.
 */
export function readJinja(template: string): Renderer {
  if (template.length > MOST_TEMPLATE) {
    throw new RangeError(`Cannot read a template of ${template.length} characters; ${MOST_TEMPLATE} are the most`);
  }
  if (new RegExp(`\\s{${MOST_SPACE + 1}}`).test(template)) {
    throw new RangeError(`Cannot read a template with more than ${MOST_SPACE} characters of white space in a row`);
  }
  const program = attempt(
    () => markLoops(parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }))),
    (words) => new SyntaxError(`Cannot read the template as Jinja: ${words}`),
  );
  return (values) => {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...values })) environment.set(name, value);
    const text: unknown = attempt(
      () => new BoundedInterpreter(environment).run(program).value,
      (words) => new Error(`Cannot write the template out: ${words}`),
    );
    return String(text);
  };
}

const GLOBALS = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  "raise_exception": (words: unknown) => {
    throw new TemplateRefusal(String(words));
  },
  range: (start: number, stop?: number, step = 1): number[] => {
    const [from, to] = stop === undefined ? [0, start] : [start, stop];
    const length = Math.max(0, Math.ceil((to - from) / step));
    if (step === 0 || !(length <= MOST_RANGE)) {
      throw new Exhausted(`Cannot count from ${from} to ${to} by ${step} in a template; ${MOST_RANGE} are the most`);
    }
    return Array.from({ length }, (_, i) => from + i * step);
  },
  // as the library has it: some templates write today's date
  "strftime_now": (format: string) => new Template("{{ strftime_now(format) }}").render({ format }),
};

/** Says what went wrong in our words; those of an error that are ours already stay. */
function attempt<Result>(work: () => Result, explain: (words: string) => Error): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateRefusal || error instanceof Exhausted) throw error;
    throw explain(error instanceof RangeError ? "it calls itself too often, or makes too much" : messageOf(error));
  }
}

/** Puts a comment into the body of each loop, so that every turn of one is counted as a value, an empty one too. */
function markLoops(program: Program): Program {
  const open: unknown[] = [program];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== "object" || node === null) continue;
    open.push(...(node instanceof Map ? [...node].flat() : Object.values(node)).filter((part) => part !== undefined));
    if ("type" in node && node.type === "For" && "body" in node && Array.isArray(node.body)) {
      node.body.unshift({ type: "Comment", value: "" });
    }
  }
  return program;
}

class Exhausted extends RangeError {
  override readonly name = "RangeError";
}

class BoundedInterpreter extends Interpreter {
  #work = 0;

  override evaluate(...[statement, environment]: Parameters<Interpreter["evaluate"]>): Evaluated {
    const value = super.evaluate(statement, environment);
    const parts = countParts(value, MOST_PARTS);
    if (parts > MOST_PARTS) throw new Exhausted("Cannot write the template out as it makes too large a value");
    this.#work += VALUE_WORK + (parts >>> 4);
    if (this.#work > MOST_WORK) throw new Exhausted("Cannot write the template out as it does not come to an end");
    return value;
  }
}

/** The parts of a value, counted wherever they stand, until there are more than `most`. */
function countParts(value: Evaluated, most: number): number {
  const { value: content }: { value: unknown } = value;
  if (typeof content === "string") return content.length > MOST_TEXT ? Infinity : 1 + (content.length >>> 4);
  if (!Array.isArray(content) && !(content instanceof Map)) return 1;
  let parts = 1;
  for (const part of content.values() as Iterable<Evaluated>) {
    parts += countParts(part, most - parts);
    if (parts > most) return Infinity;
  }
  return parts;
}
