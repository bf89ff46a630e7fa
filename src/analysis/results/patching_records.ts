/**
 * What the records of changed runs must look like.
 *
 * @module
 */
import { columnsAt, IMPORTANCE_SITES, PATCH_SITES } from "../../ask/patching/places.ts";
import type {
  HeadEdges,
  Importance,
  ImportanceSite,
  Metric,
  MetricName,
  Patching,
  PatchSite,
} from "../../ask/patching/types.ts";
import type { Sequence } from "../../model/sequence.ts";
import { LARGEST } from "../../models/config.ts";
import { and, type Check, choice, floats, indexIn, list, number, own, record, rising, wholeFrom } from "./checks.ts";
import { sequence, word } from "./text_records.ts";

const metric: Check<Metric> = and(
  record<Metric>({
    name: choice<MetricName>({ logitDifference: true, logit: true, logProb: true, probability: true, kl: true }),
  }, { target: word, contrast: word }),
  (value, path) => {
    const { name, target, contrast } = value as Metric;
    const wanted = name === "kl" ? 0 : name === "logitDifference" ? 2 : 1;
    if ((target !== undefined) === wanted > 0 && (contrast !== undefined) === wanted > 1) return undefined;
    return `${path} is ${name}, which has ${
      ["no words", "a target and no contrast", "a target and a contrast"][wanted]
    }`;
  },
);

const named = <Site extends string>(sites: readonly Site[]) =>
  choice<Site>(Object.fromEntries(sites.map((site) => [site, true])) as Record<Site, true>);
const site = named<PatchSite>(PATCH_SITES);
const layers = rising(list(wholeFrom(0, LARGEST.nLayer - 1), "K"));

/** How many tokens of a text, or of its source, have rows at a place. */
function rowsOf(at: ImportanceSite, { source }: Sequence, position: number): number {
  return at.startsWith("source_") ? source?.tokenIds.length ?? 0 : position;
}

/** What replacing parts of a run does: both texts have T tokens; K layers, N columns. */
export const patching: Check<Patching> = and(
  record<Patching>({
    clean: own(sequence, "T"),
    corrupted: own(sequence, "T"),
    position: indexIn("T", 1),
    at: site,
    layers,
    columns: choice<Patching["columns"]>({ positions: true, heads: true }),
    indices: rising(list(wholeFrom(0), "N")),
    metric,
    cleanValue: number,
    corruptedValue: number,
  }, { values: floats("K", "N"), estimate: floats("K", "N") }),
  (value, path) => {
    const { clean, corrupted, position, at, columns, indices, metric, values, estimate } = value as Patching;
    const rows = Math.min(...[clean, corrupted].map((text) => rowsOf(at, text, position)));
    if (columns !== columnsAt(at)) return `${path}.columns are ${columns}, and those of ${at} are ${columnsAt(at)}`;
    const last = indices.at(-1) ?? 0;
    if (columns === "positions" && indices.length > 0 && last >= rows) {
      return `${path}.indices has position ${last}, and ${rows} tokens are read`;
    }
    if (values === undefined && estimate === undefined) return `${path} has neither values nor an estimate`;
    if (metric.name === "kl" && estimate !== undefined) return `${path} has an estimate of kl, which there is not`;
  },
);

/** How much parts matter: K layers, N columns. */
export const importance: Check<Importance> = and(
  record<Importance>({
    sequence: own(sequence, "T"),
    position: indexIn("T", 1),
    at: named<ImportanceSite>(IMPORTANCE_SITES),
    layers,
    columns: choice<Importance["columns"]>({ heads: true, neurons: true, positions: true }),
    metric,
    value: number,
    scores: floats("K", "N"),
  }),
  (value, path) => {
    const { at, columns, position, sequence, scores, metric } = value as Importance;
    if (columns !== columnsAt(at)) return `${path}.columns are ${columns}, and those of ${at} are ${columnsAt(at)}`;
    if (metric.name === "kl") return `${path}.metric is kl, which is not differentiated`;
    const [, count] = scores.shape;
    const rows = rowsOf(at, sequence, position);
    if (columns === "positions" && count !== rows) {
      return `${path}.scores have ${count} positions, and ${rows} tokens are read`;
    }
  },
);

/** Which head works through which: L layers of H heads, K heads of keys and values. */
export const headEdges: Check<HeadEdges> = and(
  record<HeadEdges>({
    clean: own(sequence, "T"),
    corrupted: own(sequence, "T"),
    position: indexIn("T", 1),
    metric,
    cleanValue: number,
    corruptedValue: number,
    query: floats("L", "H", "L", "H"),
    key: floats("L", "H", "L", "K"),
    value: floats("L", "H", "L", "K"),
  }),
  (value, path) => {
    const { metric } = value as HeadEdges;
    if (metric.name === "kl") return `${path}.metric is kl, which is not differentiated`;
  },
);
