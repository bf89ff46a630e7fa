/**
 * What a notebook cell is given of the explorer's screen.
 *
 * @module
 */
export { mountExplorer } from "./mount.ts";
