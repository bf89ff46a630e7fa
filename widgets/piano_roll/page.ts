/**
 * A roll as a page: a picture that stands where styles are not allowed, and notes that can be chosen where they are.
 *
 * @module
 */
import { MUSIC_SECONDS, soundUrl } from "./sound.ts";
import { categoryColour } from "../kit/categories.ts";
import { dataTable, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { choiceForm, choiceHint, choiceRadio, panelRules } from "../kit/choice.ts";
import { BLUE, ORANGE, rgb, rgba } from "../kit/colours.ts";
import { type Css, cssJoined, cssText, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { attributes, type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { fixedSize, imageHtml } from "../kit/image.ts";
import { counted } from "../kit/numbers.ts";
import { probabilityText } from "../kit/quantities.ts";
import { scrollRegion } from "../kit/scroll_region.ts";
import { rootHtml } from "../kit/view.ts";
import { drawRoll, WIDEST } from "./chart.ts";
import type { RollNote } from "./data.ts";
import { bendOf, type Layout, noteName, pitchName, ROW } from "./layout.ts";

/** What is drawn, in one line. */
export function introWords({ notes, seconds }: Layout): string {
  const written = notes.filter((note) => note.written).length;
  const parts = `${notes.length - written} of the prompt in grey, ${written} after it in blue`;
  return `${counted(notes.length, "note")} in ${seconds.toFixed(1)} seconds: ${parts}.`;
}

/** What lines and colours mean. */
export function meaningWords({ choices, layer, heads = 0, notes }: Layout): string {
  if (choices.length === 0) return "";
  const looks = layer === undefined
    ? ""
    : `Lines: where the ${
      counted(heads, "head")
    } of layer ${layer} looked in the row that predicted the note, as wide ` +
      "as their weight on the tokens that begin and end the other note, from 10 %, three of each head.";
  const shares = notes.some((note) => note.shares)
    ? "Orange: the notes that it came from, by their share of its saliency; waits and marks have the rest."
    : "";
  return [looks, shares].filter(Boolean).join(" ");
}

function soundHtml({ notes, seconds }: Layout): Html {
  const url = soundUrl(notes);
  const cut = seconds > MUSIC_SECONDS && `The first ${MUSIC_SECONDS} seconds are heard.`;
  return markup`<div style="margin:6px 0"><audio${
    attributes({ controls: true, preload: "none", src: url, "aria-label": "The music, played with simple tones" })
  }></audio>${cut && markup`<div style="${SMALL_STYLE}">${cut}</div>`}</div>`;
}

const boxOf = ({ x, y }: Layout, { start, end, pitch }: RollNote) => ({
  x: x(start),
  y: y(pitch) - ROW / 2,
  width: Math.max(2, Number((x(end) - x(start) - 1).toFixed(1))),
});

function rectHtml(layout: Layout, note: RollNote, className: string, opacity?: number): Html {
  const { x, y, width } = boxOf(layout, note);
  const own = attributes({ class: className, x, y, width, height: ROW - 1, opacity: opacity?.toFixed(2) });
  return markup`<rect${own}/>`;
}

/** What is drawn of a chosen note. */
function chosenHtml(layout: Layout, n: number): Html {
  const { notes, x, y, heads = 0, first } = layout;
  const { looks = [], shares = [], start, pitch } = notes[n]!;
  const most = shares[0]?.share ?? 1;
  const lines = looks.map(({ note, head, weight }) => {
    const from = notes[note]!;
    const [x1, y1, x2, y2] = [x(from.start), y(from.pitch), x(start), y(pitch)];
    const bend = `${((x1 + x2) / 2).toFixed(0)} ${((y1 + y2) / 2 + 2 * bendOf(head, heads)).toFixed(0)}`;
    const own = attributes({
      class: `h${head}`,
      d: `M${x1} ${y1}Q${bend} ${x2} ${y2}`,
      "stroke-width": (WIDEST * weight).toFixed(1),
    });
    return markup`<path${own}/>`;
  });
  const display = styling`display:${n === first ? "block" : "none"}`;
  return markup`<g class="m m${n}" style="${display}">${
    shares.map(({ note, share }) => rectHtml(layout, notes[note]!, "s", share / most))
  }${lines}</g>`;
}

/** Names of octaves, and whole times; only where the notes can be chosen, as the picture has its own. */
function labelsHtml({ lowest, highest, seconds, height, x, y }: Layout): Html {
  const octaves = Array.from({ length: highest - lowest + 1 }, (_, i) => lowest + i).filter((pitch) =>
    pitch % 12 === 0
  );
  const times = Array.from({ length: Math.floor(seconds / 5) + 1 }, (_, i) => 5 * i);
  const name = (left: number, top: number, text: string) =>
    markup`<span aria-hidden="true" style="position:absolute;left:${left}px;top:${top}px;font-size:11px;line-height:12px">${text}</span>`;
  return stacked([
    ...octaves.map((pitch) => name(4, y(pitch) - 6, pitchName(pitch))),
    ...times.map((time) => name(x(time), height + 2, `${time} s`)),
  ]);
}

function drawingHtml(layout: Layout): Html {
  const { notes, choices, width, height } = layout;
  const labels = choices.map((n) => {
    const { x, y, width } = boxOf(layout, notes[n]!);
    const words = noteName(notes[n]!);
    return markup`<label class="o o${n}" title="${words}" style="position:absolute;left:${x}px;top:${y}px;width:${width}px;height:${
      ROW - 1
    }px">${choiceRadio(notes[n]!.on, words)}</label>`;
  });
  return markup`<div class="w" style="display:none"><div style="position:relative;width:${width}px;height:${
    height + 16
  }px">\
<svg aria-hidden="true" width="${width}" height="${height}" style="${
    fixedSize(width, height)
  }" viewBox="0 0 ${width} ${height}">${notes.map((note) => rectHtml(layout, note, note.written ? "b" : "a"))}${
    choices.map((n) => chosenHtml(layout, n))
  }</svg>
<div role="radiogroup" aria-label="Notes">${labels}</div>
${labelsHtml(layout)}</div></div>`;
}

/** Where the heads looked and what a note came from, in words. */
export function noteWords({ notes }: Layout, n: number): string {
  const { looks, shares, written } = notes[n]!;
  const named = (note: number) => noteName(notes[note]!);
  const seen = looks?.map(({ head, note, weight }) => `head ${head} ${named(note)} ${probabilityText(weight)}`);
  const from = shares?.slice(0, 4).map(({ note, share }) => `${named(note)} ${probabilityText(share)}`);
  return [
    `${noteName(notes[n]!)}, ${written ? "after the prompt" : "prompt"}`,
    seen && `looks: ${seen.join(", ") || "no note has 10 %"}`,
    from && `came from: ${from.join(", ") || "no note"}`,
  ].filter(Boolean).join(" · ");
}

function panelsHtml(layout: Layout): Html {
  const panels = layout.choices.map((n) =>
    markup`<div class="m m${n}" style="display:${n === layout.first ? "block" : "none"}">${noteWords(layout, n)}</div>`
  );
  return markup`<div aria-live="polite" style="font-size:13px;min-height:40px;margin:4px 0">${panels}</div>`;
}

function legendHtml({ heads = 0 }: Layout): Html {
  const names = Array.from(
    { length: heads },
    (_, head) =>
      markup`<span style="display:inline-block;margin:0 10px 0 0"><span style="display:inline-block;width:14px;height:4px;\
vertical-align:middle;background-color:${rgb(categoryColour(head))}"></span> head ${head}</span>`,
  );
  return markup`<div style="font-size:12px;margin:4px 0">${names}</div>`;
}

/** The columns and rows of the table. */
export function rollRows({ notes, choices }: Layout): readonly [string[], string[][]] {
  const chosen = choices.length > 0;
  const names = [
    "note",
    "token",
    "begins",
    "lasts",
    "pitch",
    "velocity",
    "part",
    ...(chosen ? ["most of a head", "most salient"] : []),
  ];
  const best = (note: number | undefined, share: number | undefined) =>
    note === undefined ? "" : `${noteName(notes[note]!)} ${probabilityText(share!)}`;
  const rows = notes.map(({ on, start, end, pitch, velocity, written, looks = [], shares = [] }, n) => {
    const [look] = looks.toSorted((a, b) => b.weight - a.weight);
    const more = [
      look ? `head ${look.head}: ${best(look.note, look.weight)}` : "",
      best(shares[0]?.note, shares[0]?.share),
    ];
    return [
      ...[String(n), String(on), start.toFixed(2), (end - start).toFixed(2), pitchName(pitch), String(velocity)],
      ...[written ? "written" : "prompt", ...(chosen ? more : [])],
    ];
  });
  return [names, rows];
}

function rules(layout: Layout, name: string): Css {
  const heads = Array.from(
    { length: layout.heads ?? 0 },
    (_, head) => styling`.h${head}{stroke:${rgb(categoryColour(head))}}`,
  );
  return cssJoined([
    panelRules(name, layout.choices, layout.first!),
    styling`.${name}{.w{display:block!important}.i{display:none!important}svg{display:block;position:absolute}
rect{rx:2px}.a{fill:${rgba([128, 128, 128], 0.6)}}.b{fill:${rgb(BLUE)}}.s{fill:${
      rgb(ORANGE)
    }}path{fill:none;opacity:0.85}
${cssJoined(heads, "\n")}}`,
  ], "\n");
}

/** Stands for the name of a view in its rules, which are a part of what it is named by. */
const PLACE = "lg-name";

/** The whole view. */
export function rollHtml(layout: Layout, title: string, sound: boolean): Html {
  const chosen = layout.first !== undefined;
  const picture = imageHtml(drawRoll(layout, title), `Piano roll: ${introWords(layout)}`);
  const [names, rows] = rollRows(layout);
  const table = dataTable(names, rows, { isNumber: (column) => column < 6 && column !== 4 });
  const body = stacked([
    markup`<div style="${SMALL_STYLE}">${introWords(layout)} ${meaningWords(layout)}${
      chosen && choiceHint("Choose a note by a click, or with Tab and the arrow keys.")
    }</div>`,
    sound ? soundHtml(layout) : markup``,
    scrollRegion("Piano roll", markup`<div class="i">${picture}</div>${chosen && drawingHtml(layout)}`),
    layout.heads === undefined ? markup`` : legendHtml(layout),
    chosen ? panelsHtml(layout) : markup``,
    tableDetails("Notes as a table", table),
  ]);
  if (!chosen) return rootHtml(contentName(htmlText(body)), [body]);
  const name = contentName(`${htmlText(body)}${cssText(rules(layout, PLACE))}`);
  return choiceForm({ name, rules: rules(layout, name), label: "Music", body, sequence: layout.sequence });
}
