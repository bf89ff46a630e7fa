/**
 * Reverse-mode differentiation of graphs.
 *
 * @module
 */
export { backward, type BackwardOptions } from "./backward.ts";
export { type Spread, VJP_RULES, type VjpRule, type VjpTable } from "./vjp_rules.ts";
