/**
 * What runs in a worker: ONNX Runtime and nothing else of this package. See `engine.ts`.
 *
 * @module
 */
import { inPage } from "../../base/platform.ts";
import { messageOf } from "../../base/words.ts";
import { type Engine, loadEngine, type Running } from "../engine.ts";
import { FeedUnpacker } from "./feed_packing.ts";
import type { Answers, Message, Request } from "./messages.ts";
import { openDescribed } from "./source_bridge.ts";

interface Port {
  readonly post: (message: Message, transfer?: ArrayBuffer[]) => void;
  readonly listen: (listener: (request: Request) => void) => void;
}

async function openPort(): Promise<Port> {
  if (inPage) {
    return {
      post: (message, transfer = []) => globalThis.postMessage(message, { transfer }),
      listen: (listener) => globalThis.onmessage = ({ data }) => listener(data),
    };
  }
  // onnxruntime-web resolves addresses against the origin of the worker, and that of a file is not one.
  if (globalThis.location?.origin === "null") Object.defineProperty(globalThis, "location", { value: undefined });
  const { parentPort } = await import("node:worker_threads");
  return {
    post: (message, transfer = []) => parentPort!.postMessage(message, transfer),
    listen: (listener) => parentPort!.on("message", listener),
  };
}

type Handlers = { readonly [K in keyof Answers]: (request: Extract<Request, { kind: K }>) => Promise<Answers[K]> };

/** What this worker has loaded and started. */
class Server implements Handlers {
  readonly #post: Port["post"];
  readonly #engines = new Map<string, Engine>();
  readonly #sessions = new Map<number, { readonly running: Running; readonly unpacker: FeedUnpacker }>();
  #started = 0;

  constructor(post: Port["post"]) {
    this.#post = post;
  }

  async load({ backend }: Extract<Request, { kind: "load" }>): Promise<string | undefined> {
    const engine = this.#engines.get(backend) ?? await loadEngine(backend);
    this.#engines.set(backend, engine);
    return engine.device;
  }

  async start({ backend, model, files: described, options }: Extract<Request, { kind: "start" }>): Promise<number> {
    const files = await openDescribed(described, this.#post);
    try {
      const running = await this.#engines.get(backend)!.start(new Uint8Array(model), files, options);
      this.#sessions.set(++this.#started, { running, unpacker: new FeedUnpacker() });
      return this.#started;
    } finally {
      for (const source of files.values()) source.close();
    }
  }

  async run(request: Extract<Request, { kind: "run" }>): Promise<readonly ArrayBuffer[]> {
    const { session, feeds, numbers, fetches, growths } = request;
    const { running, unpacker } = this.#sessions.get(session)!;
    const results = await running.run(unpacker.unpack(feeds, numbers), fetches, growths);
    return results.map(wholeBuffer);
  }

  async editRows({ session, edit }: Extract<Request, { kind: "editRows" }>): Promise<undefined> {
    await this.#sessions.get(session)!.running.rows!.edit(edit);
  }

  async readRows({ session, slice }: Extract<Request, { kind: "readRows" }>): Promise<readonly ArrayBuffer[]> {
    return (await this.#sessions.get(session)!.running.rows!.read(slice)).map(wholeBuffer);
  }

  async settle({ session }: Extract<Request, { kind: "settle" }>): Promise<undefined> {
    await this.#sessions.get(session)!.running.settle?.();
  }

  async release({ session }: Extract<Request, { kind: "release" }>): Promise<undefined> {
    const { running } = this.#sessions.get(session)!;
    this.#sessions.delete(session);
    await running.release();
  }
}

/** Does what is asked, and answers. */
async function handle(handlers: Handlers, request: Request, { post }: Port): Promise<void> {
  try {
    const handler = handlers[request.kind] as (request: Request) => Promise<Answers[keyof Answers]>;
    const answer = await handler.call(handlers, request);
    post({ kind: "done", answer }, Array.isArray(answer) ? [...new Set<ArrayBuffer>(answer)] : []);
  } catch (error) {
    post({ kind: "failed", message: messageOf(error) });
  }
}

/** The numbers in a buffer that holds nothing else and may be given away. */
function wholeBuffer({ buffer, byteOffset, byteLength }: Float32Array): ArrayBuffer {
  const own = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return own ? buffer : buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

const port = await openPort();
const server = new Server(port.post);
port.listen((request) => handle(server, request, port));
port.post({ kind: "ready" });
