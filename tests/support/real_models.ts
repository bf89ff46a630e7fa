/**
 * Published models with their real weights, where `scripts/real_models` put them into the cache of the hub, and what
 * transformers says of them, by `scripts/oracles/real_goldens.py`.
 *
 * @module
 */
import { LanguageModel, type LoadOptions } from "../../mod.ts";
import { cacheFolder } from "../../src/hub/settings.ts";

/** A published model and its golden. */
export class RealModel<Golden> {
  /** What transformers says. */
  readonly golden: Golden & { readonly model: string; readonly revision: string };
  /** Whether the cache has these very weights as `main`; it is where `HF_HUB_CACHE` says, or at its usual place. */
  readonly present: boolean;

  /** Reads the golden, which names the model and the revision. */
  constructor(name: "smollm2" | "minilm") {
    this.golden = JSON.parse(Deno.readTextFileSync(new URL(`../goldens/real/${name}.json`, import.meta.url)));
    const { model, revision } = this.golden;
    const folder = `${cacheFolder()}/models--${model.replaceAll("/", "--")}`;
    this.present = textOf(`${folder}/refs/main`) === revision;
  }

  /** What a test needs to be left out by name where the weights are absent. */
  test(title: string): { readonly name: string; readonly ignore: boolean } {
    const { model } = this.golden;
    const name = `${title} on ${model}`;
    return this.present ? { name, ignore: false } : { name: `${name} (absent: see scripts/real_models)`, ignore: true };
  }

  /** Loads it from the cache alone. */
  load(options: LoadOptions = {}): Promise<LanguageModel> {
    const { model, revision } = this.golden;
    return LanguageModel.fromPretrained(model, { revision, localFilesOnly: true, ...options });
  }
}

function textOf(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
