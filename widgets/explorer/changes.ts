import type { Change } from "../../src/model/change.ts";
import type { Off } from "./questions.ts";

/** What is off, as changes of the model. */
export function changesOf(off: readonly Off[]): readonly Change[] {
  const heads = Map.groupBy(off.filter(({ part }) => part === "head"), ({ layer }) => layer);
  return [
    ...Array.from(heads, ([layer, some]) => ({ site: `z.${layer}`, heads: some.map(({ head }) => head), scale: 0 })),
    ...off.filter(({ part }) => part !== "head").map(({ layer, part }) => (
      { site: `${part === "mlp" ? "mlp_out" : "attn_out"}.${layer}`, scale: 0 }
    )),
  ];
}
