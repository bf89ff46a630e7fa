import { display, inKernel, OUTPUT_NAME } from "../../src/base/kernel.ts";
import { nameOf } from "./expect.ts";
import { JUPYTER_DISPLAY } from "./view.ts";

/** Where something is shown. */
export interface Place {
  /** Whether that is the output of a notebook cell. */
  readonly inKernel: boolean;
  /** Shows something in one output of a notebook. */
  readonly show: typeof display;
  /** Prints a line elsewhere. */
  readonly print: (text: string) => void;
}

type Bundle = Readonly<Record<string, string>>;

/** What a notebook shows of something, when it shows itself. */
async function bundleOf(thing: unknown): Promise<Bundle> {
  if (thing instanceof Promise) throw new TypeError("Cannot show a promise; write await before the call that gave it");
  const method: unknown = typeof thing === "object" && thing !== null ? Reflect.get(thing, JUPYTER_DISPLAY) : undefined;
  if (typeof method !== "function") {
    throw new TypeError(`Cannot show ${nameOf(thing)}; pass a view, a result or a model, and print the rest`);
  }
  return await method.call(thing);
}

/** Shows something in a place; {@linkcode show} with a place of its own. */
export async function showIn(thing: unknown, { inKernel, show, print }: Place): Promise<void> {
  const bundle = await bundleOf(thing);
  const name: unknown = Reflect.get(Object(thing), OUTPUT_NAME);
  const id = typeof name === "string" ? name : crypto.randomUUID();
  if (inKernel) show(bundle, { id, update: false });
  else print(bundle["text/plain"] ?? "");
}

/**
 * Shows a view, a result or a model at once, rather than at the end of a cell: for views in a loop, or several in one
 * cell. In a notebook it gets an output of its own; elsewhere its text is printed.
 *
 * @param thing What is shown: anything that would show itself as the last line of a cell.
 * @throws {TypeError} When it is a promise, or does not show itself.
 *
 * @example
 * ```ts
 * import { LanguageModel, saliencyView, show } from "@looking-glass/looking-glass";
 *
 * await using model = await LanguageModel.fromPretrained();
 * for (const prompt of ["The keys to the cabinet", "The key to the cabinets"]) {
 *   const sequence = await model.generate(prompt, { maxNewTokens: 1 });
 *   await show(saliencyView(await model.saliency(sequence)));
 * }
 * ```
 */
export async function show(thing: unknown): Promise<void> {
  // deno-lint-ignore no-console -- who shows something in a script wants to read it
  await showIn(thing, { inKernel, show: display, print: (text) => console.log(text) });
}
