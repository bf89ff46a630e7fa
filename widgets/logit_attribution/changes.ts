/**
 * What a part writes to the vocabulary, as bars from 0: the tokens that it raises most, then those that it lowers most.
 *
 * @module
 */
import type { LogitChange, VocabularyChange } from "../../src/ask/logit_attribution/circuit_types.ts";
import { dataTable, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import { BLUE, hex, ORANGE } from "../kit/colours.ts";
import { nameOf } from "../kit/expect.ts";
import { type Html, markup } from "../kit/html.ts";
import { scoreText } from "../kit/numbers.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { quoted } from "../kit/token_text.ts";
import { finite, type Part } from "./rows.ts";
import { partsHtml, SIGNED } from "./waterfall.ts";

/** The most bars; the data keeps all. */
const MOST = 60;
/** What a bar is named by. */
export const COLUMNS: readonly string[] = ["token", "adds to its logit"];

/** Bars, from what is raised most to what is lowered most, and how many tokens there were. */
export interface Changes {
  readonly parts: readonly Part[];
  readonly count: number;
}

/**
 * The bars of a change, and of another token that is asked about; each token once.
 *
 * @throws {TypeError} When it is no such change; `call` is what gives one, `what` how it is called.
 */
export function changesOf(change: VocabularyChange, what: string, call: string, asked?: LogitChange): Changes {
  const { raised, lowered } = (change ?? {}) as Partial<VocabularyChange>;
  const isList = (list: unknown) => Array.isArray(list) && list.every((one) => one?.token !== undefined);
  if (!isList(raised) || !isList(lowered)) {
    throw new TypeError(`Cannot draw ${nameOf(change)} as ${what}; pass what await model.${call}() returned`);
  }
  const all = [...raised!, ...asked ? [asked] : [], ...lowered!];
  const different = [...new Map(all.map((one) => [one.tokenId, one])).values()]
    .sort((a, b) => finite(Number(b.change)) - finite(Number(a.change)));
  const half = MOST / 2;
  const shown = different.length <= MOST ? different : [...different.slice(0, half), ...different.slice(-half)];
  const isAsked = (one: LogitChange) => one.tokenId === asked?.tokenId;
  return {
    parts: shown.map((one) => ({
      name: `${quoted(one.token)}${isAsked(one) ? ", asked about" : ""}`,
      value: Number(one.change),
    })),
    count: different.length,
  };
}

/** The bars, what they mean, and the same numbers as a table. */
export function changesHtml({ parts, count }: Changes, meaning: string): Html {
  const rows = parts.map(({ name, value }) => [name, scoreText(value, SIGNED)]);
  const some = parts.length < count ? ` The page shows ${parts.length} of ${count} tokens; the data keeps all.` : "";
  return markup`${scrollRegion("What it adds to logits", partsHtml("token", parts))}
<div style="${SMALL_STYLE}">${meaning} Orange raises a logit, blue lowers it.${some}</div>
${tableDetails("Tokens as a table", dataTable(COLUMNS, rows, { isNumber: (column) => column === 1 }))}`;
}

/** The same as plain text. */
export function changesText({ parts }: Changes): string {
  return textTable([COLUMNS, ...parts.map(({ name, value }) => [name, scoreText(value, SIGNED)])]);
}

const ROW = 18;
const [LEFT, RIGHT, WIDTH] = [190, 80, 640];

/** The bars as an image. */
export function drawChanges({ parts }: Changes, title: string): Html {
  const indices = Array.from(parts.keys());
  const value = (i: number) => finite(parts[i]!.value);
  const ends = [0, ...indices.map(value)];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const height = ROW * Math.max(1, parts.length) + 40;
  const plot: Plot.PlotOptions = {
    ...{ width: WIDTH, height, marginLeft: LEFT, marginTop: 6, marginRight: RIGHT, marginBottom: 34 },
    x: { domain: [low, high > low ? high : low + 1], nice: false, axis: null },
    y: { type: "band", domain: indices, padding: 0.15, axis: null },
    marks: [
      Plot.ruleX([0], { stroke: "#888" }),
      Plot.barX(indices, {
        ...{ x1: () => 0, x2: value, y: (i: number) => i, fillOpacity: 0.8 },
        fill: (i: number) => hex(value(i) < 0 ? BLUE : ORANGE),
      }),
      Plot.text(indices, {
        ...{ frameAnchor: "right", y: (i: number) => i, dx: RIGHT - 8, textAnchor: "end" } as const,
        text: (i: number) => scoreText(parts[i]!.value, SIGNED),
      }),
      Plot.axisY(indices, { tickFormat: (i: number) => parts[i]!.name, tickSize: 0, label: null }),
      Plot.axisX({ ticks: 6, label: null }),
    ],
  };
  return drawDocument([{ plot, top: 0 }], { width: WIDTH, height, title });
}
