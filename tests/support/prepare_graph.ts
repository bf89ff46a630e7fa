/**
 * Has ONNX Runtime prepare the graph of a checkpoint, and tell all that it does on standard error:
 *
 *     deno run -A tests/support/prepare_graph.ts MODEL WHERE_TO_WRITE_WHAT_BECOMES_OF_IT [OPTIMIZERS;TO;LEAVE;OUT]
 */
import { OpenedFiles, openWeights } from "../../src/model/load/files.ts";
import { parseConfig } from "../../src/models/families.ts";
import { Program } from "../../src/models/program.ts";
import { selectWeights } from "../../src/models/weights.ts";
import { encodeModel } from "../../src/onnx/mod.ts";
import { importNative } from "../../src/runtime/backends/native.ts";

const [model, optimizedModelFilePath, leftOut = ""] = Deno.args as [string, string, string?];
const base = new URL(`../goldens/gpt2/${model}/`, import.meta.url);
const config = parseConfig(JSON.parse(await Deno.readTextFile(new URL("config.json", base))));
using opened = new OpenedFiles({ id: model, base });
const { entries } = await openWeights(opened);
const { graph } = new Program(config, selectWeights(config, entries));
const { InferenceSession } = await importNative();
const session = await InferenceSession.create(encodeModel(graph), {
  graphOptimizationLevel: "extended",
  logSeverityLevel: 0,
  optimizedModelFilePath,
  extra: {
    session: { "model_external_initializers_file_folder_path": base.pathname, "disable_prepacking": "1" },
    optimization: { "disable_specified_optimizers": leftOut },
  },
});
await session.release();
