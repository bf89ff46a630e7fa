import type { DecodeOptions } from "../../src/ask/write/options.ts";
import type { DecodingTree, GrowingTree } from "../../src/ask/write/tree_types.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { editableText, expectNoSource, type LiveDrawing } from "../kit/live.ts";
import type { View } from "../kit/view.ts";

/** What a live tree asks: a `LanguageModel`. */
export interface TreeModel {
  /** Cuts a text into tokens. */
  sequence(text: string): Sequence;
  /** Writes a tree that can be continued. */
  tree(prompt: string, options?: DecodeOptions): Promise<GrowingTree>;
}

/** A tree that is written anew after another prompt, with a second branch that begins with a word of one's own. */
export function liveTree(
  model: TreeModel,
  { prompt, branches }: DecodingTree,
  draw: (tree: GrowingTree) => View,
): LiveDrawing {
  expectNoSource(prompt);
  const maxNewTokens = Math.max(1, branches[0]?.steps.length ?? 1);
  return {
    label: "Edit the prompt of the tree",
    fields: [
      { name: "text", label: "Prompt", kind: "text", value: editableText(model, prompt), hint: "" },
      { name: "other", label: "Or if this came next", kind: "word", value: "", hint: " are" },
    ],
    async draw({ text = "", other = "" }, { signal }) {
      const options = { maxNewTokens, progress: false, signal };
      const tree = await model.tree(text, options);
      if (other !== "") await tree.fork(tree.data.prompt.tokenIds.length, other, options);
      return draw(tree);
    },
  };
}
