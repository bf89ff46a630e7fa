import { deepEqual, equal, ok, throws } from "@std/assert";
import { parseConfig } from "../../src/models/families.ts";
import type { LlamaConfig } from "../../src/models/llama.ts";
import type { GPTNeoXConfig } from "../../src/models/neox.ts";
import { inverseFrequencies, ropeSettings } from "../../src/models/rotary.ts";
import golden from "../goldens/rotary.json" with { type: "json" };

/** How many floats lie between two positive ones. */
function ulps(a: number, b: number): number {
  const [x, y] = new Int32Array(Float32Array.of(a, b).buffer);
  return Math.abs(x! - y!);
}

for (const { name, config, frequencies } of golden.settings) {
  // PyTorch's powers are not always the nearest float, and the interpolation of odd settings loses digits of them.
  const bound = name === "odd settings" ? 8 : 1;
  Deno.test(`inverseFrequencies() are those of PyTorch to ${bound} in the last place, ${name}`, () => {
    const parsed = parseConfig(config) as GPTNeoXConfig | LlamaConfig;
    const size = "headDim" in parsed ? parsed.headDim : parsed.nEmbd / parsed.nHead;
    const found = inverseFrequencies(size, parsed);
    equal(found.length, frequencies.length);
    const apart = found.map((frequency, i) => ulps(frequency, frequencies[i]!));
    ok(Math.max(...apart) <= bound, `${apart}`);
    ok(apart.filter((distance) => distance > 0).length <= 1, `${apart}`);
  });
}

Deno.test("the goldens of angles have every kind", () => {
  equal(golden.settings.length, 13);
  const kinds = golden.settings.map(({ config }) => ropeSettings(config).ropeScaling?.ropeType ?? "default");
  deepEqual(["default", "linear", "llama3"].map((kind) => kinds.filter((found) => found === kind).length), [7, 2, 4]);
});

const LLAMA3 = {
  "rope_type": "llama3",
  "factor": 8,
  "low_freq_factor": 1,
  "high_freq_factor": 4,
  "original_max_position_embeddings": 8192,
};
const kinds = (found: string) => `Cannot use rope_type ${found} as only these are supported: default, linear, llama3`;
const above = (name: string, value: string) => `Cannot use ${name} of config.json as it must be > 0: ${value}`;

const REFUSALS: readonly (readonly [fields: object, name: "RangeError" | "TypeError", message: string])[] = [
  ...["dynamic", "yarn", "longrope", "proportional", "mrope", "toString"].map((kind) =>
    [{ rope_type: kind, factor: 2 }, "TypeError", kinds(`"${kind}"`)] as const
  ),
  [{ type: "dynamic", factor: 2 }, "TypeError", kinds('"dynamic"')],
  [{ rope_type: "longrope", short_factor: [1], long_factor: [2] }, "TypeError", kinds('"longrope"')],
  [{ rope_type: 1 }, "TypeError", kinds("1")],
  [
    { full_attention: { rope_type: "default" }, sliding_attention: { rope_type: "default" } },
    "TypeError",
    'Cannot use rope_parameters with "full_attention" as all layers must have the same',
  ],
  [{ rope_type: "linear" }, "TypeError", 'Cannot use rope_type "linear" as factor is missing'],
  [{ rope_type: "linear", factor: null }, "TypeError", 'Cannot use rope_type "linear" as factor is missing'],
  [{ rope_type: "linear", factor: "2" }, "TypeError", above("factor", '"2"')],
  [{ rope_type: "linear", factor: 0 }, "RangeError", above("factor", "0")],
  [{ rope_type: "linear", factor: -1 }, "RangeError", above("factor", "-1")],
  [{ rope_type: "linear", factor: NaN }, "RangeError", above("factor", "NaN")],
  ...["factor", "low_freq_factor", "high_freq_factor"].flatMap((name) => [
    [{ ...LLAMA3, [name]: undefined }, "TypeError", `Cannot use rope_type "llama3" as ${name} is missing`] as const,
    [{ ...LLAMA3, [name]: Infinity }, "RangeError", above(name, "Infinity")] as const,
  ]),
  [
    { ...LLAMA3, high_freq_factor: 1 },
    "RangeError",
    "Cannot use high_freq_factor and low_freq_factor as the first must be greater: 1 and 1",
  ],
  [
    { ...LLAMA3, original_max_position_embeddings: 0.5 },
    "RangeError",
    "Cannot use original_max_position_embeddings of config.json as it must be a whole number >= 1: 0.5",
  ],
  [{ rope_theta: 0 }, "RangeError", above("rope_theta", "0")],
  [{ rope_theta: "10000" }, "TypeError", above("rope_theta", '"10000"')],
  [{ partial_rotary_factor: 2 }, "RangeError", "Cannot use partial_rotary_factor 2 as it must be at most 1"],
];

for (const [rope, name, message] of REFUSALS) {
  for (const field of ["rope_parameters", "rope_scaling"]) {
    Deno.test(`ropeSettings() refuses ${field} ${JSON.stringify(rope)}: ${name}`, () => {
      throws(() => ropeSettings({ [field]: rope }), { name, message });
    });
  }
}

for (const field of ["rope_parameters", "rope_scaling"]) {
  for (const value of ["linear", 2, [2], true]) {
    Deno.test(`ropeSettings() refuses ${field} ${JSON.stringify(value)}, which is no object`, () => {
      const message = `Cannot use ${field} ${JSON.stringify(value)} as it is not an object`;
      throws(() => ropeSettings({ [field]: value }), { name: "TypeError", message });
    });
  }
}

for (const rope of [{ rope_theta: 1e-300 }, { rope_type: "linear", factor: 1e-45 }]) {
  Deno.test(`parseConfig() refuses angles that are infinite, ${JSON.stringify(rope)}`, () => {
    const message = `Cannot turn heads by the angles of rope_theta ${rope.rope_theta ?? 10000} as they are infinite`;
    throws(() => parseConfig({ model_type: "llama", rope_parameters: rope }), { name: "RangeError", message });
  });
}
