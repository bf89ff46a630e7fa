import { joined, type Notebook, type Output } from "../../scripts/notebooks/notebook.ts";

const NUMBER = /(?<![\w.])[-−+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;

const SVG_IMAGE = /data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)/g;
const OTHER_IMAGE = /data:image\/(\w+);base64,[A-Za-z0-9+/=]+/g;

/** A chart is compared by what its SVG says; of a picture made of pixels only that it is there. */
function openImages(html: string): string {
  return html.replaceAll(SVG_IMAGE, (_, base64: string) => new TextDecoder().decode(Uint8Array.fromBase64(base64)))
    .replaceAll(OTHER_IMAGE, (_, type: string) => `an image of type ${type}`);
}

/** What a reader sees of a notebook's outputs, as text; what tells about the machine differs from one to the next. */
export function outputTexts({ cells }: Notebook): string[] {
  const textOf = (output: Output) => [
    joined(output.text),
    ...Object.entries(output.data ?? {}).sort().map(([type, text]) => `${type}: ${openImages(joined(text))}`),
  ];
  return cells.map((cell) => {
    if (joined(cell.source).includes("checkSetup()")) return "";
    return (cell.outputs ?? []).flatMap(textOf).join("\n");
  });
}

/** The text with its numbers, and the names that are made of content, taken out. */
export function frame(text: string): string {
  return text.replaceAll(/lg-[0-9a-f]{16}/g, "lg").replaceAll(NUMBER, "#");
}

function numbersOf(text: string): number[] {
  const plain = text.replaceAll(/lg-[0-9a-f]{16}/g, "lg");
  return Array.from(plain.matchAll(NUMBER), ([number]) => Number(number.replace("−", "-")));
}

/** The share of numbers that differ by more than a rounding, as two machines may do. */
export function differingNumbers(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const differs = left.filter((x, i) => Math.abs(x - (right[i] ?? NaN)) > 0.002 * Math.abs(x) + 1e-9);
  return left.length === 0 ? 0 : differs.length / left.length;
}
