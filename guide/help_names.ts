/**
 * Finds what help is asked about: the name of a function, a class, a method, or of the type of a result.
 *
 * @module
 */
import { kindOf } from "../src/analysis/results/kinds.ts";
import { shown } from "../src/base/words.ts";
import { LanguageModel } from "../src/language_model.ts";
import { Graph, GraphScope } from "../src/onnx/mod.ts";
import { Tokenizer } from "../src/tokenizer/tokenizer.ts";
import { JUPYTER_DISPLAY } from "../widgets/kit/view.ts";
import type { HelpEntry } from "./help_data.ts";

const CLASSES = [LanguageModel, Tokenizer, Graph, GraphScope];

/** The type of steps is that of one. */
const TYPES: Readonly<Record<string, string>> = { steps: "Step" };

/** The class that has this very function, so that of methods of one name the right one is explained. */
function ownerOf(method: unknown): string | undefined {
  for (const owner of CLASSES) {
    for (
      const [home, keys] of [[owner, Object.getOwnPropertyNames(owner)], [
        owner.prototype,
        Object.getOwnPropertyNames(owner.prototype),
      ]] as const
    ) {
      const key = keys.find((one) => Object.getOwnPropertyDescriptor(home, one)?.value === method);
      if (key !== undefined && key !== "constructor" && key !== "prototype") return `${owner.name}.${key}`;
    }
  }
}

function functionName(thing: { readonly name: string }, entries: readonly HelpEntry[]): string {
  const method = ownerOf(thing);
  if (method !== undefined) return method;
  // What no class has is a method of what an interface describes.
  const inner = entries.filter(({ name, kind }) => {
    return kind === "interface" && entries.some((one) => one.kind === "method" && one.name === `${name}.${thing.name}`);
  });
  const isKnown = entries.some(({ name }) => name === thing.name);
  // Live views describe the models that they ask by interfaces too; a model's own methods were found above.
  const home = inner.find(({ name }) => name === "CostEstimator") ?? (inner.length === 1 ? inner[0] : undefined);
  return !isKnown && home ? `${home.name}.${thing.name}` : thing.name;
}

function objectName(thing: object): string {
  const owner = CLASSES.find((one) => thing instanceof one);
  if (owner) return owner.name;
  if (JUPYTER_DISPLAY in thing && "html" in thing && "svg" in thing) return "View";
  if ("generateBatch" in thing && "trace" in thing) return "CostEstimator";
  if ("fork" in thing && typeof thing.fork === "function") return "GrowingTree";
  const kind = kindOf(thing);
  if (kind === "data") return Object.getPrototypeOf(thing)?.constructor?.name ?? "Object";
  return TYPES[kind] ?? `${kind[0]!.toUpperCase()}${kind.slice(1)}`;
}

/** How many letters have to be changed, added or left out to make one text the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The names that are most like one that does not exist, the nearest first. */
function nearNames(asked: string, entries: readonly HelpEntry[]): string[] {
  const text = asked.slice(0, 80).toLowerCase();
  const apart = entries.map(({ name }) => {
    const [whole, last] = [name.toLowerCase(), name.toLowerCase().split(".").at(-1)!];
    const holds = text.length > 2 && whole.includes(text) ? 1 : Infinity;
    return { name, apart: Math.min(holds, distance(text, whole), distance(text.split(".").at(-1)!, last)) };
  });
  const near = apart.filter(({ name, apart }) => apart <= Math.max(2, Math.min(text.length, name.length) / 3));
  return near.sort((a, b) => a.apart - b.apart || a.name.length - b.name.length).slice(0, 5).map(({ name }) => name);
}

function entryNamed(asked: string, entries: readonly HelpEntry[]): HelpEntry | undefined {
  const name = asked.trim().replace(/\(.*\)$/s, "");
  const method = name.replace(/^model\.cost\./, "CostEstimator.").replace(/^model\./, "LanguageModel.");
  const exact = entries.find((one) => one.name === name || one.name === method);
  if (exact) return exact;
  const inner = entries.filter((one) => one.name.endsWith(`.${name}`));
  return inner.find((one) => one.name.startsWith("LanguageModel.")) ?? (inner.length === 1 ? inner[0] : undefined);
}

/**
 * The entry of a thing.
 *
 * @throws {TypeError} When nothing is known about it; the message has names that are like it.
 */
export function entryOf(thing: unknown, entries: readonly HelpEntry[]): HelpEntry {
  if (thing instanceof Promise) {
    throw new TypeError("Cannot explain a promise; write await before the call that gave it");
  }
  if (thing === undefined) {
    const why = "a name that a module does not have is undefined after an import";
    throw new TypeError(`Cannot explain undefined: ${why}; look for the right one with help()`);
  }
  const name = typeof thing === "function"
    ? functionName(thing, entries)
    : typeof thing === "object" && thing !== null
    ? objectName(thing)
    : String(thing);
  const found = entryNamed(name, entries);
  if (found) return found;
  const near = name === "" ? [] : nearNames(name, entries);
  const advice = near.length > 0 ? `; did you mean ${near.map((one) => `"${one}"`).join(", ")}?` : "";
  const what = typeof thing === "string" || typeof thing === "number" ? shown(thing) : `this ${typeof thing}`;
  throw new TypeError(
    `Cannot explain ${what} as this package has nothing of that name${advice || "; help() lists what there is"}`,
  );
}
