/**
 * Asks the other end of a port the explorer's questions.
 *
 * @module
 */
import { askThrough, type LiveAskOptions } from "../../../src/live/client.ts";
import type { Json, LivePort } from "../../../src/live/protocol.ts";
import { expectAnswer, type QuestionName, type Questions } from "../questions.ts";

/** Asks a question, and gives its answer, checked. */
export type Ask = <Name extends QuestionName>(
  name: Name,
  data: Questions[Name]["data"],
  options?: LiveAskOptions,
) => Promise<Questions[Name]["answer"]>;

/** Asks the explorer that is known as `subject` at the other end. */
export function askExplorer(port: LivePort, subject: string): Ask {
  const ask = askThrough(port, subject);
  // What is asked is plain data; the compiler cannot see that its interfaces have no more fields than they say.
  return async (name, data, options) => expectAnswer(name, await ask(name, data as unknown as Json, options));
}
