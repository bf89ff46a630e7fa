import type { Program } from "../models/program.ts";
import type { Session } from "../runtime/session.ts";

/** A program where it runs. */
export interface Started {
  /** The graph that the session runs, with its inputs and its outputs. */
  readonly program: Program;
  /** Where the program runs. */
  readonly session: Session;
}

/** A program that is started when it is first asked for. */
export class LateProgram {
  readonly #start: () => Promise<Started>;
  #started: Promise<Started> | undefined;

  /** Nothing is started yet. */
  constructor(start: () => Promise<Started>) {
    this.#start = start;
  }

  /** The program. A start that fails is tried again the next time. */
  async started(): Promise<Started> {
    try {
      return await (this.#started ??= this.#start());
    } catch (error) {
      this.#started = undefined;
      throw error;
    }
  }

  /** Frees its session, if there is one. */
  async dispose(): Promise<void> {
    await (await this.#started?.catch(() => undefined))?.session.dispose(); // a failed start is the error of who asked
  }
}
