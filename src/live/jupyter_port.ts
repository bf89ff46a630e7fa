/**
 * The page's end of the way between a notebook's page and its kernel: a socket of its own to the kernel's messages.
 *
 * @module
 */
import { findKernel, type JupyterServer, serverOf, socketAddress, watchRestarts } from "./jupyter_server.ts";
import { isKernelAddress, type KernelAddress } from "./kernel_address.ts";
import { callRequest, type KernelSaid, kernelSaid } from "./kernel_messages.ts";
import { errorTo } from "./messages.ts";
import { randomName } from "./names.ts";
import type { FromPage, LivePort, LiveState, ToPage } from "./protocol.ts";

/** How long a kernel may take until it counts as busy, in milliseconds. */
const PATIENCE_MS = 700;
/** How long it is waited until a kernel that does not answer is asked again whether it is there. */
const AGAIN_MS = 3000;
/** How long it is waited before a lost kernel is looked for again; the last for ever. */
const RETRY_MS = [500, 1000, 2000, 5000, 10_000];
/** How often a kernel is asked whether it is the same when somebody comes to a view. */
const CHECK_MS = 5000;
/** How often it is looked whether the kernel is still there, and the view in the page. */
const LOOK_MS = 10_000;

/**
 * The way to the kernel of the cell that brought `host`; none where this page is not of JupyterLab or Notebook 7, or
 * belongs to another server: what the cell shows then stays as it is.
 */
export function jupyterPort(address: unknown, host: Element): LivePort | undefined {
  const server = serverOf(host.ownerDocument);
  return server && isKernelAddress(address) ? new JupyterPort(server, address, host) : undefined;
}

/** What answers say where there can be none. */
const WHY: Readonly<Record<"restarted" | "gone" | "lost", string>> = {
  restarted: "Cannot answer as the kernel was restarted and does not know this view; run its cell again",
  gone: "Cannot answer as the kernel has ended or cannot be reached; start it and run the cell again",
  lost: "Cannot answer as the connection to the kernel was lost; ask again",
};

type Timer = ReturnType<typeof setTimeout>;

class JupyterPort implements LivePort {
  readonly #server: JupyterServer;
  readonly #address: KernelAddress;
  readonly #session = randomName();
  readonly #listeners: ((message: ToPage) => void)[] = [];
  readonly #watchers: ((state: LiveState) => void)[] = [];
  /** What was asked and has no answer yet. */
  readonly #open = new Set<string>();
  /** What is sent when the kernel has said that it is there. */
  #waiting: FromPage[] = [];
  #state: LiveState = "connecting";
  #socket: WebSocket | undefined;
  /** The name of the message that asks whether the kernel is the same. */
  #probe: string | undefined;
  #attempt = 0;
  #checked = -Infinity;
  #timer: Timer | undefined;
  #patience: Timer | undefined;
  readonly #look: Timer;
  readonly #seen: IntersectionObserver;
  #unwatch: (() => void) | undefined;
  #closed = false;

