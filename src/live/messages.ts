/**
 * What comes from the other end, checked field by field: it may be of another version, or somebody else.
 *
 * @module
 */
import { type Check, choice, newScope, number, record, text, textLike, wholeFrom } from "../analysis/results/checks.ts";
import { messageOf } from "../base/words.ts";
import {
  type FromPage,
  type Json,
  type LiveAbort,
  type LiveError,
  type LiveProgress,
  type LiveRequest,
  type LiveResult,
  PROTOCOL,
  type ToPage,
} from "./protocol.ts";

const id = textLike(/^[\w-]{1,64}$/, "1 to 64 letters, digits, - and _");
const name = textLike(/^[\w.-]{1,128}$/, "1 to 128 letters, digits, ., - and _");
const protocol = wholeFrom(PROTOCOL, PROTOCOL);
const data: Check<Json> = (value, path) => value === undefined ? `${path} is missing` : undefined;
const kind = <Kind extends string>(value: Kind) => choice({ [value]: true } as Record<Kind, true>);

const FROM_PAGE: { readonly [Kind in FromPage["kind"]]: Check<Extract<FromPage, { readonly kind: Kind }>> } = {
  request: record<LiveRequest>({ kind: kind("request"), protocol, id, subject: name, question: name, data }),
  abort: record<LiveAbort>({ kind: kind("abort"), protocol, id }),
};

const TO_PAGE: { readonly [Kind in ToPage["kind"]]: Check<Extract<ToPage, { readonly kind: Kind }>> } = {
  progress: record<LiveProgress>({
    ...{ kind: kind("progress"), protocol, id },
    ...{ completed: number, total: number, message: text },
  }),
  result: record<LiveResult>({ kind: kind("result"), protocol, id, data }),
  error: record<LiveError>({ kind: kind("error"), protocol, id, name: text, message: text }),
};

/**
 * What a page says, checked.
 *
 * @throws {TypeError} When it is anything else; the message completes "Cannot answer as ".
 */
export function expectFromPage(value: unknown): FromPage {
  return checked<FromPage>(value, FROM_PAGE, "answer");
}

/**
 * What is said to a page, checked: anything else that names a request is an error of that request, and what names none is
 * nothing.
 */
export function heard(value: unknown): ToPage | undefined {
  try {
    return checked<ToPage>(value, TO_PAGE, "hear the answer");
  } catch (error) {
    const id = idOf(value);
    return id === undefined ? undefined : errorTo(id, error);
  }
}

/** A message that is longer than a page can show. */
const MOST_WORDS = 2000;

/** Says why there is no answer. */
export function errorTo(id: string, error: unknown): LiveError {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "Error";
  return { kind: "error", protocol: PROTOCOL, id, name, message: messageOf(error).slice(0, MOST_WORDS).toWellFormed() };
}

/** The name of the request that something is about, if it says so in a form that can be answered. */
export function idOf(value: unknown): string | undefined {
  const found: unknown = Reflect.get(Object(value), "id");
  return id(found, "id", newScope()) === undefined ? found as string : undefined;
}

function checked<Message>(value: unknown, checks: Readonly<Record<string, Check>>, task: string): Message {
  const { kind, protocol: version } = Object(value) as Partial<Record<string, unknown>>;
  if (Number.isSafeInteger(version) && version !== PROTOCOL) {
    const ends = `the other end speaks version ${version} and this one ${PROTOCOL}`;
    throw new TypeError(`Cannot ${task} as ${ends}; run the cell again, and reload the page`);
  }
  const known = typeof kind === "string" && Object.hasOwn(checks, kind);
  const problem = known ? checks[kind]!(value, "the message", newScope()) : "it is no message of this protocol";
  if (problem === undefined) return value as Message;
  throw new TypeError(`Cannot ${task} as ${problem}; run the cell again, and reload the page`);
}
