/**
 * The kernel's end of the way between a notebook's page and its kernel. The stock Deno kernel refuses comms, so a page
 * sends a silent request to execute, whose code only calls the one function that stands here, with a text; the answer is
 * a message of a type of our own. The text is JSON of the protocol, and is parsed, never evaluated.
 *
 * @module
 */
import { parseJsonWithin } from "../base/json.ts";
import { inKernel } from "../base/kernel.ts";
import { LiveHost } from "./host.ts";
import { type KernelAddress, MESSAGE_TYPE } from "./kernel_address.ts";
import { errorTo } from "./messages.ts";
import { randomName } from "./names.ts";
import { Pace, type PaceClock } from "./pace.ts";
import type { LiveError, LiveResult, ToPage } from "./protocol.ts";

/** The most characters of what a page may say: a text of a megabyte, twice escaped. */
const MOST_ASKED = 2 ** 22;
/** The most characters of an answer; Jupyter servers limit what they pass on, and pages what they draw. */
const MOST_ANSWERED = 2 ** 26;

/** Where the channel of this version is kept: one for a kernel, whatever copies of this module it loads. */
const CHANNEL = Symbol.for("looking-glass.live.1");

/** What is needed of a kernel. */
export interface KernelPlace {
  /** Where the entry is put. */
  readonly global: object;
  /** Sends a message to all pages of the notebook. */
  readonly broadcast: (type: string, content: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** How the kernel was started, as far as it can tell. */
  readonly commandLine: () => string;
  /** The path of its notebook, as the server says. */
  readonly notebook: () => string;
  /** How time passes, where it is not as usual. */
  readonly clock?: PaceClock;
}

/** What a kernel answers with, and where it is asked. */
export interface KernelChannel {
  readonly host: LiveHost;
  readonly address: KernelAddress;
}

/** The channel of this kernel, opened when it is first asked for; none outside of a notebook. */
export function kernelChannel(place: KernelPlace | undefined = inKernel ? HERE : undefined): KernelChannel | undefined {
  if (!place) return undefined;
  const found: KernelChannel | undefined = Reflect.get(place.global, CHANNEL);
  if (found) return found;
  const host = new LiveHost();
  const entry = `lookingGlass_${randomName()}`;
  const channel = { host, address: { kernel: kernelIdOf(place.commandLine()), notebook: place.notebook(), entry } };
  const hidden = { enumerable: false, configurable: false, writable: false };
  const answers: Answers = { pace: new Pace(place.clock), waiting: new Set() };
  Object.defineProperty(place.global, entry, {
    value: (text: unknown) => hear(channel, place, answers, text),
    ...hidden,
  });
  Object.defineProperty(place.global, CHANNEL, { value: channel, ...hidden });
  return channel;
}

/** Takes a text of a page. An empty one asks nothing: whether there was an error says whether the kernel is the same. */
function hear(
  { host, address: { entry } }: KernelChannel,
  { broadcast }: KernelPlace,
  answers: Answers,
  text: unknown,
): void {
  if (text === "") return;
  const said = parsed(text);
  const { kind, id } = Object(said) as Partial<Record<"kind" | "id", unknown>>;
  if (kind === "abort" && typeof id === "string") answers.waiting.delete(id);
  const send = (message: ToPage) => void broadcast(MESSAGE_TYPE, { entry, message }).catch(() => {});
  const reply = (asked: ToPage) => {
    if (asked.kind !== "result") return send(asked);
    const { message, length } = fitting(asked);
    answers.waiting.add(message.id);
    answers.pace.go(length, () => answers.waiting.has(message.id), () => {
      answers.waiting.delete(message.id);
      send(message);
    });
  };
  void host.receive(said, reply);
}

/** Answers that wait for their turn: who gave one up does not get it. */
interface Answers {
  readonly pace: Pace;
  readonly waiting: Set<string>;
}

/** What a text says; nothing where it cannot be read. */
function parsed(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return parseJsonWithin(text, { length: MOST_ASKED });
  } catch {
    return undefined;
  }
}

/** An answer and how long it is; or the error that it is too long or no JSON. */
function fitting(message: LiveResult): { message: LiveResult | LiveError; length: number } {
  try {
    const { length } = JSON.stringify(message.data);
    if (length <= MOST_ANSWERED) return { message, length };
    throw new RangeError(`Cannot send an answer of ${length} characters as the most is ${MOST_ANSWERED}; ask for less`);
  } catch (error) {
    return { message: errorTo(message.id, error), length: 0 };
  }
}

/** The id of a kernel, after which its server names the file of its connection. */
export function kernelIdOf(commandLine: string): string {
  return /kernel-([\w-]{1,64})\.json/.exec(commandLine)?.[1] ?? "";
}

/** This program; the command line is not among `Deno.args`, which a kernel has none of. */
const HERE: KernelPlace = {
  global: globalThis,
  // Not read before it is needed, as reading it throws outside a notebook.
  broadcast: (type, content) => Promise.resolve(Deno.jupyter.broadcast(type, content)),
  commandLine() {
    try {
      if (Deno.build.os === "linux") return Deno.readTextFileSync("/proc/self/cmdline");
      if (Deno.build.os === "windows") return "";
      const ps = new Deno.Command("ps", { args: ["-o", "args=", "-p", `${Deno.pid}`] });
      return new TextDecoder().decode(ps.outputSync().stdout);
    } catch {
      return "";
    }
  },
  notebook: () => Deno.env.get("JPY_SESSION_NAME") ?? "",
};
