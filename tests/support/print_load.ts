/** Loads a model and prints where it runs: `print_load.ts FOLDER`. */
import { LanguageModel } from "../../mod.ts";

await using model = await LanguageModel.fromPretrained(Deno.args[0]!, { onProgress: () => {} });
// deno-lint-ignore no-console -- the result of the program
console.log(model.backend);
