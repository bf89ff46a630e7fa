/**
 * A tree that one walks by clicking: of each place only what can follow is shown, and what was chosen so far. Style rules
 * do it; without them the whole tree stands there.
 *
 * @module
 */
import { chipHtml, LINE_STYLE, MONOSPACE, SMALL_STYLE } from "../kit/chips.ts";
import { choiceForm, choiceRadio, choiceRules } from "../kit/choice.ts";
import { overlay } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { contentName } from "../kit/escape.ts";
import { glyphText, spokenToken } from "../kit/glyphs.ts";
import { type Html, htmlText, markup, stacked } from "../kit/html.ts";
import { predictionWords } from "../kit/prediction_list.ts";
import { informationText, probabilityText } from "../kit/quantities.ts";
import { probabilityLegend, probabilityShare } from "../kit/ramp.ts";
import { isolated, shortText } from "../kit/text_width.ts";
import type { Step } from "../../src/ask/write/step.ts";
import type { TreeNode, TreeTable } from "./nodes.ts";

/** The length of the bar of what is certain, in pixels. */
const LENGTH = 120;
/** The columns of a path, and of what stands in a choice. */
const MOST_PATH = 400;
const MOST_STRETCH = 80;

/** What was chosen before a node. */
interface Path {
  readonly steps: readonly Step[];
  /** ln p of all of it. */
  readonly logProb: number;
}

/** Numbers the groups of choices, each of its own name, so that a choice stays where one comes back to it. */
class Groups {
  #count = 0;

  next(): string {
    return `walk${this.#count++}`;
  }
}

const textOf = (steps: readonly Step[], most: number) =>
  shortText(steps.map(({ token }) => isolated(glyphText(token))).join(""), most);

/** `probability 1.2%, 6.38 bits`. */
function pathWords({ logProb, steps }: Path): string {
  const tokens = steps.length === 1 ? "1 token" : `${steps.length} tokens`;
  return `${tokens}, probability ${probabilityText(Math.exp(logProb))}, ${informationText(0 - logProb, "bits")} bits`;
}

/** The text so far; style rules put it above all choices. */
function pathHtml(path: Path, ends: boolean): Html {
  return markup`<div class="p" style="display:none"><span style="${MONOSPACE}">${
    textOf(path.steps, MOST_PATH)
  }</span><br><span style="font-size:12px">${pathWords(path)}${ends && "; this is the end of the branch"}</span></div>`;
}

function choiceHtml({ steps }: TreeNode, path: Path, group: string, index: number): Html {
  const [first] = steps;
  if (first === undefined) return markup`<span class="o"><i>ends here</i></span>`;
  const chance = Math.exp(first.logProb);
  const sequence = { tokens: [first.token], tokenIds: [first.tokenId], promptLength: 0, text: "" };
  const likeliest = predictionWords(first.candidates, 5);
  const chip = chipHtml(sequence, {
    position: 0,
    title: `${spokenToken(first.token)}, token ${first.position}\nprobability ${probabilityText(chance)}${
      likeliest && `\nlikeliest: ${likeliest}`
    }`,
    ...{ oneLine: true, bare: true },
    style: styling`background-color:${overlay(probabilityShare(chance))}`,
  });
  const words = `${spokenToken(first.token)}, probability ${probabilityText(chance)}; so far ${pathWords(path)}`;
  const bar = styling`display:inline-block;height:8px;background-color:${overlay(1, true)};width:${
    Math.max(1, Math.round(LENGTH * Math.min(1, chance))) || 1
  }px`;
  const more = steps.length > 1 ? markup`${textOf(steps.slice(1), MOST_STRETCH)}` : "";
  return markup`<label class="o">${choiceRadio(index, words, group)}<span style="display:inline-block;min-width:46px;\
text-align:right;font-size:12px">${probabilityText(chance)}</span> <span style="display:inline-block;min-width:90px">\
${chip}${more}</span> <span style="${bar}"></span></label>`;
}

function nodeHtml(node: TreeNode, before: Path, group: string, index: number, groups: Groups): Html {
  const steps = [...before.steps, ...node.steps];
  const path = { steps, logProb: before.logProb + node.steps.reduce((sum, { logProb }) => sum + logProb, 0) };
  const below = node.children.length > 0 && listHtml(node.children, path, groups);
  const own = node.steps.length > 0 && pathHtml(path, node.children.length === 0);
  return markup`<li>${choiceHtml(node, path, group, index)}${own}${below}</li>`;
}

function listHtml(nodes: readonly TreeNode[], before: Path, groups: Groups): Html {
  const group = groups.next();
  const items = nodes.map((node, index) => nodeHtml(node, before, group, index, groups));
  const after = before.steps.at(-1);
  const label = after === undefined ? "What follows the prompt" : `What follows ${spokenToken(after.token)}`;
  return markup`<div class="l" role="radiogroup" aria-label="${label}"><ul style="margin:0;padding:0 0 0 20px">${
    stacked(items)
  }</ul></div>`;
}

function walkRules(name: string): Css {
  return cssJoined([
    choiceRules(name),
    styling`.${name} .w{position:relative;padding-top:56px!important}
.${name} .p{position:absolute;top:0;left:0;right:0;height:52px;overflow:auto}
.${name} .s{display:block!important;position:absolute;top:0;left:0}
.${name} .w:has(:checked) .s{display:none!important}
.${name} ul{list-style:none!important;border-left:1px solid rgba(128,128,128,0.6);margin-left:7px!important;padding-left:14px!important}
.${name} .w>.l>ul{border-left:none;padding-left:0!important;margin-left:0!important}
.${name} li{margin:2px 0}.${name} .o{display:inline-block;border-radius:3px;padding:0 4px}
.${name} .o:hover{outline:1px solid}.${name} .o:has(:checked){outline:2px solid}
.${name} li>.l{display:none}.${name} li:has(>.o :checked)>.l{display:block}
.${name} li:has(>.o :checked):not(:has(>.l>ul>li>.o :checked))>.p{display:block!important}`,
  ], "\n");
}

/** The tree, and the way through it. */
export function walkHtml({ roots }: TreeTable, title: string, above: Html, prompt: Html, below: Html): Html {
  const list = listHtml(roots, { steps: [], logProb: 0 }, new Groups());
  const name = contentName(`${title}${htmlText(list)}`);
  const body =
    markup`<div style="${SMALL_STYLE}">${above} The number before a word is its probability after those before it.\
<span class="x" style="display:none"> Click a word to go on from it; Tab goes on to the next choice, Space and arrow keys choose.</span> \
<span class="u" style="display:none"><button type="reset">Back to the prompt</button></span></div>
<div style="${LINE_STYLE};overflow-x:auto"><div>${prompt}</div>
<div class="w" role="group" aria-label="${title}" style="padding-top:4px"><div class="s" style="display:none;${SMALL_STYLE}">\
Nothing is chosen yet: what may follow the prompt?</div>
${list}</div></div>
${probabilityLegend()}
${below}`;
  return choiceForm({ name, rules: walkRules(name), label: title, body });
}
