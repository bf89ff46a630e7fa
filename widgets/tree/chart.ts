/**
 * Branches as an image: a line for each stretch of tokens, indented by the forks before it.
 *
 * @module
 */
import { drawDocument, Plot } from "../kit/chart.ts";
import { hex } from "../kit/colours.ts";
import { glyphText } from "../kit/glyphs.ts";
import type { Html } from "../kit/html.ts";
import { probabilityText } from "../kit/quantities.ts";
import { probabilityShare, shareColour } from "../kit/ramp.ts";
import { isolated, shortText, textWidth } from "../kit/text_width.ts";
import { leafWords, type TreeNode, type TreeTable, treeWords } from "./nodes.ts";

const LINE = 26;
const INDENT = 26;
const BADGE = 46;
const TOP = 74;
const MOST_COLUMNS = 90;
const CHARACTER = 7.3;

interface Placed {
  readonly x: number;
  readonly y: number;
  /** The middle of the line that it hangs from. */
  readonly parent: number;
  readonly text: string;
  readonly probability: number | undefined;
  readonly leaf: string;
}

function textOf(node: TreeNode): string {
  if (node.steps.length === 0) return "(ends here)";
  return shortText(node.steps.map(({ token }) => isolated(glyphText(token))).join(""), MOST_COLUMNS);
}

function place(
  nodes: readonly TreeNode[],
  depth: number,
  parent: number,
  placed: Placed[],
  promptLength: number,
): Placed[] {
  for (const node of nodes) {
    const y = TOP + placed.length * LINE;
    const first = node.steps[0];
    placed.push({
      x: 14 + depth * INDENT,
      y,
      parent,
      text: textOf(node),
      probability: first && Math.exp(first.logProb),
      leaf: node.leaf === undefined ? "" : leafWords(node.leaf, promptLength),
    });
    place(node.children, depth + 1, y, placed, promptLength);
  }
  return placed;
}

/** Where the text of a line ends. */
function textEnd({ x, text }: Placed): number {
  return x + BADGE + 14 + CHARACTER * textWidth(text);
}

/** Lines from each fork down and across to what follows. */
function branchLinks(lines: readonly Placed[]): Plot.Markish {
  const down = lines.map(({ x, y, parent }) => ({ x1: x - 14, x2: x - 14, y1: parent + 8, y2: y }));
  const across = lines.map(({ x, y }) => ({ x1: x - 14, x2: x - 2, y1: y, y2: y }));
  return Plot.link([...down, ...across], { x1: "x1", x2: "x2", y1: "y1", y2: "y2", stroke: "#999" });
}

/** The probabilities of the first tokens, in boxes. */
function badgeMarks(lines: readonly Placed[]): Plot.Markish[] {
  const badges = lines.filter(({ probability }) => probability !== undefined);
  const chance = ({ probability }: Placed) => probability ?? 0;
  return [
    Plot.rect(badges, {
      x1: "x",
      x2: ({ x }: Placed) => x + BADGE,
      y1: ({ y }: Placed) => y - 9,
      y2: ({ y }: Placed) => y + 9,
      rx: 3,
      fill: (one: Placed) => hex(shareColour(probabilityShare(chance(one)))),
      stroke: "#ddd",
    }),
    Plot.text(badges, {
      x: ({ x }: Placed) => x + BADGE - 5,
      y: "y",
      text: (one: Placed) => probabilityText(chance(one)),
      textAnchor: "end",
    }),
  ];
}

function textMarks(lines: readonly Placed[], words: string, prompt: string): Plot.Markish[] {
  const start = { y: "y", text: "text", textAnchor: "start" } as const;
  const tokens = { ...start, fontFamily: "monospace", fontSize: 12 } as const;
  return [
    Plot.text(lines, { ...tokens, x: ({ x }: Placed) => x + BADGE + 8 }),
    Plot.text(lines, { ...start, x: (one: Placed) => textEnd(one) + 6, text: "leaf", fill: "#555" }),
    Plot.text([{ y: 18, text: words }], { ...start, x: () => 12 }),
    Plot.text([{ y: TOP - LINE, text: prompt }], { ...tokens, x: () => 12 }),
  ];
}

/** Draws the tree. */
export function drawTree(table: TreeTable, title: string): Html {
  const { prompt } = table.tree;
  const lines = place(table.roots, 1, TOP - LINE + 2, [], prompt.tokens.length);
  const width = Math.ceil(lines.reduce((most, one) => Math.max(most, textEnd(one) + 6.2 * one.leaf.length), 560)) + 12;
  const height = TOP + lines.length * LINE;
  const text = prompt.tokens.length === 0
    ? "∅"
    : shortText(prompt.tokens.map((token) => isolated(glyphText(token))).join(""), MOST_COLUMNS);
  const words = `${treeWords(table)} In boxes: the probability of the first token after a fork.`;
  const plot: Plot.PlotOptions = {
    width,
    height,
    margin: 0,
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    marks: [branchLinks(lines), ...badgeMarks(lines), ...textMarks(lines, words, text)],
  };
  return drawDocument([{ plot, top: 0 }], { width, height, title });
}
