/**
 * A place for what is wider or taller than its page. It can be reached and scrolled by keyboard.
 *
 * @module
 */
import { escapeHtml } from "./escape.ts";

/** HTML that scrolls on its own. */
export function scrollRegion(label: string, html: string): string {
  return `<div role="region" aria-label="${escapeHtml(label)}" tabindex="0" style="overflow-x:auto;margin:6px 0">\n` +
    `${html}\n</div>`;
}

/** Row heads that stay when a table scrolls sideways, where style rules are allowed. JupyterLab has a ground of its own. */
export const STICKY = {
  /** The class of the view. */
  name: "lg-sticky",
  /** The rule. */
  rule:
    ".lg-sticky [role=region]>table th[scope=row]{position:sticky;left:0;background:var(--jp-layout-color0,Canvas)}",
};
