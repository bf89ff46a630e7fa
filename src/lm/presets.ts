/**
 * The definitions of saliency that other tools use.
 *
 * @module
 */
import type { SaliencyDefinition, SaliencyOptions, SaliencyPreset } from "./saliency_types.ts";
import type { Word } from "./types.ts";

/** What each preset says; the README has the formulas, and `tests/lm` the goldens that hold them. */
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
  };
  if (contrast && definition.of === "probability") {
    throw new TypeError('Cannot contrast probabilities; use of: "logit" or "logProb", whose differences are the same');
  }
  if (definition.normalize && method === "gradient" && reduce === "sum") {
    const why = "it is always 0: LayerNorm takes the mean away";
    throw new TypeError(`Cannot normalise the sum of the gradient as ${why}; use reduce: "l2" or gradientXInput`);
  }
  if (definition.together && definition.of === "probability") {
    throw new TypeError('Cannot explain targets together by their probabilities; use of: "logProb" or "logit"');
  }
  return definition;
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
