import type { Step } from "../../src/ask/write/step.ts";
import type { Branch, DecodingTree, GrowingTree } from "../../src/ask/write/tree_types.ts";
import { expectOptions, type OptionTable } from "../../src/base/options.ts";
import { chipHtml, dataTable, LINE_STYLE, SMALL_STYLE, tableDetails } from "../kit/chips.ts";
import { overlay } from "../kit/colours.ts";
import { type Css, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { glyphText, spokenToken } from "../kit/glyphs.ts";
import { type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { counted, scoreText } from "../kit/numbers.ts";
import { predictionWords } from "../kit/prediction_list.ts";
import { informationText, probabilityText } from "../kit/quantities.ts";
import { probabilityLegend, probabilityShare } from "../kit/ramp.ts";
import { isolated, shortText } from "../kit/text_width.ts";
import { liveCell } from "../kit/live.ts";
import { createView, rootHtml, type View } from "../kit/view.ts";
import { drawTree } from "./chart.ts";
import { liveTree, type TreeModel } from "./live.ts";
import {
  countNodes,
  leafWords,
  MOST_BRANCHES,
  treeData,
  type TreeNode,
  type TreeTable,
  treeTable,
  treeWords,
} from "./nodes.ts";
import { walkHtml } from "./walk.ts";

/** How a tree is shown. */
export interface TreeViewOptions {
  /**
   * Whether one walks the tree by clicking: of each place only what may follow is shown, the likeliest first, with the text
   * and the probability of what was chosen so far. It needs no kernel. Where style rules are not allowed, as in a notebook
   * that is not trusted, the whole tree is shown.
   *
   * @default {false}
   */
  readonly walk?: boolean;
  /** The title of a saved page. */
  readonly title?: string;
  /** The model that writes a new tree when somebody edits the prompt, in a notebook whose kernel runs. */
  readonly live?: TreeModel;
}

const OPTIONS: OptionTable<TreeViewOptions> = {
  task: "draw a tree",
  kinds: { walk: "true or false", title: "a text", live: "an object" },
};

/** The most branches that one walks. */
const MOST_WALKED = 400;

/** The most chips of a page, and of its prompt. */
const MOST_CHIPS = 1200;
const MOST_PROMPT = 200;

const LIST = styling`margin:0;padding:0 0 0 20px`;

function stepTitle({ token, position, logProb, candidates }: Step): string {
  const likeliest = predictionWords(candidates, 5);
  return `${spokenToken(token)}, token ${position}\nprobability ${probabilityText(Math.exp(logProb))}${
    likeliest && `\nlikeliest: ${likeliest}`
  }`;
}

/** Tokens as chips, those in the middle left out when they are too many. */
function stretchHtml(steps: readonly Step[], most: number): Html {
  const tokens = steps.map(({ token }) => token);
  const sequence = { tokens, tokenIds: tokens.map(({ id }) => id), promptLength: 0, text: "" };
  const chip = (step: Step, position: number) =>
    chipHtml(sequence, {
      position,
      title: stepTitle(step),
      oneLine: true,
      bare: true,
      style: styling`background-color:${overlay(probabilityShare(Math.exp(step.logProb)))}`,
    });
  const chips = steps.map((step, i) =>
    steps.length > most && i >= most - 3 && i < steps.length - 3 ? markup`` : chip(step, i)
  );
  if (steps.length > most) {
    chips[most - 3] = markup`<span style="opacity:0.8"> … ${steps.length - most} tokens … </span>`;
  }
  return markup`${chips}`;
}

function nodeHtml(node: TreeNode, most: number, promptLength: number): Html {
  const [first] = node.steps;
  const chance = first === undefined ? "" : probabilityText(Math.exp(first.logProb));
  const badge =
    markup`<span style="display:inline-block;min-width:46px;text-align:right;font-size:12px">${chance}</span> `;
  const text = node.steps.length === 0 ? markup`<i>ends here</i>` : stretchHtml(node.steps, most);
  const end = node.leaf === undefined
    ? ""
    : markup` <span style="font-size:12px;opacity:0.8;font-family:system-ui,sans-serif">${
      leafWords(
        node.leaf,
        promptLength,
      )
    }</span>`;
  const line = markup`<span class="g">${badge}${text}${end}</span>`;
  if (node.children.length === 0) return markup`<li>${line}</li>`;
  return markup`<li><details open><summary style="cursor:pointer">${line}</summary>${
    listHtml(
      node.children,
      most,
      promptLength,
    )
  }</details></li>`;
}

function listHtml(nodes: readonly TreeNode[], most: number, promptLength: number): Html {
  return markup`<ul style="${LIST}">\n${stacked(nodes.map((node) => nodeHtml(node, most, promptLength)))}\n</ul>`;
}

function promptHtml({ prompt }: DecodingTree): Html {
  const { tokens } = prompt;
  const start = Math.max(0, tokens.length - MOST_PROMPT);
  const given = { ...prompt, promptLength: tokens.length };
  const chips = tokens.slice(start).map((_, i) =>
    chipHtml(given, {
      position: start + i,
      title: `prompt, token ${start + i}`,
      oneLine: true,
      style: styling`background-color:rgba(128,128,128,0.16)`,
    })
  );
  return markup`${start > 0 && `… ${start} tokens … `}${chips}`;
}

const COLUMNS = ["branch", "parent", "starts at", "tokens", "probability", "surprise (bits)", "bits a token", "text"];

function fields(branch: Branch, promptLength: number): string[] {
  const { id, parent, start, sequence, logProb } = branch;
  const count = sequence.tokens.length - promptLength;
  const text = sequence.tokens.slice(promptLength).map((token) => isolated(glyphText(token))).join("");
  return [
    String(id),
    parent === undefined ? "" : String(parent),
    String(start),
    String(count),
    scoreText(Math.exp(logProb), { percent: false, signed: false }),
    informationText(0 - logProb, "bits"),
    count > 0 ? informationText((0 - logProb) / count, "bits") : "",
    shortText(text, 200),
  ];
}

function treeRules(name: string): Css {
  return styling`
.${name} ul{list-style:none!important;border-left:1px solid rgba(128,128,128,0.6);margin-left:7px!important;padding-left:14px!important}
.${name} li{position:relative;margin:2px 0}
.${name} li::before{content:"";position:absolute;left:-14px;top:13px;width:10px;border-top:1px solid rgba(128,128,128,0.6)}
.${name} li>.g{margin-left:15px}
.${name} li:hover>.g,.${name} li:hover>details>summary>.g{outline:1px solid;border-radius:3px}
`;
}

function branchesTable({ tree, branches }: TreeTable): Html {
  const rows = branches.map((branch) => fields(branch, tree.prompt.tokens.length));
  return tableDetails("Branches as a table", dataTable(COLUMNS, rows));
}

function drawHtml(table: TreeTable, title: string): Html {
  const { tree, roots } = table;
  const promptLength = tree.prompt.tokens.length;
  const most = Math.max(8, Math.floor(MOST_CHIPS / countNodes(roots)));
  const list = listHtml(roots, most, promptLength);
  const name = contentName(`${title}${htmlText(list)}`);
  const rules = treeRules(name);
  const content = markup`<div style="${SMALL_STYLE}">${
    treeWords(table)
  } The number before a stretch is the probability of its first token.</div>
<div role="group" aria-label="${title}" style="${LINE_STYLE};overflow-x:auto">
<div>${promptHtml(tree)}</div>
${list}
</div>
${probabilityLegend()}
<div style="${SMALL_STYLE}">After each branch: the surprise of all that it writes, −log₂ of its probability; fewer bits are likelier.</div>
${branchesTable(table)}<style>${rules}</style>`;
  return rootHtml(name, [content]);
}

function textLines(nodes: readonly TreeNode[], indent: string, promptLength: number): string[] {
  return nodes.flatMap((node, i) => {
    const last = i === nodes.length - 1;
    const [first] = node.steps;
    const chance = first === undefined ? "" : `${probabilityText(Math.exp(first.logProb))} `;
    const text = node.steps.length === 0
      ? "(ends here)"
      : shortText(node.steps.map(({ token }) => isolated(glyphText(token))).join(""), 100);
    const end = node.leaf === undefined ? "" : `  [${leafWords(node.leaf, promptLength)}]`;
    return [
      `${indent}${last ? "└─ " : "├─ "}${chance}${text}${end}`,
      ...textLines(node.children, `${indent}${last ? "   " : "│  "}`, promptLength),
    ];
  });
}

function drawText(table: TreeTable): string {
  const { prompt } = table.tree;
  const text = shortText(prompt.tokens.map((token) => isolated(glyphText(token))).join(""), 100);
  return [treeWords(table), text, ...textLines(table.roots, "", prompt.tokens.length)].join("\n");
}

/**
 * Shows the branches that grew from one prompt as a tree: what branches share is written once, and where they part
 * each begins with the probability of its first token. At the end of a branch stands how likely all of it is. Parts
 * of the tree can be folded. With `walk` one goes through it by clicking, word by word: best with a tree that
 * `GrowingTree.spread` grew.
 *
 * @param given What `LanguageModel.tree` gave, or its branches as plain data.
 * @param options How they are shown.
 * @returns A view; as the last line of a notebook cell it shows itself.
 * @throws {TypeError} If it is something else.
 * @throws {RangeError} If its branches do not fit each other.
 *
 * @example
 * ```ts
 * import { treeView } from "@looking-glass/looking-glass/widgets";
 *
 * const token = (text: string, id: number, start: number) => ({
 *   id, piece: text, bytes: new TextEncoder().encode(text), start, end: start + text.length, text,
 * });
 * const [hello, world, there] = [token("Hello", 1, 0), token(" world", 2, 5), token(" there", 3, 5)];
 * const branch = (id: number, next: typeof world, probability: number) => ({
 *   id,
 *   ...(id === 0 ? {} : { parent: 0 }),
 *   start: 1,
 *   sequence: { tokenIds: [1, next.id], tokens: [hello, next], promptLength: 1, text: `Hello${next.text}` },
 *   steps: [{
 *     position: 1, tokenId: next.id, token: next, logProb: Math.log(probability), candidates: [], logits: new Float32Array(),
 *   }],
 *   logProb: Math.log(probability),
 * });
 * const view = treeView({
 *   prompt: { tokenIds: [1], tokens: [hello], promptLength: 1, text: "Hello" },
 *   branches: [branch(0, world, 0.6), branch(1, there, 0.2)],
 * });
 * console.log(view.text);
 * ```
 */
export function treeView(
  given: DecodingTree | GrowingTree,
  options: TreeViewOptions = {},
): View<DecodingTree> {
  options = expectOptions(options, OPTIONS);
  const tree = treeData(given);
  const { walk = false, live } = options;
  const table = treeTable(tree, walk ? MOST_WALKED : MOST_BRANCHES);
  const title = options.title ?? `Tree of ${counted(tree.branches.length, "branch").replace(/branchs$/, "branches")}`;
  const following = live && liveTree(live, tree, (next) => treeView(next, { walk }));
  return createView({
    title,
    cell: following && liveCell(following),
    html: walk
      ? walkHtml(table, title, markup`${treeWords(table)}`, promptHtml(tree), branchesTable(table))
      : drawHtml(table, title),
    drawSvg: () => drawTree(table, title),
    data: tree,
    text: drawText(table),
  });
}
