import { deepEqual, ok } from "@std/assert";
import { VJP_RULES, type VjpRule, type VjpTable } from "../../src/autodiff/mod.ts";
import type { OpName } from "../../src/onnx/mod.ts";
import { innerProducts, relativeError } from "../support/gradient_check.ts";
import { VJP_CASES } from "./vjp_cases.ts";

const BOUND = 1e-7;

/**
 * ONNX Runtime has no float64 kernels for them; `erf_rule_test.ts`, and of saliency `int8_test.ts` and `quantized_test.ts`,
 * check them by other means.
 */
const CHECKED_ELSEWHERE: readonly OpName[] = ["Erf", "MatMulNBits"];

for (const vjpCase of VJP_CASES) {
  Deno.test(`VJP_RULES: <u, Jv> equals <J^T u, v> for ${vjpCase.name}`, async () => {
    const products = await innerProducts(vjpCase);
    const error = relativeError(products);
    ok(error <= BOUND, `${error} > ${BOUND}: <u, Jv> = ${products.jvp}, <J^T u, v> = ${products.vjp}`);
  });
}

Deno.test("VJP_RULES has a case for every rule", () => {
  const rules = Object.entries(VJP_RULES).filter(([, rule]) => rule !== "none").map(([op]) => op);
  const checked = new Set<string>([...VJP_CASES.map(({ op }) => op), ...CHECKED_ELSEWHERE]);
  deepEqual([...checked].sort(), rules.sort());
});

for (const op of new Set(VJP_CASES.map(({ op }) => op))) {
  Deno.test(`innerProducts() tells a rule of ${op} that is off by 0.05 % from the right one`, async () => {
    const vjpCase = VJP_CASES.find((one) => one.op === op)!;
    const rules: VjpTable = { ...VJP_RULES, [op]: scaled(VJP_RULES[op] as VjpRule) };
    const error = relativeError(await innerProducts(vjpCase, { rules }));
    ok(error > 1000 * BOUND, `the error of the wrong rule is ${error}`);
  });
}

function scaled(rule: VjpRule): VjpRule {
  return (g, ...rest) => rule(g, ...rest).map((dx) => dx && g.mul(dx, g.floats([1.0005], [])));
}

Deno.test("VjpTable is complete by type", () => {
  const { Tanh: _, ...rest } = VJP_RULES;
  // @ts-expect-error a table without a rule for Tanh is not a table
  rest satisfies VjpTable;
  // @ts-expect-error nor is one that has something else in the place of a rule
  ({ ...VJP_RULES, Tanh: "missing" }) satisfies VjpTable;
  VJP_RULES satisfies VjpTable;
});
