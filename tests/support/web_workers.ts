/** Workers of the web that are started while something is done, and how many processors it sees. */

/** What stands in for `Worker`. */
type Opened = typeof Worker;

/** A global or its property that a test replaces until its scope ends. */
function replaced(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  if (value === undefined) Reflect.deleteProperty(target, name);
  else Object.defineProperty(target, name, { value, writable: true, configurable: true });
  return () => {
    Reflect.deleteProperty(target, name);
    if (before) Object.defineProperty(target, name, before);
  };
}

/** Until the scope ends a program has so many processors. */
export function withProcessors(count: number): Disposable {
  return { [Symbol.dispose]: replaced(navigator, "hardwareConcurrency", count) };
}

/** Until the scope ends a program cannot share memory, as a page that is not isolated. */
export function withoutSharedMemory(): Disposable {
  return { [Symbol.dispose]: replaced(globalThis, "SharedArrayBuffer", undefined) };
}

/** Until the scope ends workers are opened by `open`, and counted. */
export function watchWebWorkers(open: (kind: Opened, ...start: ConstructorParameters<Opened>) => Worker) {
  const own = globalThis.Worker;
  const seen = { started: 0, ended: 0 };
  const Watched = function (...start: ConstructorParameters<Opened>) {
    const worker = open(own, ...start);
    const { terminate } = worker;
    ++seen.started;
    worker.terminate = function () {
      ++seen.ended;
      terminate.call(this);
    };
    return worker;
  };
  return { seen, [Symbol.dispose]: replaced(globalThis, "Worker", Watched) };
}

/** Opens what is asked for. */
export const asAsked = (kind: Opened, ...start: ConstructorParameters<Opened>): Worker => new kind(...start);

/** Opens another program. */
export function instead(code: string): (kind: Opened) => Worker {
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  return (kind) => new kind(url, { type: "module" });
}
