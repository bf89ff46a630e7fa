/**
 * What a notebook under the Deno kernel needs from us: outputs that are not lost, and a Stop button that stops a
 * long call without killing the kernel. Outside the kernel nothing is touched.
 *
 * `Deno.jupyter` is not used: reading it throws outside a notebook.
 *
 * @module
 */
import { StopButton } from "./stop_button.ts";

/** The kernel's own functions, as far as they matter here. */
export interface KernelInternals {
  /** Publishes the value of a cell. */
  broadcastResult: (executionCount: number, result: unknown) => unknown;
}

/** What {@linkcode hookKernel} needs of a host. */
export interface KernelHost {
  /** The kernel's own functions; absent outside the kernel. */
  readonly internals: KernelInternals | undefined;
  /** Calls `listener` on each interrupt. */
  readonly onInterrupt: (listener: () => void) => void;
  /** The time in milliseconds. */
  readonly now?: () => number;
  /** Shows something in an output that has a name; what has one is shown as any other where this is absent. */
  readonly show?: typeof display;
}

/** The interrupt state of one host. */
export interface KernelHooks {
  /** Whether the host is a notebook kernel. */
  readonly inKernel: boolean;
  /** See {@linkcode stoppable}. */
  readonly stoppable: (signal?: AbortSignal) => AbortSignal;
  /** See {@linkcode markShown}. */
  readonly markShown: (value: object) => void;
}

const FLUSHED = Symbol.for("looking-glass.flushed");

/** What a cell shows already; a registered symbol, so that several copies of this module agree. */
const SHOWN = Symbol.for("looking-glass.shown");

/** How many cells have ended with a value; registered as well. */
const ENDED = Symbol.for("looking-glass.ended");

/** Where a value keeps the name of its output, so that the output can be replaced later; registered as well. */
export const OUTPUT_NAME: unique symbol = Symbol.for("looking-glass.output-name");

/** The method that a kernel calls to show a value. */
const JUPYTER_DISPLAY = Symbol.for("Jupyter.display");

/** What is on show, and since when. */
interface Shown {
  readonly value: object;
  readonly since: number;
}

/** Nobody reads the error of a cell and runs the next one in less. */
const NEXT_CELL_MS = 1000;

/**
 * Long enough for the queue of outputs to be drained before the kernel says it is idle. 1 ms was enough in 960 cells of
 * one output; of 36 cells that print 30 lines on a busy machine, 10 ms lost lines of 6, and 50 ms of none.
 */
const FLUSH_MS = 50;

function isKernelInternals(value: unknown): value is KernelInternals {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "broadcastResult") === "function";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/**
 * Outputs go through a queue, "idle" does not and may overtake them: clients then drop the output of the cell.
 *
 * The kernel tells nobody that a cell has failed. What it showed must not count for the next cell: a result belongs to
 * the cell that showed it when no number is missing before it, and else when it follows soon.
 */
function waitForOutputs(internals: KernelInternals, now: () => number, show: KernelHost["show"]): void {
  if (Reflect.get(internals, FLUSHED) === true) return;
  const broadcastResult = internals.broadcastResult;
  let last = -Infinity;
  internals.broadcastResult = async (executionCount, result) => {
    const shown: Shown | undefined = Reflect.get(internals, SHOWN);
    const isSameCell = executionCount <= last + 1 || (shown !== undefined && now() - shown.since < NEXT_CELL_MS);
    const isShown = shown?.value === result && isSameCell;
    last = executionCount;
    Reflect.set(internals, ENDED, endedCells(internals) + 1);
    Reflect.set(internals, SHOWN, undefined);
    const named = !isShown && show !== undefined && showNamed(result, show);
    await broadcastResult.call(internals, executionCount, isShown || named ? undefined : result);
    await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
  };
  Reflect.set(internals, FLUSHED, true);
}

/** How many cells have ended with a value; the kernel tells nobody of those that fail. */
function endedCells(internals: KernelInternals): number {
  return Number(Reflect.get(internals, ENDED) ?? 0);
}

/** Shows what has a name for its output there, and says whether it had one: a cell's own output has no name. */
function showNamed(value: unknown, show: typeof display): boolean {
  const id: unknown = isObject(value) ? Reflect.get(value, OUTPUT_NAME) : undefined;
  const bundle: unknown = typeof id === "string" ? Reflect.get(Object(value), JUPYTER_DISPLAY)?.call(value) : undefined;
  if (typeof id !== "string" || !isObject(bundle)) return false;
  show(bundle as Record<string, string>, { id, update: false });
  return true;
}

