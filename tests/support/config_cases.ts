/**
 * What the settings of every family have in common: fields that are read, and values that are refused.
 *
 * @module
 */
import { deepEqual, throws } from "@std/assert";
import type { ModelConfig } from "../../src/models/config.ts";
import { parseConfig } from "../../src/models/families.ts";

/** Fields of a config.json. */
export type Changes = Readonly<Record<string, unknown>>;

/** A refusal: the fields, the class of the error and its message. */
export type Refusal = readonly [changes: Changes, name: "RangeError" | "TypeError", message: string];

/** Registers a test for each row: what `changes` make of the defaults. */
export function testFields<Config extends ModelConfig>(
  defaults: Config,
  rows: readonly (readonly [Changes, Partial<Config>])[],
): void {
  const { modelType } = defaults;
  Deno.test(`parseConfig() has Hugging Face's defaults of ${modelType}`, () => {
    deepEqual(parseConfig({ "model_type": modelType }) as ModelConfig, defaults);
  });
  for (const [changes, expected] of rows) {
    Deno.test(`parseConfig() reads ${modelType} ${JSON.stringify(changes)}`, () => {
      deepEqual(parseConfig({ "model_type": modelType, ...changes }) as ModelConfig, { ...defaults, ...expected });
    });
  }
}

/** Registers a test for each refusal. */
export function testRefusals(modelType: string, rows: readonly Refusal[]): void {
  for (const [changes, name, message] of rows) {
    Deno.test(`parseConfig() refuses ${modelType} ${shownCase(changes)}: ${name}`, () => {
      throws(() => parseConfig({ "model_type": modelType, ...changes }), { name, message });
    });
  }
}

/** JSON has no NaN and no infinite numbers. */
function shownCase(changes: Changes): string {
  return JSON.stringify(changes, (_, value) => typeof value === "number" ? String(value) : value).slice(0, 120);
}

/** Values that are no size. */
export function badSizes(...names: readonly string[]): Refusal[] {
  return names.flatMap((name): Refusal[] => {
    const message = (value: string) => `Cannot use ${name} of config.json as it must be a whole number >= 1: ${value}`;
    return [
      [{ [name]: 0 }, "RangeError", message("0")],
      [{ [name]: -12 }, "RangeError", message("-12")],
      [{ [name]: 1.5 }, "RangeError", message("1.5")],
      [{ [name]: 1e300 }, "RangeError", message("1e+300")],
      [{ [name]: NaN }, "RangeError", message("NaN")],
      [{ [name]: "12" }, "TypeError", message('"12"')],
      [{ [name]: [12] }, "TypeError", message("[12]")],
      [{ [name]: true }, "TypeError", message("true")],
    ];
  });
}

/** Values that are neither true nor false. */
export function badFlags(...names: readonly string[]): Refusal[] {
  return names.flatMap((name): Refusal[] => {
    const message = (value: string) => `Cannot use ${name} of config.json as it must be true or false: ${value}`;
    return [[{ [name]: 1 }, "TypeError", message("1")], [{ [name]: "true" }, "TypeError", message('"true"')]];
  });
}

/** Values that are no amount; 0 is none where it must be above. */
export function badAmounts(name: string, { above = false } = {}): Refusal[] {
  const message = (value: string) =>
    `Cannot use ${name} of config.json as it must be ${above ? "> 0" : ">= 0"}: ${value}`;
  return [
    [{ [name]: -1e-5 }, "RangeError", message("-0.00001")],
    [{ [name]: Infinity }, "RangeError", message("Infinity")],
    [{ [name]: NaN }, "RangeError", message("NaN")],
    [{ [name]: "1e-5" }, "TypeError", message('"1e-5"')],
    [{ [name]: {} }, "TypeError", message("{}")],
    ...(above ? [[{ [name]: 0 }, "RangeError", message("0")] as const] : []),
  ];
}

/** Values that are no token. */
export function badTokens(vocabSize: number, ...names: readonly string[]): Refusal[] {
  return names.flatMap((name): Refusal[] => {
    const message = (value: string) => `Cannot use ${name} ${value} as the vocabulary holds ${vocabSize} tokens`;
    return [
      [{ [name]: vocabSize }, "RangeError", message(String(vocabSize))],
      [{ [name]: -1 }, "RangeError", message("-1")],
      [{ [name]: [1, 0.5] }, "RangeError", message("0.5")],
      [{ [name]: "0" }, "TypeError", message('"0"')],
    ];
  });
}

/** Activation functions that are not computed. */
export function badActivations(name: string): Refusal[] {
  const message = (value: string) =>
    `Cannot use ${name} ${value} as only these are supported: ` +
    "gelu, gelu_fast, gelu_new, gelu_pytorch_tanh, relu, silu, swish, tanh";
  return [
    [{ [name]: "quick_gelu" }, "TypeError", message('"quick_gelu"')],
    [{ [name]: 1 }, "TypeError", message("1")],
    [{ [name]: ["gelu"] }, "TypeError", message('["gelu"]')],
    [{ [name]: "__proto__" }, "TypeError", message('"__proto__"')],
  ];
}

/** Settings by which something else would be computed, each with its value; `family` is what messages call it. */
export function otherComputation(family: string, more: readonly (readonly [string, unknown])[]): Refusal[] {
  const all: readonly (readonly [string, unknown])[] = [
    ["is_causal", false],
    ["is_encoder_decoder", true],
    ["attention_chunk_size", 2],
    ["layer_types", ["full_attention", "chunked_attention"]],
    ["layer_types", "full_attention"],
    ["transformers_weights", "other.safetensors"],
    ...more,
  ];
  return [
    [{ "add_cross_attention": true }, "TypeError", `Cannot load a ${family} model with add_cross_attention`],
    [{ "quantization_config": {} }, "TypeError", "Cannot load quantized weights (quantization_config)"],
    ...all.map(([name, value]) => uncomputed(family, name, value)),
  ];
}

/** The refusal of a setting by which something else would be computed, and of what is `beside` it. */
export function uncomputed(family: string, name: string, value: unknown, beside: Changes = {}): Refusal {
  const found = `${name} ${JSON.stringify(value)} as this package does not compute it`;
  const advice = `take another model, or remove ${name} from config.json to run it without`;
  return [{ ...beside, [name]: value }, "TypeError", `Cannot load a ${family} model with ${found}; ${advice}`];
}

/** The same refusals where other fields stand beside. */
export function besides(beside: Changes, rows: readonly Refusal[]): Refusal[] {
  return rows.map(([changes, name, message]) => [{ ...beside, ...changes }, name, message]);
}
