/**
 * Writes `tests/goldens/graphs.json`: the hash of each graph that is written where nothing is changed inside of a model.
 * To be run only when these graphs are meant to change, and the commit says why: `deno run -A scripts/oracles/graph_hashes.ts`
 *
 * @module
 */
import { GRAPH_HASHES, GRAPH_NAMES, graphHash } from "../../tests/support/default_graphs.ts";

const hashes = await Promise.all(GRAPH_NAMES.map(async (name) => [name, await graphHash(name)] as const));
await Deno.writeTextFile(GRAPH_HASHES, `${JSON.stringify(Object.fromEntries(hashes), null, 1)}\n`);
