import { styling } from "../widgets/kit/css.ts";
import { type Html, htmlText, markup, stacked } from "../widgets/kit/html.ts";
import { JUPYTER_DISPLAY, type MimeBundle } from "../widgets/kit/view.ts";
import { judgeSetup, type SetupCheck } from "./setup_checks.ts";
import { findFacts } from "./setup_facts.ts";

export type { SetupCheck } from "./setup_checks.ts";

/** What {@linkcode checkSetup} found. */
export interface Setup {
  /** Whether nothing stands in the way. */
  readonly ok: boolean;
  /** What was looked at. */
  readonly checks: readonly SetupCheck[];
  /** The same as a table in plain text. */
  readonly text: string;
  /** What a notebook shows. */
  [JUPYTER_DISPLAY](): MimeBundle;
}

const SIGNS: Readonly<Record<SetupCheck["state"], string>> = { ok: "✓", note: "•", problem: "✗" };

function headline(checks: readonly SetupCheck[]): string {
  const count = checks.filter(({ state }) => state === "problem").length;
  if (count === 0) return "Ready.";
  return count === 1 ? "One thing stands in the way:" : `${count} things stand in the way:`;
}

function setupText(checks: readonly SetupCheck[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, found, state, advice }) => [
    `${SIGNS[state]} ${name.padEnd(width)}  ${found}`,
    ...(advice ? [`  ${" ".repeat(width)}  → ${advice}`] : []),
  ]);
  return [headline(checks), ...lines].join("\n");
}

const CELL = styling`text-align:left;vertical-align:top;padding:2px 12px 2px 0;white-space:normal`;
const BOLD = styling`${CELL};font-weight:bold`;

function rowHtml({ name, found, state, advice }: SetupCheck): Html {
  const style = state === "problem" ? BOLD : CELL;
  const more = advice && markup`<br>→ ${advice}`;
  return markup`<tr><td style="${style}">${SIGNS[state]} ${name}</td><td style="${style}">${found}${more}</td></tr>`;
}

function setupHtml(checks: readonly SetupCheck[]): string {
  const style = styling`border-collapse:collapse;margin:4px 0;font-size:13px`;
  return htmlText(markup`<div role="group" aria-label="Set-up"><div>${headline(checks)}</div>
<table style="${style}"><tbody>${stacked(checks.map(rowHtml))}</tbody></table></div>`);
}

/**
 * Looks whether everything is there that this package needs, and says what to do about what is not: the version of Deno,
 * the notebook, permissions, where models will run, the bundled model, memory. Made for the first cell of a notebook,
 * where its result shows itself as a short table. It asks for no permission. Where `--allow-ffi` is granted, the first
 * call downloads onnxruntime-node, as loading a model would.
 *
 * @returns What was found.
 *
 * @example
 * ```ts
 * import { checkSetup } from "@looking-glass/looking-glass";
 *
 * const setup = await checkSetup();
 * console.log(setup); // a table
 * if (!setup.ok) throw new Error(setup.text);
 * ```
 */
export async function checkSetup(): Promise<Setup> {
  const checks = judgeSetup(await findFacts());
  const text = setupText(checks);
  const setup: Setup & { [key: symbol]: unknown } = {
    ok: checks.every(({ state }) => state !== "problem"),
    checks,
    text,
    [JUPYTER_DISPLAY]: () => ({ "text/html": setupHtml(checks), "text/plain": text }),
    [Symbol.for("Deno.customInspect")]: () => text,
  };
  return setup;
}
