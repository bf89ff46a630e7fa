/**
 * What the picture of a model says: its tables, the norms and layers of a block and where they stand, and what the logits
 * are read with, all of it from the list of weights.
 *
 * @module
 */
import { familyOf } from "../../src/models/families.ts";
import { unembeddingName } from "../../src/models/family.ts";
import type { ModelSummary, WeightSummary } from "../../src/models/summary.ts";
import type { ModelPart } from "../../src/models/weight_list.ts";
import { wholeText } from "../kit/quantities.ts";

/** A layer beside the residual stream. */
export interface Layer {
  /** What it belongs to. */
  readonly part: "attention" | "mlp";
  /** The line of its norm; none where there is none. */
  readonly norm?: string;
  /** The lines of its box. */
  readonly lines: readonly string[];
}

/** What is drawn of a model. */
export interface Anatomy {
  /** Where the norms of a block stand, and whether its layers read the same stream. */
  readonly layout: "norms after" | "norms before" | "parallel";
  /** The lines of the token embeddings. */
  readonly tokens: readonly string[];
  /** The lines of the tables that are added to them; empty where there are none. */
  readonly tables: readonly string[];
  /** The norm of their sum; none where there is none. */
  readonly norm?: string;
  /** The layers of a block: attention, to a source as well where there is one, and the MLP. */
  readonly layers: readonly Layer[];
  /** What follows the blocks, to the unembedding. */
  readonly ends: readonly { readonly part: ModelPart; readonly lines: readonly string[] }[];
  /** The line of what comes out. */
  readonly result: string;
}

/** The most characters of a line. */
const LINE = 42;
const TO_SOURCE = ".encoder_attn";

/** What is drawn of the model that `summary` is of: of an encoder and decoder, the decoder. */
export function anatomyOf({ config, weights }: ModelSummary): Anatomy {
  const family = familyOf(config);
  const own = weights.filter(({ name }) => !(family.hasSource && name.startsWith("encoder.")));
  const of = (part: ModelPart, block?: number) =>
    own.filter((weight) => weight.part === part && weight.block === block && weight.shape[0] !== 1);
  const [first, last] = [
    own.findIndex(({ block }) => block === 0),
    own.findLastIndex(({ block }) => block !== undefined),
  ];
  const normsOf = (some: readonly WeightSummary[]) => some.filter(({ name }) => name.endsWith(".weight")).map(normLine);
  const outside = of("norm");
  const [norm] = normsOf(outside.filter((weight) => own.indexOf(weight) < first));
  const [tokens, ...tables] = of("embedding").filter(isMatrix);
  const reads = unembeddingName(family, config);
  return {
    layout: family.layout?.(config) ?? "norms before",
    tokens: ["token embedding", ...countedLines(tokens!)],
    tables: tables.length === 0
      ? []
      : [tables.length === 1 ? "position embedding" : "positions and types", ...countedLines(...tables)],
    ...(norm !== undefined && { norm }),
    layers: layersOf(config, of("attention", 0), of("mlp", 0), normsOf(of("norm", 0))),
    ends: endsOf(normsOf(outside.filter((weight) => own.indexOf(weight) > last)), of("unembedding").filter(isMatrix), {
      reads,
      tokens: tokens!,
    }),
    result: reads === undefined ? `vectors  [T, ${config.nEmbd}]` : `logits  [T, ${config.vocabSize}]`,
  };
}

const isMatrix = ({ shape }: WeightSummary) => shape.length === 2;
const partsOf = ({ name }: WeightSummary) => name.replace(/\.weight$/, "").split(".");
const shortName = (weight: WeightSummary) => partsOf(weight).at(-1)!;
const normLine = (weight: WeightSummary) => `${shortName(weight)}  [${weight.shape.join(", ")}]`;

/** Texts that belong together, on one line if they fit. */
const onOneLine = (joint: string, texts: readonly string[]) => {
  const line = texts.join(joint);
  return line.length <= LINE - 4
    ? [line]
    : texts.map((text, i) => i + 1 < texts.length ? `${text}${joint.trim()}` : text);
};

