/**
 * What a page and what computes for it say to each other: a worker of the page, or a notebook's kernel. Plain data that
 * JSON holds, the same on every way. The page asks; the other side answers each request with any number of `progress`
 * and one `result` or `error`. What is asked, by name, and with which data, is up to the two ends, which check it.
 *
 * @module
 */

/** The version of what is said; ends that differ in it say so, and nothing else. */
export const PROTOCOL = 1;

/** What JSON holds. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Asks `subject`, a live view by its name, a `question` by its name. */
export interface LiveRequest {
  readonly kind: "request";
  readonly protocol: number;
  /** A name that the page makes, new for each request. */
  readonly id: string;
  readonly subject: string;
  readonly question: string;
  readonly data: Json;
}

/** Asks to stop what a request began; it is answered by an `error` whose name is `AbortError`. */
export interface LiveAbort {
  readonly kind: "abort";
  readonly protocol: number;
  readonly id: string;
}

/** How far the answer is. */
export interface LiveProgress {
  readonly kind: "progress";
  readonly protocol: number;
  readonly id: string;
  readonly completed: number;
  readonly total: number;
  readonly message: string;
}

/** The answer. */
export interface LiveResult {
  readonly kind: "result";
  readonly protocol: number;
  readonly id: string;
  readonly data: Json;
}

/** Why there is none. `name` is the class of the error: `RangeError`, `AbortError` and so on. */
export interface LiveError {
  readonly kind: "error";
  readonly protocol: number;
  readonly id: string;
  readonly name: string;
  readonly message: string;
}

/** What the page says. */
export type FromPage = LiveRequest | LiveAbort;
/** What is said to the page. */
export type ToPage = LiveProgress | LiveResult | LiveError;

/**
 * How the other end is, as a person is told: `connecting`; `ready`; `busy`, it computes something else and will answer
 * later; `restarted`, it lives but knows this subject no longer; `gone`, it has ended or cannot be reached.
 */
export type LiveState = "connecting" | "ready" | "busy" | "restarted" | "gone";

/** One way to the other end, as the page sees it. */
export interface LivePort {
  /** Says something; what cannot be delivered is answered by an `error`. */
  send(message: FromPage): void;
  /** Hears all that is said to this page. */
  onMessage(listener: (message: ToPage) => void): void;
  /** Hears of the state, at once and whenever it changes. */
  onState(listener: (state: LiveState) => void): void;
  /** Closes the way. */
  close(): void;
}
