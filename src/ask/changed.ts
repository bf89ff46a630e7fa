/**
 * What cannot be asked of a model that is changed inside, as the answer would be about something else.
 *
 * @module
 */
import type { Change } from "../model/change.ts";
import type { Machine } from "../model/memory.ts";

/**
 * Refuses what compares a text with embeddings of zeros, which a change at the embeddings would make something else.
 *
 * @throws {TypeError} When they are changed; `task` completes "Cannot ...", `advice` says what to do.
 */
export function expectOwnEmbeddings(task: string, { changes }: Machine, advice: string): void {
  const change = changes?.changes.find(({ site }) => site === "embed" || site === "source_embed");
  if (!change) return;
  const why = "embeddings of zeros would not be zeros there";
  throw new TypeError(`Cannot ${task} with a model that is changed at "${change.site}" as ${why}; ${advice}`);
}

/**
 * Refuses what takes tokens away from where a change is.
 *
 * @throws {TypeError} When a model is changed at positions, or a pattern is set; `task` completes "Cannot ...".
 */
export function expectUnplaced(task: string, { changes }: Machine): void {
  const isPlaced = ({ site, positions }: Change) => positions !== undefined || site.includes("pattern.");
  const change = changes?.changes.find(isPlaced);
  if (!change) return;
  const where = change.positions ? `changed at positions of "${change.site}"` : `given rows of "${change.site}"`;
  const why = "that stays when the tokens there are taken away";
  throw new TypeError(
    `Cannot ${task} with a model that is ${where} as ${why}; use one that is changed at all positions`,
  );
}

/**
 * Refuses what takes the residual stream for a sum of what was written to it, where a change multiplies or replaces that.
 *
 * @throws {TypeError} When what attention adds, or the stream, is scaled or set; `task` completes "Cannot ...".
 */
export function expectOwnStream(task: string, { changes }: Machine): void {
  const change = changes?.changes.find(({ site, add }) => /^(attn_out|resid|resid_mid)\./.test(site) && !add);
  if (!change) return;
  const why = "what was written before is not read as it was";
  const advice = "add there, change heads, MLPs, neurons or patterns, or ask the model that it was made of";
  throw new TypeError(`Cannot ${task} as the model is changed at "${change.site}", where ${why}; ${advice}`);
}
