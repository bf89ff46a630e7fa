/**
 * A place for what is wider or taller than its page. It can be reached and scrolled by keyboard.
 *
 * @module
 */
import { styling } from "./css.ts";
import { type Attributes, type Html, markup } from "./html.ts";
import { LINE_STYLE } from "./chips.ts";
import { counted } from "./numbers.ts";

/** HTML that scrolls on its own. */
export function scrollRegion(label: string, content: Html): Html {
  return markup`<div role="region" aria-label="${label}" tabindex="0" style="overflow-x:auto;margin:6px 0">\n\
${content}\n</div>`;
}

/** The most tokens of a text that is not put in a box: what a choice shows should stay in sight. */
const MOST_OPEN = 160;

/** Chips in reading order; many of them scroll in a box of their own. `roles` are the attributes of their group. */
export function textRegion(roles: Attributes, chips: Html, count: number): Html {
  const group = markup`<div${roles} style="${LINE_STYLE}">\n${chips}\n</div>`;
  if (count <= MOST_OPEN) return group;
  return markup`<div role="region" aria-label="Text, ${
    counted(count, "token")
  }" tabindex="0" style="overflow:auto;max-height:320px;margin:6px 0">${group}</div>`;
}

/** Row heads that stay when a table scrolls sideways, where style rules are allowed. JupyterLab has a ground of its own. */
export const STICKY = {
  /** The class of the view. */
  name: "lg-sticky",
  /** The rule. */
  rule:
    styling`.lg-sticky [role=region]>table th[scope=row]{position:sticky;left:0;background:var(--jp-layout-color0,Canvas)}`,
};