  constructor(server: JupyterServer, address: KernelAddress, host: Element) {
    this.#server = server;
    this.#address = address;
    // A notebook takes cells out of its page that are far away, and puts them back.
    this.#look = setInterval(() => void this.#lookAround(host.isConnected), LOOK_MS);
    this.#seen = new IntersectionObserver(() => host.isConnected && this.#wake());
    this.#seen.observe(host);
    // A restart by somebody else may go unheard; who comes to use the view should know of it before.
    for (const kind of ["focusin", "pointerenter"]) host.addEventListener(kind, () => this.#check());
    void this.#connect();
  }

  send(message: FromPage): void {
    if (message.kind === "request") this.#open.add(message.id);
    if (this.#state === "restarted" || this.#state === "gone") return this.#refuse(WHY[this.#state]);
    if (this.#socket?.readyState === WebSocket.OPEN && this.#probe === undefined) return this.#post(message);
    this.#waiting.push(message);
    this.#wake();
  }

  onMessage(listener: (message: ToPage) => void): void {
    this.#listeners.push(listener);
  }

  onState(listener: (state: LiveState) => void): void {
    this.#watchers.push(listener);
    listener(this.#state);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#look);
    this.#seen.disconnect();
    this.#unwatch?.();
    this.#hangUp();
  }

  #tell(message: ToPage): void {
    if (!this.#open.has(message.id)) return; // another view's, or given up
    if (message.kind !== "progress") this.#open.delete(message.id);
    this.#listeners.forEach((listener) => listener(message));
    if (message.kind === "error" && message.name === "NotFoundError") this.#become("restarted");
  }

  /** Answers all that is open by an error. */
  #refuse(why: string): void {
    this.#waiting = [];
    for (const id of [...this.#open]) this.#tell(errorTo(id, new Error(why)));
  }

  #become(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#watchers.forEach((watcher) => watcher(state));
    if (state === "restarted" || state === "gone") this.#refuse(WHY[state]);
  }

  /** Looks for the kernel, and opens a socket to it. */
  async #connect(): Promise<void> {
    this.#timer = undefined;
    const found = await findKernel(this.#server, this.#address);
    if (this.#closed || this.#socket) return;
    if (found === "none") return this.#become("gone");
    if (found === "unreachable") {
      this.#become("gone");
      return this.#retry();
    }
    this.#unwatch?.();
    this.#unwatch = watchRestarts(this.#server, found.id, () => this.#state !== "restarted" && this.#ask());
    const socket = new WebSocket(socketAddress(this.#server, found.id, this.#session));
    this.#socket = socket;
    socket.onopen = () => this.#ask();
    socket.onmessage = ({ data }) => this.#socket === socket && this.#hear(kernelSaid(data));
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      if (this.#state !== "restarted") this.#become("connecting");
      this.#refuse(WHY.lost);
      this.#retry();
    };
  }

  #retry(): void {
    if (this.#closed || this.#timer !== undefined) return;
    const wait = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)]!;
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }

  /** Connects again where the socket was given up. */
  #wake(): void {
    if (this.#closed || this.#socket || this.#timer !== undefined || this.#state === "gone") return;
    this.#timer = setTimeout(() => void this.#connect());
  }

  #hangUp(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    if (this.#state !== "restarted" && this.#state !== "gone") this.#become("connecting");
    this.#refuse(WHY.lost);
  }

  #check(): void {
    if (this.#state !== "ready" || this.#probe !== undefined || performance.now() - this.#checked < CHECK_MS) return;
    this.#checked = performance.now();
    this.#ask();
  }

  /** Asks whether the kernel is the one that brought the view. */
  #ask(): void {
    this.#attempt = 0;
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#probe = this.#call("");
    this.#waitFor();
  }

  #post(message: FromPage): void {
    this.#call(JSON.stringify(message));
  }

  /** Calls the entry with a text, and returns the name of the message that does. */
  #call(text: string): string {
    const names = { id: randomName(), session: this.#session };
    this.#socket!.send(JSON.stringify(callRequest(this.#address.entry, text, names)));
    return names.id;
  }

  #waitFor(): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      this.#become("busy");
      // What was asked while the kernel was restarted is lost.
      if (this.#probe !== undefined) this.#patience = setTimeout(() => this.#socket && this.#ask(), AGAIN_MS);
    }, PATIENCE_MS);
  }

  #hear(said: KernelSaid | undefined): void {
    if (said?.kind === "live") return said.entry === this.#address.entry ? this.#tell(said.message) : undefined;
    if (said?.kind === "status") return this.#hearState(said);
    if (said?.kind !== "reply") return;
    if (said.status === "error") return this.#end("restarted");
    if (said.status !== "ok") return this.#again(said.to);
    if (said.to !== this.#probe) return;
    this.#probe = undefined;
    clearTimeout(this.#patience);
    this.#become("ready");
    for (const message of this.#waiting.splice(0)) this.#post(message);
  }

  /** The kernel does not know this view, or is gone. */
  #end(state: "restarted" | "gone"): void {
    this.#probe = undefined;
    clearTimeout(this.#patience);
    this.#become(state);
  }

  /** Sees whether the kernel is still there, as nobody tells when it is shut down, and the view in the page. */
  async #lookAround(isThere: boolean): Promise<void> {
    if (!isThere) return this.#hangUp();
    if (!this.#socket || this.#state === "gone") return;
    if (await findKernel(this.#server, this.#address) === "none") this.#end("gone");
  }

  /** A kernel that is interrupted leaves out what waits for it. */
  #again(left: string): void {
    if (left === this.#probe) this.#ask();
    else this.#refuse(WHY.lost);
  }

  #hearState({ state, session, after }: Extract<KernelSaid, { kind: "status" }>): void {
    const own = session === this.#session;
    if (state === "dead") return this.#end("gone");
    if (/restarting|starting/.test(state)) {
      this.#become("connecting");
      this.#refuse(WHY.lost);
      return this.#ask();
    }
    if (own || this.#state === "restarted" || this.#state === "gone") return;
    // A notebook asks a kernel who it is when it has restarted it, of which nobody else is told.
    if (state === "idle" && after === "kernel_info_request") return this.#ask();
    if (state === "busy") this.#waitFor();
    else if (state === "idle" && this.#probe === undefined) {
      clearTimeout(this.#patience);
      this.#become("ready");
    }
  }
}
