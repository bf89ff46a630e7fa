/**
 * A place for what is wider or taller than its page. It can be reached and scrolled by keyboard.
 *
 * @module
 */
import { LINE_STYLE } from "./chips.ts";
import { escapeHtml } from "./escape.ts";
import { counted } from "./numbers.ts";

/** HTML that scrolls on its own. */
export function scrollRegion(label: string, html: string): string {
  return `<div role="region" aria-label="${escapeHtml(label)}" tabindex="0" style="overflow-x:auto;margin:6px 0">\n` +
    `${html}\n</div>`;
}

/** The most tokens of a text that is not put in a box: what a choice shows should stay in sight. */
const MOST_OPEN = 160;

/** Chips in reading order; many of them scroll in a box of their own. `roles` are the attributes of their group. */
export function textRegion(roles: string, chips: string, count: number): string {
  const group = `<div ${roles} style="${LINE_STYLE}">\n${chips}\n</div>`;
  if (count <= MOST_OPEN) return group;
  return `<div role="region" aria-label="Text, ${
    counted(count, "token")
  }" tabindex="0" style="overflow:auto;max-height:320px;margin:6px 0">${group}</div>`;
}

/** Row heads that stay when a table scrolls sideways, where style rules are allowed. JupyterLab has a ground of its own. */
export const STICKY = {
  /** The class of the view. */
  name: "lg-sticky",
  /** The rule. */
  rule:
    ".lg-sticky [role=region]>table th[scope=row]{position:sticky;left:0;background:var(--jp-layout-color0,Canvas)}",
};
