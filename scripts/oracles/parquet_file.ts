/**
 * Writes `tests/goldens/corpus/every_type.parquet`, which `scripts/oracles/corpus_goldens.py` reads with pyarrow and
 * DuckDB. Run from the repository root: `deno run -A scripts/oracles/parquet_file.ts`
 *
 * @module
 */
import { writeParquet } from "../../src/corpus/parquet/write.ts";
import { ABOUT, EVERY_TYPE } from "../../tests/corpus/parquet/every_type.ts";

await Deno.mkdir("tests/goldens/corpus", { recursive: true });
await Deno.writeFile("tests/goldens/corpus/every_type.parquet", await writeParquet(EVERY_TYPE, ABOUT));
