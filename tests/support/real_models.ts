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
  /** Whether its weights are there; the cache of the hub is where `HF_HUB_CACHE` says, or at its usual place. */
  readonly present: boolean;

  /** Reads the golden, which names the model and the revision. */
  constructor(name: "smollm2" | "minilm") {
    this.golden = JSON.parse(Deno.readTextFileSync(new URL(`../goldens/real/${name}.json`, import.meta.url)));
    const { model, revision } = this.golden;
    const folder = `${cacheFolder()}/models--${model.replaceAll("/", "--")}/snapshots/${revision}`;
    this.present = exists(`${folder}/model.safetensors`);
  }

  /** What a test needs to be left out by name where the weights are absent. */
  test(title: string): { readonly name: string; readonly ignore: boolean } {
    const { model } = this.golden;
    const name = `${title} on ${model}`;
    return this.present ? { name, ignore: false } : { name: `${name} (absent: see scripts/real_models)`, ignore: true };
  }

  /** Loads it, from the cache alone. */
  load(options: LoadOptions = {}): Promise<LanguageModel> {
    const { model, revision } = this.golden;
    return LanguageModel.fromPretrained(model, { revision, localFilesOnly: true, ...options });
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
