/**
 * What saliency takes and gives, and the definitions that other tools use.
 *
 * @module
 */
import type { OptionTable } from "../../base/options.ts";
import type { Progress } from "../../base/progress.ts";
import type { FloatTensor } from "../../base/tensor.ts";
import { type MemoryOptions, READING } from "../../model/cost.ts";
import type { Sequence, Word } from "../../model/sequence.ts";

/** A named definition of saliency, equal to another tool's. */
export type SaliencyPreset = "ecco" | "inseq" | "captum" | "lit";

/** What a saliency score is made of. */
export type SaliencyMethod = "gradientXInput" | "gradient" | "integratedGradients";

/** Options of {@linkcode LanguageModel.saliency}. A preset fills what is not given. */
export interface SaliencyOptions extends MemoryOptions {
  /**
   * Another tool's definition.
   *
   * @default {"ecco"}
   */
  readonly preset?: SaliencyPreset;
  /**
   * What is scored: the gradient, the gradient times the embedding, or integrated gradients, the embedding times the
   * mean of the gradient on the way from the baseline to it.
   */
  readonly method?: SaliencyMethod;
  /** The scalar that is differentiated. */
  readonly of?: "probability" | "logProb" | "logit";
  /** How the C numbers of a token become one. */
  readonly reduce?: "l2" | "sum";
  /** Whether each row is divided by its sum of absolute values. */
  readonly normalize?: boolean;
  /**
   * Explains why each token was written rather than this one: the scalar is the difference of their logits, which is
   * that of their log-probabilities too. A text is read as it stands, `" is"` and `"is"` are two words; one of several
   * tokens stands for its first. A token is not explained against itself: its scores are 0.
   */
  readonly contrast?: string | number;
  /**
   * Explains a token that is not written: what would be if this one came next. The map is of the text with that token
   * at its end, whose position is explained unless `positions` says otherwise. A text is read as it stands, and must be
   * one token: `" are"`.
   */
  readonly next?: string | number;
  /**
   * How many gradients are averaged by integrated gradients, at the nodes of the Gauss-Legendre rule; 10,000 at most.
   *
   * @default {50}
   */
  readonly steps?: number;
  /**
   * Where integrated gradients begin: at embeddings of zeros; positions are added as ever.
   *
   * @default {"zero"}
   */
  readonly baseline?: "zero";
  /**
   * Whether the result says how far the map is from complete, at the price of one more reading: see
   * {@linkcode Saliency.convergenceGaps}. Integrated gradients always say so.
   *
   * @default {false}
   */
  readonly completeness?: boolean;
  /**
   * In what the products of the way back are computed. `int8` rounds weights and gradients to 8 bits, each row of a
   * gradient by its own scale; the text is read in the precision of the model. It is faster, and maps differ a little:
   * `docs/precision.md` has both, for each method and model. The first call makes a file of the weights in the folder
   * `cacheDir` with `-int8` after its name, which may be deleted at any time, and a program of its own over the same
   * files. It runs on `native` and, outside of a page, on `wasm`.
   *
   * @default {"float32"}
   */
  readonly precision?: "float32" | "int8";
  /** The explained positions; by default every token after the prompt, or that of `next`. */
  readonly positions?: readonly number[];
  /** Called after each chunk of explained tokens. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two chunks. */
  readonly signal?: AbortSignal;
}

export const SALIENCY_OPTIONS: OptionTable<SaliencyOptions> = {
  task: "explain",
  kinds: {
    preset: "anything",
    method: "anything",
    of: "anything",
    reduce: "anything",
    normalize: "true or false",
    contrast: "a text or a number",
    next: "a text or a number",
    steps: "a number",
    baseline: "anything",
    completeness: "true or false",
    precision: ["float32", "int8"],
    positions: "anything",
    ...READING,
  },
};

