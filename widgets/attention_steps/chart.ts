/**
 * The steps of one query as an image.
 *
 * @module
 */
import { drawDocument, type Picture, Plot } from "../kit/chart.ts";
import { OPACITY } from "../kit/colours.ts";
import type { Html } from "../kit/html.ts";
import { numberText } from "../kit/numbers.ts";
import { type Pixels, pngUrl } from "../kit/pixel_image.ts";
import { probabilityText } from "../kit/quantities.ts";
import { drawnShare } from "../kit/signed_grid.ts";
import { signedPixels } from "../kit/signed_pixels.ts";
import { numberedToken } from "../kit/token_text.ts";
import { shortText } from "../kit/text_width.ts";
import { drawnTokens, greatestOf, sees, type StepsShown } from "./data.ts";
import { headsPixels, stripPixels, stripWidths } from "./strips.ts";

const LEFT = 130;
const ROW = 20;
const TOP = 44;

/** Vectors below each other, with a free row of pixels between, each as strong as `strength` says. */
function rowsPixels(vectors: readonly Float32Array[], greatest: number, strength: (row: number) => number): Pixels {
  const width = vectors[0]!.length;
  return signedPixels(width, 4 * vectors.length, (x, y) => {
    const row = Math.floor(y / 4);
    return y % 4 === 3 ? 0 : drawnShare(strength(row) * vectors[row]![x]! / greatest);
  }, OPACITY * 1.5);
}

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Pixels;
}

function imageMark({ x, y, width, height, pixels }: Placed): Plot.Markish {
  const src = pngUrl(pixels);
  return Plot.image([0], {
    ...{ x: () => x + width / 2, y: () => y + height / 2, src: () => src, width, height },
    ...{ preserveAspectRatio: "none", imageRendering: "pixelated" },
  });
}

interface Words {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

function marksOf(shown: StepsShown): { images: Placed[]; words: Words[]; width: number; height: number } {
  const { position, sequence, query, key, value, score, scale, weight, merged, output, size, head, heads } = shown;
  const tokens = drawnTokens(shown);
  const { wide } = stripWidths(size);
  const height = ROW * tokens.length;
  const products = greatestOf([...tokens.map(query), ...tokens.map(key)]);
  const values = greatestOf([...tokens.map(value), ...tokens.map(merged)]);
  const numbers = LEFT + wide + 10;
  const right = numbers + 4 * 64 + 20;
  const across = heads * size > 400 ? 1 : 2;
  const side = headsPixels(merged(position), { size, heads, greatest: values, gap: 2 });
  const below = TOP + height;
  const sum = merged(position).subarray(head * size, (head + 1) * size);
  const own = output(position);
  const strip = { height: 14 };
  const images: Placed[] = [
    { ...strip, x: LEFT, y: 20, width: wide, pixels: stripPixels(query(position), products) },
    { x: LEFT, y: TOP, width: wide, height, pixels: rowsPixels(tokens.map(key), products, () => 1) },
    {
      x: right,
      y: TOP,
      width: wide,
      height,
      pixels: rowsPixels(tokens.map(value), values, (n) => weight(position, tokens[n]!)),
    },
    { ...strip, x: right, y: below + 6, width: wide, pixels: stripPixels(sum, values) },
    { ...strip, x: LEFT, y: below + 56, width: side.width * across, pixels: side },
    { ...strip, x: LEFT, y: below + 96, width: own.length * across, pixels: stripPixels(own, greatestOf([own])) },
  ];
  const words: Words[] = [
    { x: 8, y: 26, text: `query of ${shortText(numberedToken(sequence, position), 14)}` },
    ...["query · key", `× ${numberText(scale, 3)}`, "mask", "softmax"].map((text, n) => ({
      x: numbers + 64 * n,
      y: 36,
      text,
    })),
    { x: right, y: 36, text: "values, faded by weight" },
    { x: right, y: below + 30, text: "their sum" },
    { x: LEFT, y: below + 48, text: `${heads} heads side by side; this is head ${head}` },
    { x: LEFT, y: below + 88, text: "projected: what is added to the token" },
    ...tokens.flatMap((j, n) => {
      const y = TOP + ROW * (n + 0.5);
      const scaled = numberText(scale * score(position, j), 3);
      const cells = [
        numberText(score(position, j), 3),
        scaled,
        sees(shown, position, j) ? scaled : "−∞",
        probabilityText(weight(position, j)),
      ];
      return [
        { x: 8, y, text: shortText(numberedToken(sequence, j), 18) },
        ...cells.map((text, c) => ({ x: numbers + 64 * c, y, text })),
      ];
    }),
  ];
  const width = Math.max(right + wide, ...images.map((one) => one.x + one.width)) + 12;
  return { images, words, width, height: below + 124 };
}

/** The picture of the query that is shown at first. */
export function drawSteps(shown: StepsShown, title: string): Html {
  const { images, words, width, height } = marksOf(shown);
  const plot: Plot.PlotOptions = {
    ...{ width, height, margin: 0 },
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    marks: [
      ...images.map(imageMark),
      Plot.text(words, { x: "x", y: "y", text: "text", textAnchor: "start", fontVariant: "tabular-nums" }),
    ],
  };
  const pictures: Picture[] = [{ plot, top: 0 }];
  return drawDocument(pictures, { width, height, title });
}
