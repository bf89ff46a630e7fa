/**
 * Shows how far long work is: after a second a bar appears where somebody watches, and it is gone when the work is done.
 *
 * @module
 */
import { formatSeconds } from "../base/duration.ts";
import type { Progress } from "../base/progress.ts";
import { type PassingBar, passingBar } from "../base/progress_bar.ts";

/** The options of work that may take long. */
export interface Watched {
  /** Called after each part. */
  readonly onProgress?: (progress: Progress) => void;
  /** Whether a bar shows how far the work is. */
  readonly progress?: boolean;
}

/** Where a bar is shown, and the time in milliseconds. */
export interface WatchPlace {
  /** A bar of that place; undefined where nobody watches. */
  readonly bar: () => PassingBar | undefined;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/** Shorter work needs no bar. */
const PATIENCE_MS = 1000;
/** A bar that moves more often is not seen to. */
const FRAME_MS = 100;

/** What a call reports to that was made within another one: its progress shows in the bar of the outer call. */
const OUTER = Symbol("looking-glass.watched");

const HERE: WatchPlace = { bar: passingBar, now: () => performance.now() };

/** What is done, and how long the rest will take when it goes on as it went so far. */
function timed(progress: Progress, elapsed: number): Progress {
  const { task, completed, total, message } = progress;
  // The parts of a loading are too unlike for that.
  if (completed <= 0 || completed >= total || task === "load") return progress;
  const left = formatSeconds(elapsed * (total - completed) / completed / 1000);
  return { ...progress, message: `${message}, about ${left} left` };
}

/**
 * Does work under a bar, unless `progress` is `false`. The caller's `onProgress` is called too. Work within such work
 * shows in the same bar, as it is given what the outer work reports to.
 *
 * @param options What the caller gave.
 * @param work The work; it reports to the `onProgress` that it is given.
 * @param place Where the bar is shown.
 * @returns What the work gives.
 *
 * @example
 * ```ts
 * import { watched } from "./watch.ts";
 *
 * const answer = await watched({ progress: false }, () => Promise.resolve(42));
 * console.log(answer); // 42
 * ```
 */
export async function watched<Options extends Watched, Result>(
  options: Options,
  work: (options: Options) => Promise<Result>,
  { bar: place, now }: WatchPlace = HERE,
): Promise<Result> {
  const { onProgress, progress = true } = options;
  const isInner = onProgress !== undefined && OUTER in onProgress;
  const bar = progress && !isInner ? place() : undefined;
  if (!bar) return await work(options);
  const start = now();
  let drawn = -Infinity;
  const report = (progress: Progress) => {
    onProgress?.(progress);
    const at = now();
    if (at - start < PATIENCE_MS || at - drawn < FRAME_MS) return;
    bar.show(timed(progress, at - start));
    drawn = at;
  };
  try {
    return await work({ ...options, onProgress: Object.assign(report, { [OUTER]: true }) });
  } finally {
    bar.clear();
  }
}
