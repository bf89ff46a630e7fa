/**
 * What a run of a changed model is fed.
 *
 * @module
 */
import type { Past, ReadRequest } from "../models/forward_inputs.ts";
import type { EditRequest } from "../models/site_edits.ts";
import type { CompiledChanges } from "./changes.ts";
import { patternEdit } from "./pattern_change.ts";

/** The changes of a run: of each token by where it stands in its text. */
export function editsOf({ rows, patterns }: CompiledChanges, request: ReadRequest): EditRequest {
  const { texts, past, source } = request;
  const own = past.nextPositions(texts);
  const ofSource = source?.past.nextPositions(source.texts) ?? [];
  return {
    row: (site) => {
      const table = rows.get(site);
      if (!table) return undefined;
      const positions = site.startsWith("source_") ? ofSource : own;
      return { ...table, entries: positions.map((position) => table.entries.get(position) ?? 0) };
    },
    pattern: (site, S) => {
      const pattern = patterns.get(site);
      if (!pattern) return undefined;
      expectOneText(past, texts);
      return patternEdit(pattern, site.startsWith("source_") ? ofSource : own, S);
    },
  };
}

/** Changes of a run, and others at the places that those leave as they are. */
export function eitherOf(first: EditRequest, second: EditRequest): EditRequest {
  return {
    row: (site) => first.row(site) ?? second.row(site),
    pattern: (site, S) => first.pattern(site, S) ?? second.pattern(site, S),
  };
}

/** Columns of a pattern are the tokens of one text, in its order. */
function expectOneText({ texts, lastTexts }: Past, own: readonly number[]): void {
  const all = [...texts, ...lastTexts, ...own];
  if (all.every((text) => text === all[0])) return;
  throw new RangeError("Cannot read several texts side by side with a pattern that is set; ask about one at a time");
}
