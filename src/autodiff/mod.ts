/**
 * Reverse-mode differentiation of graphs.
 *
 * @module
 */
export { activeValues, backward, type BackwardOptions, type Composite, type Step } from "./backward.ts";
export { productInInt8 } from "./int8_product.ts";
export { INT8_RULES, type Spread, VJP_RULES, type VjpRule, type VjpTable } from "./vjp_rules.ts";
