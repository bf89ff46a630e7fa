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

const port = await openPort();
const engines = new Map<string, Engine>();
const sessions = new Map<number, { readonly running: Running; readonly unpacker: FeedUnpacker }>();
let started = 0;

const handlers: { [K in keyof Answers]: (request: Extract<Request, { kind: K }>) => Promise<Answers[K]> } = {
  async load({ backend }) {
    const engine = engines.get(backend) ?? await loadEngine(backend);
    engines.set(backend, engine);
    return engine.device;
  },
  async start({ backend, model, files: described, options }) {
    const files = await openDescribed(described, port.post);
    try {
      const running = await engines.get(backend)!.start(new Uint8Array(model), files, options);
      sessions.set(++started, { running, unpacker: new FeedUnpacker() });
      return started;
    } finally {
      for (const source of files.values()) source.close();
    }
  },
  async run({ session, feeds, numbers, fetches }) {
    const { running, unpacker } = sessions.get(session)!;
    const results = await running.run(unpacker.unpack(feeds, numbers), fetches);
    return results.map(wholeBuffer);
  },
  async settle({ session }) {
    await sessions.get(session)!.running.settle?.();
    return undefined;
  },
  async release({ session }) {
    const { running } = sessions.get(session)!;
    sessions.delete(session);
    await running.release();
    return undefined;
  },
};

/** The numbers in a buffer that holds nothing else and may be given away. */
function wholeBuffer({ buffer, byteOffset, byteLength }: Float32Array): ArrayBuffer {
  const own = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return own ? buffer : buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

async function handle(request: Request): Promise<void> {
  try {
    const answer = await (handlers[request.kind] as (request: Request) => Promise<Answers[keyof Answers]>)(request);
    port.post({ kind: "done", answer }, Array.isArray(answer) ? [...new Set<ArrayBuffer>(answer)] : []);
  } catch (error) {
    port.post({ kind: "failed", message: messageOf(error) });
  }
}

port.listen(handle);
port.post({ kind: "ready" });
