/** The workers that were started while something is done, so that a test can end them or look at what they are sent. */
import { Worker } from "node:worker_threads";

/** Watches what is posted to workers until the scope ends; `onPost` is called at once after each message. */
export function watchWorkers(onPost: (kind: string) => void = () => {}) {
  const { postMessage } = Worker.prototype;
  const posted: { readonly worker: Worker; readonly kind: string }[] = [];
  Worker.prototype.postMessage = function (this: Worker, message: { kind: string }, transfer) {
    posted.push({ worker: this, kind: message.kind });
    postMessage.call(this, message, transfer);
    onPost(message.kind);
  };
  return { posted, [Symbol.dispose]: () => void (Worker.prototype.postMessage = postMessage) };
}
