/**
 * What the records of changed runs must look like.
 *
 * @module
 */
import type { Metric, MetricName, Patching, PatchSite } from "../../ask/patching/types.ts";
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

const site = choice<PatchSite>({ resid: true, resid_mid: true, attn_out: true, mlp_out: true, z: true });

/** What replacing parts of a run does: both texts have T tokens; K layers, N columns. */
export const patching: Check<Patching> = and(
  record<Patching>({
    clean: own(sequence, "T"),
    corrupted: own(sequence, "T"),
    at: site,
    layers: rising(list(wholeFrom(0, LARGEST.nLayer - 1), "K")),
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
