/**
 * What the records of changed runs must look like.
 *
 * @module
 */
import type { Importance, ImportanceSite, Metric, MetricName, Patching, PatchSite } from "../../ask/patching/types.ts";
import { LARGEST } from "../../models/config.ts";
import { and, type Check, choice, floats, list, number, own, record, rising, wholeFrom } from "./checks.ts";
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

const SITES = { resid: true, resid_mid: true, attn_out: true, mlp_out: true, z: true } as const;
const site = choice<PatchSite>(SITES);
const layers = rising(list(wholeFrom(0, LARGEST.nLayer - 1), "K"));

/** What replacing parts of a run does: both texts have T tokens; K layers, N columns. */
export const patching: Check<Patching> = and(
  record<Patching>({
    clean: own(sequence, "T"),
    corrupted: own(sequence, "T"),
    at: site,
    layers,
    columns: choice<Patching["columns"]>({ positions: true, heads: true }),
    indices: rising(list(wholeFrom(0), "N")),
    metric,
    cleanValue: number,
    corruptedValue: number,
  }, { values: floats("K", "N"), estimate: floats("K", "N") }),
  (value, path) => {
    const { corrupted, at, columns, indices, metric, values, estimate } = value as Patching;
    const last = indices.at(-1) ?? 0;
    if (columns === "positions" && indices.length > 0 && last >= corrupted.tokenIds.length) {
      return `${path}.indices has position ${last}, and T is ${corrupted.tokenIds.length}`;
    }
    if (columns === "heads" && at !== "z") return `${path}.columns are heads, and ${path}.at is ${at}, not z`;
    if (values === undefined && estimate === undefined) return `${path} has neither values nor an estimate`;
    if (metric.name === "kl" && estimate !== undefined) return `${path} has an estimate of kl, which there is not`;
  },
);

/** How much parts matter: K layers, N columns. */
export const importance: Check<Importance> = and(
  record<Importance>({
    sequence: own(sequence, "T"),
    at: choice<ImportanceSite>({ ...SITES, neurons: true }),
    layers,
    columns: choice<Importance["columns"]>({ heads: true, neurons: true, positions: true }),
    metric,
    value: number,
    scores: floats("K", "N"),
  }),
  (value, path) => {
    const { at, columns, sequence, scores, metric } = value as Importance;
    const wanted = at === "z" ? "heads" : at === "neurons" ? "neurons" : "positions";
    if (columns !== wanted) return `${path}.columns are ${columns}, and those of ${at} are ${wanted}`;
    if (metric.name === "kl") return `${path}.metric is kl, which is not differentiated`;
    const [, count] = scores.shape;
    const T = sequence.tokenIds.length;
    if (columns === "positions" && count !== T) return `${path}.scores have ${count} positions, and T is ${T}`;
  },
);