/**
 * Prepares a kernel for long calls; does nothing for any other host.
 *
 * @param host The running program.
 * @returns What {@linkcode stoppable} and the others here are made of.
 *
 * @example
 * ```ts
 * import { hookKernel } from "./kernel.ts";
 *
 * const hooks = hookKernel({ internals: undefined, onInterrupt: () => {} });
 * console.log(hooks.inKernel, hooks.stoppable().aborted); // false false
 * ```
 */
export function hookKernel(host: KernelHost): KernelHooks {
  const now = host.now ?? (() => performance.now());
  const { internals } = host;
  if (internals === undefined) {
    const never = new AbortController().signal;
    return { inKernel: false, stoppable: (signal = never) => signal, markShown: () => {} };
  }
  waitForOutputs(internals, now, host.show);
  const button = new StopButton({ cell: () => endedCells(internals), now });
  host.onInterrupt(() => button.press());
  return {
    inKernel: true,
    stoppable: (signal) => button.signal(signal),
    markShown: (value) => Reflect.set(internals, SHOWN, { value, since: now() } satisfies Shown),
  };
}

function findInternals(): KernelInternals | undefined {
  const deno: unknown = Reflect.get(globalThis, "Deno");
  if (!isObject(deno)) return undefined;
  const internal: unknown = Reflect.get(deno, Reflect.get(deno, "internal"));
  const jupyter: unknown = isObject(internal) ? Reflect.get(internal, "jupyter") : undefined;
  return isKernelInternals(jupyter) ? jupyter : undefined;
}

/** The module's, as a program has one kernel, whose interrupts must be listened to before the first long call. */
const hooks = hookKernel({
  internals: findInternals(),
  onInterrupt: (listener) => Deno.addSignalListener("SIGINT", listener),
  show: (bundle, options) => display(bundle, options),
});

/**
 * Whether this program runs inside the Deno Jupyter kernel.
 *
 * @example
 * ```ts
 * import { inKernel } from "./kernel.ts";
 *
 * console.log(inKernel); // false in a script, true in a notebook cell
 * ```
 */
export const inKernel: boolean = hooks.inKernel;

/**
 * A signal that the caller's signal aborts, and the Stop button of a notebook, with an `AbortError` that says
 * "Interrupted by user". Take it once at the beginning of a long call: a Stop that has stopped one call does not stop the
 * next, and one that was pressed between two calls of a cell stops the second. Ask it by `throwIfAborted()`, or by
 * {@linkcode reasonOf}: what has thrown counts as stopped. In a script nothing but the caller aborts it, so Ctrl-C still
 * ends the script.
 *
 * @param signal The caller's signal.
 * @returns Both in one.
 *
 * @example
 * ```ts
 * import { stoppable } from "./kernel.ts";
 *
 * console.log(stoppable(AbortSignal.abort()).aborted); // true
 * const signal = stoppable();
 * for (let i = 0; i < 3; ++i) signal.throwIfAborted();
 * ```
 */
export function stoppable(signal?: AbortSignal): AbortSignal {
  return hooks.stoppable(signal);
}

/**
 * Why a signal was aborted, for what rejects with it: it counts as heard from then on.
 *
 * @param signal An aborted signal.
 * @returns Its reason.
 *
 * @example
 * ```ts
 * import { reasonOf } from "./kernel.ts";
 *
 * console.log(reasonOf(AbortSignal.abort("enough"))); // enough
 * ```
 */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    signal.throwIfAborted();
  } catch (reason) {
    return reason;
  }
  return undefined;
}

/**
 * Shows something in the output of the running cell; does nothing outside a notebook.
 *
 * @param bundle What to show, by MIME type.
 * @param options `id` names the output; with `update`, what it shows is replaced.
 *
 * @example
 * ```ts
 * import { display } from "./kernel.ts";
 *
 * display({ "text/plain": "half" }, { id: "progress", update: false });
 * display({ "text/plain": "all" }, { id: "progress", update: true });
 * ```
 */
export function display(
  bundle: Readonly<Record<string, string>>,
  { id, update }: { readonly id: string; readonly update: boolean },
): void {
  if (!inKernel) return;
  const content = { data: bundle, metadata: {}, transient: { "display_id": id } };
  // A promise by its type, and nothing in fact; an output that is lost must not end the call that it tells about.
  void Promise.resolve(Deno.jupyter.broadcast(update ? "update_display_data" : "display_data", content)).catch(
    () => {},
  );
}

/**
 * Says that the output of the running cell shows `value` already, so that the kernel does not show it a second time
 * when it is the value of that cell. It holds until the cell ends, by its value or by an error.
 *
 * @param value What is on show.
 *
 * @example
 * ```ts
 * import { markShown } from "./kernel.ts";
 *
 * const view = {};
 * markShown(view); // a cell that ends with `view` now has one output, not two
 * ```
 */
export function markShown(value: object): void {
  hooks.markShown(value);
}
