/**
 * A bar that grows, for who waits: in the output of a notebook cell, or in the last line of a terminal.
 *
 * @module
 */
import { display, inKernel } from "./kernel.ts";
import { inPage } from "./platform.ts";
import type { Progress } from "./progress.ts";

/** Shows how far a long call is. */
export type ProgressBar = (progress: Progress) => void;

/** The bar of the place where this program runs; undefined where nobody watches. */
export function progressBar(): ProgressBar | undefined {
  if (inKernel) return notebookBar(display, crypto.randomUUID());
  if (inPage || !Deno.stderr.isTerminal()) return undefined;
  return terminalBar((bytes) => void Deno.stderr.writeSync(bytes), columns);
}

/** A bar that is taken away when the work is done. */
export interface PassingBar {
  /** Shows how far the work is. */
  readonly show: ProgressBar;
  /** Takes the bar away, if it was shown. */
  readonly clear: () => void;
}

/** The passing bar of the place where this program runs; undefined where nobody watches. */
export function passingBar(): PassingBar | undefined {
  if (inKernel) return passingNotebookBar(display, crypto.randomUUID());
  if (inPage || !Deno.stderr.isTerminal()) return undefined;
  return passingTerminalBar((bytes) => void Deno.stderr.writeSync(bytes), columns);
}

/** A bar in one cell output, which is empty when it is taken away: a notebook has no way to remove one output. */
export function passingNotebookBar(show: typeof display, id: string): PassingBar {
  const bar = notebookBar(show, id);
  let shown = false;
  return {
    show(progress) {
      bar(progress);
      shown = true;
    },
    clear() {
      if (shown) show({ "text/html": "", "text/plain": "" }, { id, update: true });
    },
  };
}

/** A bar in one line of a terminal, which is wiped. */
export function passingTerminalBar(write: (bytes: Uint8Array) => void, width: () => number): PassingBar {
  const bar = terminalBar(write, width);
  let shown = false;
  return {
    show({ completed, total, message, task }) {
      bar({ task, message, completed: Math.min(completed, total - 1), total }); // a full one would end its line
      shown = true;
    },
    clear() {
      if (shown) write(new TextEncoder().encode("\r\x1b[K"));
    },
  };
}

/** A bar in one cell output, which is replaced at each step. */
export function notebookBar(show: typeof display, id: string): ProgressBar {
  let shown = false;
  return ({ completed, total, message }) => {
    const text = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const html = `<progress value="${completed}" max="${total}"></progress> <span>${text}</span>`;
    show({ "text/html": html, "text/plain": message }, { id, update: shown });
    shown = true;
  };
}

/** A bar in one line, which is written over at each step and left when it is full. */
export function terminalBar(write: (bytes: Uint8Array) => void, width: () => number): ProgressBar {
  const encoder = new TextEncoder();
  return ({ completed, total, message }) => {
    const filled = total > 0 ? Math.floor(20 * completed / total) : 20;
    const line = `${"█".repeat(filled)}${"░".repeat(20 - filled)} ${message}`;
    const end = completed >= total ? "\n" : "";
    write(encoder.encode(`\r${line.slice(0, Math.max(20, width() - 1))}\x1b[K${end}`));
  };
}

function columns(): number {
  try {
    return Deno.consoleSize().columns || 80; // 0 where it is not known
  } catch { // standard output is no terminal
    return 80;
  }
}
