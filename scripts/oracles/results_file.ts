/**
 * Writes one result of each kind as the format's version 1: `deno run -A scripts/oracles/results_file.ts`, then
 * results_goldens.py. The file is not to change: later packages must read it as it is.
 *
 * @module
 */
import { saveResults } from "../../src/analysis/mod.ts";
import { FIRST_RESULTS } from "../../tests/analysis/results/fixtures.ts";

await saveResults("tests/goldens/results/version_1.safetensors", { ...FIRST_RESULTS });
