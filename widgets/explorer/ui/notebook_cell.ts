/**
 * A notebook cell that does again what the page shows.
 *
 * @module
 */
import { changesOf } from "../changes.ts";
import type { Choice, Saved } from "./link.ts";
import { decodeOptions } from "../../../src/ask/write/settled.ts";

/** What a cell imports from. */
const PACKAGE = "@looking-glass/looking-glass";

/** What the tab is as a call, and which view draws it. */
interface Call {
  readonly view: string;
  readonly code: string;
}

function callOf({ tab, contrast }: Saved, target: Choice): Call {
  const { position, id } = target;
  const other = contrast ? `, contrast: ${contrast.id}` : "";
  if (tab === "lens") {
    const code = `await model.layerPredictions(sequence, { position: ${position}, topK: 8 }), { follow: ${id} }`;
    return { view: "layerPredictionsView", code };
  }
  if (tab === "attention") {
    return { view: "attentionView", code: 'await model.trace(sequence, { capture: ["attention"] })' };
  }
  if (tab === "parts") {
    const code = `await model.logitAttribution(sequence, { position: ${position}, target: ${id}${other} })`;
    return { view: "logitAttributionView", code };
  }
  if (tab === "surprise") return { view: "surpriseView", code: "await model.surprise(sequence)" };
  if (tab === "model") return { view: "modelView", code: "model" };
  const preset = contrast ? `, preset: "captum"${other}` : "";
  const explained = `model.sequence([...sequence.tokenIds.slice(0, ${position}), ${id}])`;
  const code = `await model.saliency(${explained}, { positions: [${position}]${preset} }), { style: "detailed" }`;
  return { view: "saliencyView", code };
}

/**
 * The code of a cell.
 *
 * @param saved The state.
 * @param target The token that is explained.
 * @param shown The text, for a comment.
 */
export function notebookCell(saved: Saved, target: Choice, shown: string): string {
  const { model, place: { text, then }, off, settings, seed } = saved;
  const { view, code } = callOf(saved, target);
  const loaded = `await LanguageModel.fromPretrained(${model === "" ? "" : JSON.stringify(model)})`;
  const [base, changes] = off.length === 0 ? ["model", []] : [
    "whole",
    [`const model = await whole.with(${JSON.stringify(changesOf(off))});`],
  ];
  const typed = `model.sequence(${JSON.stringify(text)})`;
  const sequence = then.length === 0 ? [`const sequence = ${typed};`] : [
    `const typed = ${typed};`,
    `const sequence = model.sequence([...typed.tokenIds, ${then.join(", ")}]); // ${JSON.stringify(shown)}`,
  ];
  const options = JSON.stringify({ ...decodeOptions(settings), maxNewTokens: 1, seed });
  return [
    `import { LanguageModel, ${view} } from ${JSON.stringify(PACKAGE)};`,
    "",
    `const ${base} = ${loaded};`,
    ...changes,
    ...sequence,
    `// what would be drawn next: await model.generate(sequence.tokenIds, ${options})`,
    `${view}(${code})`,
    "",
  ].join("\n");
}
