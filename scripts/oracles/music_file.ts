/**
 * Writes tests/goldens/music_written.mid, which music_goldens.py reads with mido.
 *
 * Run: deno run -A scripts/oracles/music_file.ts
 */
import { writeMidi } from "../../mod.ts";
import { WRITTEN } from "../../tests/music/written.ts";

await Deno.writeFile(new URL("../../tests/goldens/music_written.mid", import.meta.url), await writeMidi(WRITTEN));
