import type { Surprise } from "../../src/ask/surprise.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { spelled } from "../kit/characters.ts";
import { drawDocument, Plot } from "../kit/chart.ts";
import {
  chipHtml,
  dataTable,
  isRead,
  placeWords,
  roleOf,
  SMALL_STYLE,
  tableDetails,
  textTable,
  underlineNote,
} from "../kit/chips.ts";
import { type Css, styling } from "../kit/css.ts";
import { expectSequence, isSequence, nameOf } from "../kit/expect.ts";
import { breaksLine, glyphText, hexBytes, visibleText } from "../kit/glyphs.ts";
import { attributes, type Html, markup, stacked } from "../kit/html.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { textRegion } from "../kit/scroll_region.ts";
import { textWidth } from "../kit/text_width.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";

/** How tokens are shown. */
export interface TokensViewOptions {
  /** What `LanguageModel.surprise` gave for the same sequence: a hover then says the probability of each token. */
  readonly surprise?: Surprise;
  /** The title of a saved page. */
  readonly title?: string;
}

const OPTIONS: OptionTable<TokensViewOptions> = {
  task: "draw tokens",
  kinds: { surprise: "an object", title: "a text" },
};

const COLUMNS = ["position", "token", "id", "piece", "bytes", "characters", "origin"] as const;
const MOST_LINES = 200;
const LINE_WIDTH = 90;
const CHARACTER = 7.3;

function fields(sequence: Sequence, token: Token, position: number): string[] {
  const { id, piece, start, end } = token;
  return [
    String(position),
    glyphText(token),
    String(id),
    visibleText(piece),
    hexBytes(token),
    `${start}–${end}`,
    roleOf(sequence, position),
  ];
}

/** What the model thought of each token, by position. */
function probabilitiesOf(sequence: Sequence, surprise: Surprise | undefined): ReadonlyMap<number, number> {
  if (surprise === undefined) return new Map();
  if (!isSequence((surprise as Partial<Surprise>).sequence) || surprise.logProbs === undefined) {
    throw new TypeError(`Cannot show ${nameOf(surprise)} as surprise; pass what await model.surprise() returned`);
  }
  const ids = surprise.sequence.tokenIds;
  if (ids.join() !== sequence.tokenIds.join()) {
    const found = `${counted(ids.length, "token")} that differ from the ${sequence.tokenIds.length} shown`;
    throw new RangeError(`Cannot show the probabilities of another text: ${found}; pass the surprise of this sequence`);
  }
  return new Map(surprise.positions.map((position, n) => [position, Math.exp(surprise.logProbs.data[n]!)]));
}

function titleOf(sequence: Sequence, token: Token, position: number, probability?: number): string {
  const likely = probability === undefined ? "" : `\nprobability ${percent(probability)}`;
  return `${placeWords(sequence, position)}\nid ${token.id}, piece ${visibleText(token.piece)}\nbytes ${
    hexBytes(token)
  }\n` +
    `characters ${token.start}–${token.end}${likely}`;
}

function namesOf(probabilities: ReadonlyMap<number, number>): readonly string[] {
  return probabilities.size > 0 ? [...COLUMNS, "probability"] : COLUMNS;
}

function columnsOf(
  sequence: Sequence,
  token: Token,
  position: number,
  probabilities: ReadonlyMap<number, number>,
): string[] {
  const probability = probabilities.get(position);
  const last = probability === undefined ? "" : percent(probability);
  return [...fields(sequence, token, position), ...(probabilities.size > 0 ? [last] : [])];
}

/** Neighbours differ in shade, so that the ends of tokens can be seen. */
function shade(position: number): Css {
  return styling`rgba(128,128,128,${position % 2 === 0 ? 0.16 : 0.3})`;
}

/** A probability of any size. */
function percent(probability: number): string {
  return scoreText(probability, { percent: probability >= 0.0005, signed: false });
}

function drawHtml(sequence: Sequence, probabilities: ReadonlyMap<number, number>): Html {
  const chips = sequence.tokens.map((token, position) =>
    chipHtml(sequence, {
      position,
      title: titleOf(sequence, token, position, probabilities.get(position)),
      style: styling`background-color:${shade(position)}`,
      bare: isRead(sequence),
    })
  );
  const rows = sequence.tokens.map((token, position) => columnsOf(sequence, token, position, probabilities));
  const table = dataTable(namesOf(probabilities), rows);
  const legend = `${summary(sequence)} ${underlineNote(sequence)}`;
  const content = markup`<div style="${SMALL_STYLE}">${legend.trim()}</div>
${textRegion(attributes({ role: "group", "aria-label": "Tokens" }), stacked(chips), chips.length)}
${tableDetails("Tokens as a table", table)}`;
  return rootHtml(undefined, [content]);
}

