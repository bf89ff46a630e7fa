/**
 * Published models with their real weights in a hub cache, where `scripts/real_models` put them, and what transformers
 * says of them, by `scripts/oracles/real_goldens.py`. The variable LOOKING_GLASS_REAL_MODELS says where the cache is, or
 * else HF_HUB_CACHE, or it is at its usual place; tests that need a model are ignored where it is absent.
 *
 * @module
 */
import { LanguageModel, type LoadOptions } from "../../mod.ts";
import { cacheFolder } from "../../src/hub/settings.ts";

/** Where the cache is. */
export const REAL_MODELS: string = cacheFolder(Deno.env.get("LOOKING_GLASS_REAL_MODELS"));

/** A published model and its golden. */
export class RealModel<Golden> {
  /** What transformers says. */
  readonly golden: Golden & { readonly model: string; readonly revision: string };
  /** Whether the cache has these very weights as `main`. */
  readonly present: boolean;

  /** Reads the golden, which names the model and the revision. */
  constructor(name: "smollm2" | "minilm") {
    this.golden = JSON.parse(Deno.readTextFileSync(new URL(`../goldens/real/${name}.json`, import.meta.url)));
    const { model, revision } = this.golden;
    this.present = mainOf(model) === revision;
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
    return LanguageModel.fromPretrained(model, { revision, cacheDir: REAL_MODELS, localFilesOnly: true, ...options });
  }
}

/** The commit that the cache has as `main` of a model, if it has any. */
function mainOf(id: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${REAL_MODELS}/models--${id.replaceAll("/", "--")}/refs/main`).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
