/**
 * Answers what pages ask: named subjects, each with questions of its own. Nothing that a page says is run: it names a
 * subject and a question that are there, and its data is checked by what answers.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { errorTo, expectFromPage, idOf } from "./messages.ts";
import { type FromPage, type Json, type LiveRequest, PROTOCOL, type ToPage } from "./protocol.ts";

/** Where an answer reports to while it is made. */
export interface LiveWatch {
  /** Aborted when the page wants the answer no more. */
  readonly signal: AbortSignal;
  /** Tells the page how far the answer is. */
  readonly onProgress: (progress: LiveStep) => void;
}

/** How far an answer is. */
export interface LiveStep {
  readonly completed: number;
  readonly total: number;
  readonly message: string;
}

/** What can be asked. */
export interface LiveSubject {
  /**
   * Answers a question by its name with what JSON can hold.
   *
   * @throws When there is no such question, or its data is anything else.
   */
  answer(question: string, data: unknown, watch: LiveWatch): Promise<unknown>;
}

/** The most requests that are answered at the same time. */
const MOST_OPEN = 64;
/** The most subjects: each time that a cell runs makes one, and none knows when its output is gone. */
const MOST_SUBJECTS = 256;
/** How often progress is told, in milliseconds. */
const FRAME_MS = 100;

/** The error of a subject that is not there: a view of before a restart, or one that was taken away. */
export const UNKNOWN_SUBJECT = "NotFoundError";

/** A subject that answers by a fixed table. */
export function tableSubject(
  table: Readonly<Record<string, (data: unknown, watch: LiveWatch) => Promise<unknown>>>,
): LiveSubject {
  return {
    async answer(question, data, watch) {
      const answer = Object.hasOwn(table, question) ? table[question] : undefined;
      if (!answer) {
        throw new TypeError(`Cannot answer ${shown(question)}; ask ${Object.keys(table).map(shown).join(" or ")}`);
      }
      return await answer(data, watch);
    },
  };
}

/** The subjects of one place, and the answers that are being made. */
export class LiveHost {
  readonly #subjects = new Map<string, LiveSubject>();
  readonly #open = new Map<string, AbortController>();

  /** Lets a subject be asked by a name, instead of one that had it before; of too many, the oldest is asked no more. */
  add(name: string, subject: LiveSubject): void {
    this.#subjects.delete(name);
    this.#subjects.set(name, subject);
    if (this.#subjects.size > MOST_SUBJECTS) this.#subjects.delete(this.#subjects.keys().next().value!);
  }

  /** Lets a subject be asked no more. */
  remove(name: string): void {
    this.#subjects.delete(name);
  }

  /**
   * Takes what a page says. It never throws: whatever comes, the page is told by `reply`, with the name of its request
   * where it has one.
   */
  async receive(value: unknown, reply: (message: ToPage) => void): Promise<void> {
    let message: FromPage;
    try {
      message = expectFromPage(value);
    } catch (error) {
      return reply(errorTo(idOf(value) ?? "unknown", error));
    }
    if (message.kind === "abort") {
      this.#open.get(message.id)?.abort(new DOMException("The page asked to stop", "AbortError"));
      return;
    }
    await this.#answer(message, reply);
  }

  async #answer(request: LiveRequest, reply: (message: ToPage) => void): Promise<void> {
    const { id } = request;
    if (this.#open.has(id)) return reply(errorTo(id, new RangeError(`Cannot answer ${id} twice; make a new name`)));
    const controller = new AbortController();
    const { signal } = controller;
    try {
      const subject = this.#subjectOf(request);
      this.#open.set(id, controller);
      const onProgress = paced((step) => reply({ kind: "progress", protocol: PROTOCOL, id, ...step }), signal);
      const data = await subject.answer(request.question, request.data, { signal, onProgress });
      signal.throwIfAborted();
      reply({ kind: "result", protocol: PROTOCOL, id, data: (data ?? null) as Json });
    } catch (error) {
      reply(errorTo(id, error));
    } finally {
      if (this.#open.get(id) === controller) this.#open.delete(id);
    }
  }

  #subjectOf({ subject: name }: LiveRequest): LiveSubject {
    const subject = this.#subjects.get(name);
    if (!subject) {
      throw new DOMException("Cannot answer as this view is not known here; run its cell again", UNKNOWN_SUBJECT);
    }
    if (this.#open.size < MOST_OPEN) return subject;
    throw new RangeError(`Cannot answer as ${MOST_OPEN} answers are being made; wait, or stop some`);
  }
}

/** Tells the first step, and then not more often than can be seen, and nothing after an abort. */
function paced(tell: (step: LiveStep) => void, signal: AbortSignal): (step: LiveStep) => void {
  let last = -Infinity;
  return ({ completed, total, message }) => {
    const now = performance.now();
    if (signal.aborted || now - last < FRAME_MS) return;
    last = now;
    tell({ completed, total, message });
  };
}
