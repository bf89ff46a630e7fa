/**
 * Published models in a hub cache, as `scripts/real_models` makes it. The variable LOOKING_GLASS_REAL_MODELS says where
 * it is; tests that need one are ignored without it.
 *
 * @module
 */

/** Where the cache is, if it is anywhere. */
export const REAL_MODELS: string | undefined = Deno.env.get("LOOKING_GLASS_REAL_MODELS");

/** Whether the cache holds a model. */
export function hasRealModel(id: string): boolean {
  if (REAL_MODELS === undefined) return false;
  try {
    return Deno.statSync(`${REAL_MODELS}/models--${id.replace("/", "--")}/refs/main`).isFile;
  } catch {
    return false;
  }
}