/** The definition that a saliency map was computed with. */
export interface SaliencyDefinition {
  /** The preset that filled what was not given. */
  readonly preset: SaliencyPreset;
  /** What is scored. */
  readonly method: SaliencyMethod;
  /** The scalar that is differentiated. */
  readonly of: "probability" | "logProb" | "logit";
  /** How the C numbers of a token become one. */
  readonly reduce: "l2" | "sum";
  /** Whether each row is divided by its sum of absolute values. */
  readonly normalize: boolean;
  /** Whether the targets were explained together, as one row. */
  readonly together: boolean;
  /** What the tokens were grouped by since; their scores were added up. None when each token stands for itself. */
  readonly by?: "word" | "sentence" | "group";
  /** The word that each token was explained against, by the first of its tokens; none by default. */
  readonly contrast?: Word;
  /** How many gradients were averaged; only of integrated gradients. */
  readonly steps?: number;
  /** Where integrated gradients began. */
  readonly baseline?: "zero";
  /** In what the products of the way back were computed; none where it was the default, float32. */
  readonly precision?: "int8";
}

/** What each preset says; the README has the formulas, and `tests/ask/saliency` the goldens that hold them. */
const PRESETS: Readonly<Record<SaliencyPreset, Omit<SaliencyDefinition, "preset">>> = {
  ecco: { method: "gradientXInput", of: "probability", reduce: "l2", normalize: true, together: false },
  inseq: { method: "gradientXInput", of: "probability", reduce: "l2", normalize: true, together: false },
  captum: { method: "gradientXInput", of: "logProb", reduce: "sum", normalize: false, together: false },
  lit: { method: "gradient", of: "logProb", reduce: "l2", normalize: false, together: true },
};

const CHOICES = {
  method: ["gradientXInput", "gradient", "integratedGradients"],
  of: ["probability", "logProb", "logit"],
  reduce: ["l2", "sum"],
  baseline: ["zero"],
} as const;

/** Captum's default. */
const STEPS = 50;

/** The nodes of more take minutes to find, in which nothing can be stopped. */
const MAX_STEPS = 10_000;

/**
 * The definition that `options` ask for. LIT has two scores: the L2 norm of the gradient, and with `reduce: "sum"`
 * the signed gradient x input. Against a `contrast` the scalar is a difference of logits, whatever the preset.
 *
 * @throws {TypeError} When an option has a value that does not exist, or does not go with the others.
 * @throws {RangeError} When `steps` is not a whole number from 1 to 10,000.
 */
export function saliencyDefinition(options: SaliencyOptions, contrast?: Word): SaliencyDefinition {
  const { preset = "ecco" } = options;
  if (!Object.hasOwn(PRESETS, preset)) {
    const known = Object.keys(PRESETS).join('", "');
    throw new TypeError(`Cannot explain by the preset ${JSON.stringify(preset)}; use "${known}"`);
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES];
    if (value !== undefined && !(choices as readonly unknown[]).includes(value)) {
      const known = choices.map((choice) => JSON.stringify(choice)).join(", ");
      throw new TypeError(`Cannot explain with ${name} ${JSON.stringify(value)}; use ${known}`);
    }
  }
  const base = PRESETS[preset];
  const reduce = options.reduce ?? base.reduce;
  const method = options.method ?? (preset === "lit" && reduce === "sum" ? "gradientXInput" : base.method);
  const definition = {
    ...{ preset, method, reduce },
    of: options.of ?? (contrast && base.of === "probability" ? "logit" as const : base.of),
    normalize: options.normalize ?? base.normalize,
    together: base.together,
    ...(contrast && { contrast }),
    ...integration(method, options),
    ...options.precision === "int8" && { precision: options.precision },
  };
  if (contrast && definition.of === "probability") {
    throw new TypeError('Cannot contrast probabilities; use of: "logit" or "logProb", whose differences are the same');
  }
  expectNormalizable(definition);
  if (definition.together && definition.of === "probability") {
    throw new TypeError('Cannot explain targets together by their probabilities; use of: "logProb" or "logit"');
  }
  return definition;
}

