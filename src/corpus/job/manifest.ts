/**
 * What a job is, and whether another start of it is the same job.
 *
 * @module
 */
import { shown } from "../../base/words.ts";
import type { ModelIdentity } from "../../model/identity.ts";
import { asksOf } from "../asks/all.ts";
import type { CorpusSettings, CorpusSource, CorpusStore, Manifest } from "../types.ts";
import { MANIFEST, readManifest, writeJson } from "./files.ts";
import { DOCUMENTS, PROBLEMS } from "./tables.ts";

/** Says what a job is. */
export async function manifestOf(
  source: CorpusSource,
  { backend: _, package: __, ...identity }: ModelIdentity,
  dtype: "float32" | "q8",
  settings: CorpusSettings,
): Promise<Manifest> {
  const asks = asksOf(settings.ask);
  return {
    format: "looking-glass corpus",
    version: 1,
    source: { name: source.name, fingerprint: await source.fingerprint() },
    model: { ...identity, dtype },
    settings,
    tables: [DOCUMENTS, PROBLEMS, ...asks.flatMap(({ tables }) => tables)],
    totals: asks.flatMap(({ totals }) => totals),
  };
}

/** What is compared, and what it is called. The names of source and model may differ, as places where they are do. */
const COMPARED: readonly (readonly [what: string, of: (manifest: Manifest) => unknown])[] = [
  ["the model's files", ({ model }) => model.files],
  ["the model's changes", ({ model }) => model.changes],
  ["the model's dtype", ({ model }) => model.dtype],
  ["the source's fingerprint", ({ source }) => source.fingerprint],
  ["the tables", ({ tables, totals }) => [tables, totals]],
];

/**
 * Writes the manifest of a job that begins, and compares that of one that goes on.
 *
 * @throws {Error} When another job was begun there; the message says what differs.
 */
export async function beginOrGoOn(store: CorpusStore, manifest: Manifest): Promise<void> {
  const found = await readManifest(store);
  if (!found) return await writeJson(store, MANIFEST, manifest);
  const settings = Object.keys({ ...found.settings, ...manifest.settings }) as (keyof CorpusSettings)[];
  const compared = [
    ...settings.map((name) => [name, ({ settings }: Manifest) => settings[name]] as const),
    ...COMPARED,
  ];
  const differences = compared.flatMap(([what, valueOf]) => {
    const [there, here] = [canonical(valueOf(found)), canonical(valueOf(manifest))];
    return there === here ? [] : [`${what} was ${short(there)} and is ${short(here)}`];
  });
  if (differences.length === 0) return;
  throw new Error(
    `Cannot go on in ${store.name} as another job was begun there: ${differences.join("; ")}; ` +
      "take another folder as out, or ask the same",
  );
}

/** JSON that is the same for the same values, in whatever order fields stand. */
function canonical(value: unknown): string {
  const sorted = (_: string, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => a < b ? -1 : 1))
      : one;
  return JSON.stringify(value, sorted) ?? "nothing";
}

function short(json: string): string {
  return json === "nothing" ? json : shown(JSON.parse(json));
}