/** Tables with their shapes and sizes. */
function countedLines(...tables: readonly WeightSummary[]): string[] {
  return tables.flatMap((weight) => {
    const texts = [`${shortName(weight)} [${weight.shape.join(", ")}]`, wholeText(weight.parameters)];
    return tables.length > 1 ? [texts.join(": ")] : onOneLine(": ", texts);
  });
}

/** The matrices with their shapes, as they are stored, in as few lines as they fit into, and how many parameters. */
function layerLines(weights: readonly WeightSummary[]): string[] {
  const matrices = weights.filter(isMatrix);
  const names = matrices.map(shortName);
  const lines: string[] = [];
  for (const [i, weight] of matrices.entries()) {
    const isSingle = names.indexOf(names[i]!) === names.lastIndexOf(names[i]!);
    const text = `${isSingle ? names[i] : partsOf(weight).slice(-2).join(".")} [${weight.shape.join(", ")}]`;
    const together = `${lines.at(-1)}, ${text}`;
    if (lines.length > 0 && together.length <= LINE) lines[lines.length - 1] = together;
    else lines.push(text);
  }
  const sum = weights.reduce((total, { parameters }) => total + parameters, 0);
  return [...lines, `${wholeText(sum)} parameters`];
}

function layersOf(
  config: ModelSummary["config"],
  attention: readonly WeightSummary[],
  mlp: readonly WeightSummary[],
  norms: readonly string[],
): Layer[] {
  const isToSource = ({ name }: WeightSummary) => name.includes(TO_SOURCE);
  const [own, toSource] = [attention.filter((weight) => !isToSource(weight)), attention.filter(isToSource)];
  const isGated = mlp.filter(isMatrix).length === 3;
  const neurons = `${isGated ? "gated MLP" : "MLP"}: ${config.nInner} neurons, ${config.activationFunction}`;
  const source = toSource.length === 0
    ? []
    : [{ part: "attention" as const, lines: ["attention to the source", ...layerLines(toSource)] }];
  const layers: readonly Layer[] = [
    { part: "attention", lines: [...headLines(config), ...layerLines(own)] },
    ...source,
    { part: "mlp", lines: [neurons, ...layerLines(mlp)] },
  ];
  return layers.map((layer, i) => norms[i] === undefined ? layer : { ...layer, norm: norms[i]! });
}

function headLines(config: ModelSummary["config"]): string[] {
  const { nHead: H, nEmbd: C, headDim = C / H, numKeyValueHeads: K = H, ropeTheta } = config as
    & ModelSummary["config"]
    & { readonly headDim?: number; readonly numKeyValueHeads?: number; readonly ropeTheta?: number };
  const more = [
    ...(K === H ? [] : [`${K} of keys and values`]),
    ...(ropeTheta === undefined ? [] : ["rotary positions"]),
  ];
  return [`attention: ${H} heads of ${headDim}`, ...(more.length === 0 ? [] : [more.join(", ")])];
}

/** What the logits are read with: norms, the layers of a head, the unembedding. */
function endsOf(
  norms: readonly string[],
  matrices: readonly WeightSummary[],
  { reads, tokens }: { readonly reads: string | undefined; readonly tokens: WeightSummary },
): Anatomy["ends"] {
  const head = matrices.filter(({ name }) => name !== reads).map((weight) => ({
    part: "unembedding" as const,
    lines: ["head", `${shortName(weight)} [${weight.shape.join(", ")}]`],
  }));
  const ends = [...head, ...norms.map((line) => ({ part: "norm" as const, lines: [line] }))];
  if (reads === undefined) return ends;
  const last = matrices.find(({ name }) => name === reads);
  const [V, C] = tokens.shape;
  const shared = [`${shortName(tokens)} transposed`, `[${C}, ${V}], shared`];
  const lines = last ? countedLines(last) : onOneLine(" ", shared);
  return [...ends, { part: "unembedding", lines: ["unembedding", ...lines] }];
}