function summary(sequence: Sequence): string {
  const { tokens, text, promptLength } = sequence;
  const prompt = Math.min(promptLength, tokens.length);
  const parts = isRead(sequence) ? "" : ` (${prompt} prompt, ${tokens.length - prompt} after it)`;
  return `${counted(tokens.length, "token")}${parts}, ${counted(Array.from(text).length, "character")}.`;
}

function drawText(sequence: Sequence, probabilities: ReadonlyMap<number, number>): string {
  const rows = sequence.tokens.slice(0, MOST_LINES).map((token, position) =>
    columnsOf(sequence, token, position, probabilities)
  );
  const more = sequence.tokens.length - MOST_LINES;
  return textTable([namesOf(probabilities), ...rows]) + (more > 0 ? `\n… and ${more} more` : "");
}

interface Box {
  readonly text: string;
  readonly line: number;
  readonly left: number;
  readonly right: number;
  readonly position: number;
  readonly written: boolean;
}

/** Letters that monospaced fonts have; those of other scripts come from fonts that are wider. */
const EQUAL = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Greek}\p{Script=Cyrillic}]*$/u;

/** Tokens in lines of equal characters. */
function layOut(sequence: Sequence): Box[] {
  let line = 0;
  let left = 0;
  return sequence.tokens.map((token, position) => {
    const text = glyphText(token);
    const width = (EQUAL.test(text) ? 1 : 1.35) * textWidth(text) + 0.6;
    if (left > 0 && left + width > LINE_WIDTH) [line, left] = [line + 1, 0];
    const box = {
      text,
      line,
      left,
      right: left + width,
      position,
      written: roleOf(sequence, position) === "continuation",
    };
    [line, left] = breaksLine(token) ? [line + 1, 0] : [line, box.right + 0.3];
    return box;
  });
}

function marksOf(boxes: readonly Box[]): Plot.Markish[] {
  const y1 = ({ line }: Box) => 26 * line;
  const y2 = ({ line }: Box) => 26 * line + 20;
  const sides = { x1: "left", x2: "right" } as const;
  const fill = ({ position }: Box) => position % 2 === 0 ? "#e8e8e8" : "#d4d4d4";
  const written = boxes.filter((box) => box.written);
  return [
    Plot.rect(boxes, { ...sides, y1, y2, rx: 3, fill }),
    Plot.link(written, { ...sides, y1: y2, y2, stroke: "#222", strokeWidth: 2 }),
    Plot.text(boxes, {
      x: ({ left, right }: Box) => (left + right) / 2,
      y: ({ line }: Box) => 26 * line + 10,
      text: "text",
      fontFamily: "monospace",
      fontSize: 12,
    }),
  ];
}

function drawSvg(sequence: Sequence, title: string): Html {
  const boxes = layOut(sequence);
  const lines = 1 + boxes.reduce((most, box) => Math.max(most, box.line), 0);
  const width = 16 + Math.ceil(CHARACTER * boxes.reduce((most, box) => Math.max(most, box.right), LINE_WIDTH));
  const height = 16 + 26 * lines;
  const plot: Plot.PlotOptions = {
    width,
    height,
    margin: 8,
    x: { axis: null, domain: [0, (width - 16) / CHARACTER] },
    y: { axis: null, domain: [0, 26 * lines], reverse: true },
    marks: marksOf(boxes),
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}

/**
 * Shows how a text was cut into tokens: each one's id, vocabulary piece, bytes and place in the text. Bytes that are
 * a part of a character show as such, and whitespace as glyphs.
 *
 * @param sequence What `LanguageModel.sequence` or `LanguageModel.generate` gave.
 * @param options How it is shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {RangeError} If `options.surprise` is of another text.
 *
 * @example
 * ```ts
 * import { tokensView } from "@looking-glass/looking-glass/widgets";
 *
 * const bytes = new TextEncoder().encode("Hi");
 * const token = { id: 17250, piece: "Hi", bytes, start: 0, end: 2, text: "Hi" };
 * const view = tokensView({ tokenIds: [17250], tokens: [token], promptLength: 1, text: "Hi" });
 * console.log(view.text);
 * ```
 */
export function tokensView(given: Sequence, options: TokensViewOptions = {}): View<Sequence> {
  options = expectOptions(options, OPTIONS);
  expectSequence(given);
  const sequence = spelled(given);
  const probabilities = probabilitiesOf(sequence, options.surprise);
  const title = options.title ?? counted(sequence.tokens.length, "token");
  return createView({
    title,
    html: drawHtml(sequence, probabilities),
    drawSvg: () => drawSvg(sequence, title),
    data: given,
    text: drawText(sequence, probabilities),
  });
}
