/**
 * All queries of a head at once: scores, scores that are masked, and attention, as squares of cells; of more tokens as
 * pictures, a square of pixels for each number.
 *
 * @module
 */
import { MONOSPACE, PLAIN_ROW } from "../kit/chips.ts";
import { OPACITY, overlay } from "../kit/colours.ts";
import { type Html, markup, stacked } from "../kit/html.ts";
import { sharpPixels } from "../kit/image.ts";
import { numberText } from "../kit/numbers.ts";
import { axisDown, columnHeads, framedPicture } from "../kit/picture_labels.ts";
import { drawnShare } from "../kit/signed_grid.ts";
import { signedPixels } from "../kit/signed_pixels.ts";
import { tokenHtml } from "../kit/token_text.ts";
import { drawnTokens, scoreShare, sees, type StepsShown } from "./data.ts";
import { MASKED } from "./style.ts";

/** The most tokens whose cells have their numbers in them. */
const MOST_WRITTEN = 10;
/** The side of a cell of more. */
const SIDE = 18;

interface Square {
  readonly title: string;
  /** A number, or nothing where it is masked. */
  readonly number: (query: number, key: number) => number | undefined;
  readonly share: (query: number, key: number) => number;
}

function cellHtml({ number, share }: Square, query: number, key: number): Html {
  const value = number(query, key);
  const colour = value === undefined ? MASKED : overlay(share(query, key));
  return markup`<td style="min-width:38px;padding:2px 4px;text-align:right;background-color:${colour}">${
    value === undefined ? "−∞" : numberText(value, 3)
  }</td>`;
}

function tableHtml(shown: StepsShown, square: Square, named: boolean): Html {
  const tokens = drawnTokens(shown);
  const heads = tokens.map((key) =>
    markup`<th scope="col" style="padding:0 4px;text-align:right;font-weight:normal;opacity:0.75">${key}</th>`
  );
  const rows = tokens.map((query) => {
    const token = shown.sequence.tokens[query];
    return markup`<tr class="q${query}" style="background-color:rgba(0,0,0,0)"><th scope="row" style="padding:0 6px;\
text-align:right;font-weight:normal;white-space:nowrap">${named && token !== undefined && tokenHtml(token)} \
<span style="opacity:0.75">${query}</span></th>${tokens.map((key) => cellHtml(square, query, key))}</tr>`;
  });
  return markup`<table style="border-collapse:collapse;${MONOSPACE};font-size:11px"><thead>${PLAIN_ROW}\
<td style="padding:0"></td>${heads}</tr></thead><tbody>
${stacked(rows)}</tbody></table>`;
}

function pictureHtml(shown: StepsShown, { title, number, share }: Square): Html {
  const tokens = drawnTokens(shown);
  const pixels = signedPixels(tokens.length, tokens.length, (x, y) => {
    const [query, key] = [tokens[y]!, tokens[x]!];
    return number(query, key) === undefined ? undefined : share(query, key);
  }, OPACITY);
  const side = SIDE * tokens.length;
  const ticks = tokens.map((token, row) => ({ at: (row + 0.5) * SIDE, text: String(token) }));
  return framedPicture({
    picture: sharpPixels(pixels, {
      width: side,
      height: side,
      alt: `${title}: a table for each query holds the numbers`,
    }),
    left: axisDown(ticks),
    gap: 4,
    above: columnHeads(tokens.map(() => undefined), { side: SIDE, numberAt: (column) => tokens[column]! }),
  });
}

/** Three squares, queries down and keys across. */
export function trianglesHtml(shown: StepsShown): Html {
  const { score, scale, weight, causal } = shown;
  const shares = new Map(drawnTokens(shown).map((query) => [query, scoreShare(shown, query)]));
  const share = (query: number, key: number) => shares.get(query)?.(key) ?? 0;
  const number = (query: number, key: number) => scale * score(query, key);
  const masked = (query: number, key: number) => sees(shown, query, key) ? number(query, key) : undefined;
  const squares: Square[] = [
    { title: "All scores, queries down and keys across", number, share },
    ...(causal ? [{ title: "What comes later is masked", number: masked, share }] : []),
    {
      title: "After softmax, each row sums to 1",
      number: weight,
      share: (query, key) => drawnShare(weight(query, key)),
    },
  ];
  const written = shown.end - shown.start <= MOST_WRITTEN;
  return stacked(
    squares.map((square, n) =>
      markup`<div style="display:inline-block;vertical-align:top;margin:0 20px 8px 0"><div style="font-size:12px;margin:4px 0">${square.title}</div>${
        written ? tableHtml(shown, square, n === 0) : pictureHtml(shown, square)
      }</div>`
    ),
  );
}
