/** Loads the files of a model from a hub, in a process that tests can kill: `download_model.ts <endpoint> <cache>`. */
import { findSnapshot } from "../../src/hub/snapshot.ts";

const [endpoint, cacheDir] = Deno.args as [string, string];
await Deno.stdout.write(new TextEncoder().encode(await findSnapshot("owner/tiny", { endpoint, cacheDir })));
