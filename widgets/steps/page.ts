/**
 * A decoding as a page: the text, and what each written token was chosen among.
 *
 * @module
 */
import type { Sequence } from "../../src/model/sequence.ts";
import { chipHtml, dataTable, LINE_STYLE, SMALL_STYLE, tableDetails, textTable } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, panelRules } from "../kit/choice.ts";
import { overlay } from "../kit/colours.ts";
import { type Css, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { spokenToken, visibleText } from "../kit/glyphs.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { predictionList, predictionWords } from "../kit/prediction_list.ts";
import { informationText, ordinalText, probabilityText } from "../kit/quantities.ts";
import { probabilityLegend, probabilityShare } from "../kit/ramp.ts";
import { textRegion } from "../kit/scroll_region.ts";
import { quoted, tokenLabel } from "../kit/token_text.ts";
import { type DecodedStep, type DecodedSteps, writtenWords } from "./record.ts";

/** The most steps that can be chosen, lines of their lists altogether, and chips of a page. */
const MOST_CHOICES = 96;
const MOST_LINES = 480;
const MOST_CHIPS = 600;
/** The most chips of a picture that is replaced soon. */
const MOST_LIVE = 120;
const MOST_ROWS = 300;

const MARK = "chosen";

function chanceWords({ logProb, rank }: DecodedStep): string {
  const place = rank === undefined
    ? ""
    : rank === 1
    ? ", the most likely token"
    : `, the ${ordinalText(rank)} most likely`;
  return `chosen with ${probabilityText(Math.exp(logProb))}${place}`;
}

/** Prompt and written tokens as one sequence; the index of a chip is not its position when the prompt is text. */
function chipsOf({ prompt, steps }: DecodedSteps): Sequence {
  const given = typeof prompt === "object" ? prompt.tokens : [];
  const tokens = [...given, ...steps.map(({ token }) => token)];
  return { tokens, tokenIds: tokens.map(({ id }) => id), promptLength: given.length, text: "" };
}

/** The tokens of the whole text, where those of the prompt were told and the steps follow it. */
function wholeText(record: DecodedSteps): Sequence | undefined {
  const sequence = chipsOf(record);
  const [first] = record.steps;
  return first?.position === sequence.promptLength ? sequence : undefined;
}

function promptHtml(prompt: DecodedSteps["prompt"]): Html {
  if (typeof prompt !== "string" || prompt === "") return markup``;
  const shown = prompt.split("\n").map(visibleText).join("\n");
  return markup`<bdi style="white-space:pre-wrap;margin:0 6px 0 0">${shown}</bdi>`;
}

function stepStyle({ logProb }: DecodedStep): Css {
  return styling`background-color:${overlay(probabilityShare(Math.exp(logProb)))}`;
}

function stepTitle(step: DecodedStep): string {
  return `${spokenToken(step.token)}, token ${step.position}\n${chanceWords(step)}\namong ${
    predictionWords(step.candidates, 5)
  }`;
}

/** The text as chips; those from index `from` on can be chosen. */
function textHtml(record: DecodedSteps, from: number, shown: number): Html {
  const sequence = chipsOf(record);
  const given = sequence.promptLength;
  const start = Math.max(0, sequence.tokens.length - shown);
  const chips = sequence.tokens.slice(start).map((_, i) => {
    const index = start + i;
    const step = record.steps[index - given];
    if (step === undefined) return chipHtml(sequence, { position: index, title: `prompt, token ${index}` });
    const chip = { position: index, title: stepTitle(step), style: stepStyle(step) };
    const n = index - given;
    if (n < from) return chipHtml(sequence, chip);
    const before = choiceRadio(
      step.position,
      `${spokenToken(step.token)}, token ${step.position}, ${chanceWords(step)}`,
    );
    return chipHtml(sequence, { ...chip, className: `o o${n}`, before, label: true });
  });
  return markup`${start > 0 ? "…\n" : promptHtml(record.prompt)}${stacked(chips)}`;
}

function panelHtml(step: DecodedStep, most: number): Html {
  const { tokenId, token, logProb, rank } = step;
  const actual = { tokenId, token, probability: Math.exp(logProb), rank };
  return markup`<div style="font-size:13px;margin:2px 0">Token ${step.position}: ${quoted(token)} ${
    chanceWords(step)
  }</div>${predictionList(step.candidates, actual, { most, mark: MARK })}`;
}

const COLUMNS = ["position", "token", "probability", "surprise (bits)", "rank", "candidates"];

function fields(step: DecodedStep): string[] {
  return [
    String(step.position),
    tokenLabel(step.token),
    probabilityText(Math.exp(step.logProb)),
    informationText(0 - step.logProb, "bits"),
    step.rank === undefined ? "" : String(step.rank),
    predictionWords(step.candidates, 5),
  ];
}

function tableHtml({ steps }: DecodedSteps): Html {
  const rows = steps.slice(0, MOST_ROWS).map(fields);
  const name = steps.length > MOST_ROWS ? `The first ${MOST_ROWS} steps as a table` : "Steps as a table";
  return tableDetails(name, dataTable(COLUMNS, rows));
}

/** What is seen while it is written: the end of the text and the last choice. */
export function liveHtml(record: DecodedSteps): Html {
  const last = record.steps.at(-1);
  return markup`<div style="${SMALL_STYLE}">${`${writtenWords(record)} …`}</div>
<div style="${LINE_STYLE}">${textHtml(record, Infinity, MOST_LIVE)}</div>
${last === undefined ? "" : panelHtml(last, 10)}`;
}

/** The page of a decoding that has ended, by itself or by `note`. */
export function stepsHtml(record: DecodedSteps, title: string, note: string): Html {
  const { steps } = record;
  const from = Math.max(0, steps.length - MOST_CHOICES);
  const choices = Array.from({ length: steps.length - from }, (_, i) => from + i);
  const most = Math.max(3, Math.min(10, Math.floor(MOST_LINES / Math.max(1, choices.length))));
  const lines = steps.reduce((longest, { candidates }) => Math.max(longest, Math.min(most, candidates.length)), 0);
  const chips = textHtml(record, from, MOST_CHIPS);
  const first = steps.length - 1;
  const panels = choices.map((n) => {
    const step = steps[n];
    const shown = n === first ? "block" : "none";
    return step === undefined
      ? markup``
      : markup`<div class="m m${n}" style="display:${shown}">${panelHtml(step, most)}</div>`;
  });
  const name = contentName(`${title}${note}${htmlText(markup`${chips}${panels}`)}`);
  const notes = [
    ...(steps.length > 0 ? ["Underlined: what was written."] : []),
    ...(steps.length > MOST_CHIPS ? [`The page shows the last ${MOST_CHIPS}; the data of the view keeps all.`] : []),
    ...(from > 0 ? [`The last ${MOST_CHOICES} of ${steps.length} can be chosen.`] : []),
  ].join(" ");
  const hint = choiceHint("Hover a written token to see what it was chosen among; click to keep it; arrow keys move.");
  const body = markup`<div style="${SMALL_STYLE}">${`${writtenWords(record)}.${note ? ` ${note}` : ""}`}</div>
${textRegion(attributes({ role: "radiogroup", "aria-label": "Text; choose a written token" }), chips, steps.length)}
<div aria-live="polite" style="min-height:${40 + 17 * lines}px">
${stacked(panels)}
</div>
${probabilityLegend()}
<div style="${SMALL_STYLE}">${notes}${steps.length > 0 ? hint : ""}</div>
${steps.length > 0 ? tableHtml(record) : ""}`;
  return choiceForm({ name, rules: panelRules(name, choices, first), label: title, body, sequence: wholeText(record) });
}

/** The steps as plain text. */
export function stepsText(record: DecodedSteps, note: string): string {
  const lines = record.steps.slice(0, 200).map(fields);
  const more = record.steps.length > 200 ? `\n… and ${record.steps.length - 200} more` : "";
  const head = `${writtenWords(record)}.${note ? ` ${note}` : ""}`;
  return lines.length === 0 ? head : `${head}\n${textTable([COLUMNS, ...lines])}${more}`;
}