/** What a definition of any saliency says of how a gradient becomes a score. */
type Scoring = Pick<SaliencyDefinition, "method" | "reduce" | "normalize">;

/**
 * Refuses to normalise what is always 0.
 *
 * @throws {TypeError} When that is asked for.
 */
export function expectNormalizable({ method, reduce, normalize }: Scoring): void {
  if (!normalize || method !== "gradient" || reduce !== "sum") return;
  const why = "it is always 0: LayerNorm takes the mean away";
  throw new TypeError(`Cannot normalise the sum of the gradient as ${why}; use reduce: "l2" or gradientXInput`);
}

/** The scores of the graph that a method and a reduction read. */
export function scoreOf(method: "gradientXInput" | "gradient", reduce: SaliencyDefinition["reduce"]) {
  return `${method}${reduce === "l2" ? "L2" : "Sum"}` as const;
}

/** How integrated gradients are taken; nothing for other methods. */
function integration(
  method: SaliencyDefinition["method"],
  { steps, baseline = "zero" }: SaliencyOptions,
): Pick<SaliencyDefinition, "steps" | "baseline"> {
  if (method === "integratedGradients") {
    if (steps !== undefined && !(Number.isInteger(steps) && steps >= 1 && steps <= MAX_STEPS)) {
      throw new RangeError(`Cannot integrate in steps ${steps} as it must be a whole number from 1 to ${MAX_STEPS}`);
    }
    return { steps: steps ?? STEPS, baseline };
  }
  if (steps === undefined) return {};
  throw new TypeError(`Cannot take steps ${steps} by method "${method}"; use method: "integratedGradients"`);
}

/** Tokens of a sequence that stand together. */
export interface TokenGroup {
  /** The index of the first token. */
  readonly start: number;
  /** The index after the last token. */
  readonly end: number;
  /** The text of the tokens. */
  readonly text: string;
}

/** The tokens that the groups of a map by groups are made of. */
export interface Grouping {
  /** The explained text, token by token. */
  readonly sequence: Sequence;
  /** The explained tokens. */
  readonly positions: readonly number[];
  /** What stands in the place of tokens, in reading order; each token is in one. */
  readonly groups: readonly TokenGroup[];
}

/** Which earlier tokens made each explained token. */
export interface Saliency {
  /** The explained text. Of a map by groups, each "token" is a group. */
  readonly sequence: Sequence;
  /** The explained positions, N of them; of a map by groups, those of groups. */
  readonly positions: readonly number[];
  /** `[N, T]`, zero at and after `positions[n]`; one row for all positions when they are explained together. */
  readonly scores: FloatTensor;
  /** The definition used. */
  readonly options: SaliencyDefinition;
  /**
   * How far each row is from complete, in the unit of the scalar f that was differentiated (see `options.of`): the sum
   * of all attributions, before they are reduced and normalised, less f(x) − f(0), what the scalar gained from the
   * baseline, embeddings of zeros with their positions, to the text. Captum calls it the convergence delta. More steps
   * make that of integrated gradients smaller. Gradient × input is complete only where the model is linear between the
   * two, so its gap is large; a map of the gradient alone claims no sum, and shows the gap of gradient × input.
   * Of integrated gradients, and with `completeness`.
   */
  readonly convergenceGaps?: readonly number[];
  /** What the groups are made of; only of a map by groups. */
  readonly grouping?: Grouping;
}

/** A map by groups of tokens, such as words: what `groupSaliency` makes of a map of tokens. */
export interface GroupedMap extends Saliency {
  /** The definition used, and what the tokens were grouped by. */
  readonly options: SaliencyDefinition & { readonly by: "word" | "sentence" | "group" };
  /** What the groups are made of. */
  readonly grouping: Grouping;
}
