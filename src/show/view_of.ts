/**
 * The one place where a result looks to its right, for the view that draws it. Nothing is loaded before a notebook asks.
 *
 * @module
 */

/** What a notebook shows of a result. */
export async function displayOf(label: string, result: object): Promise<object> {
  const { resultBundle } = await import("../../widgets/result_view.ts");
  return resultBundle(label, result);
}
