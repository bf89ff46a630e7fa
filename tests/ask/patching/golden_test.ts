import { deepEqual, equal, ok } from "@std/assert";
import type { MetricName, PatchSite } from "../../../mod.ts";
import { maxAbsDifference } from "../../support/goldens.ts";
import { counted } from "../../support/counted.ts";
import { openPatching, PATCHED_NAMES } from "../../support/patching.ts";

const SITES = ["resid", "resid_mid", "attn_out", "mlp_out", "z"] as const satisfies readonly PatchSite[];
const METRICS = ["logitDifference", "logit", "logProb", "probability", "kl"] as const satisfies readonly MetricName[];
/** Of the greatest number of an array, or of 1 where that is more. PyTorch in float32 is up to 1.6e-6 off. */
const BOUND = 1e-5;

/** Of what native computes wasm takes every second pair: the graph is the same, and each operator is in these too. */
const isTaken = (backend: string, site: number, metric: number) => backend === "native" || (site + metric) % 2 === 0;

const CASES = PATCHED_NAMES.flatMap((name) => (["native", "wasm"] as const).map((backend) => ({ name, backend })));

/** The words that a metric takes. */
function wordsOf(metric: MetricName, { target, contrast }: { target: number; contrast: number }) {
  if (metric === "kl") return {};
  return metric === "logitDifference" ? { target, contrast } : { target };
}

for (const { name, backend } of counted(CASES, 10)) {
  Deno.test(`patch() on ${backend} equals a run of PyTorch for each part, and its estimate autograd, on ${name}`, async () => {
    await using opened = await openPatching(name, { backend });
    const { model, clean, corrupted, texts, words } = opened;
    let compared = 0;
    const close = async (actual: Float32Array, shape: readonly number[], key: string) => {
      const golden = await opened.array(key);
      deepEqual(shape, golden.shape);
      const scale = key.startsWith("values") ? 1 : 0;
      const greatest = Math.max(scale, ...golden.data.map(Math.abs));
      const difference = maxAbsDifference(actual, golden.data);
      ok(difference <= BOUND * greatest, `${key}: ${difference} > ${BOUND} x ${greatest}`);
      ++compared;
    };
    for (const [i, at] of SITES.entries()) {
      for (const [j, metric] of METRICS.entries()) {
        if (!isTaken(backend, i, j)) continue;
        const method = metric === "kl" ? "exact" : "both";
        const found = await model.patch(clean, corrupted, { at, metric, method, ...wordsOf(metric, words) });
        await close(found.values!.data, found.values!.shape, `values/${at}/${metric}`);
        if (metric !== "kl") {
          await close(found.estimate!.data, found.estimate!.shape, `estimate/${at}/${metric}`);
        }
        const [cleanValue, corruptedValue] = texts.metrics[metric]!;
        ok(Math.abs(found.cleanValue - cleanValue) <= BOUND * Math.max(1, Math.abs(cleanValue)));
        ok(Math.abs(found.corruptedValue - corruptedValue) <= BOUND * Math.max(1, Math.abs(corruptedValue)));
        deepEqual([found.at, found.metric.name, found.clean, found.corrupted], [at, metric, clean, corrupted]);
        equal(found.columns, at === "z" ? "heads" : "positions");
      }
    }
    equal(compared, backend === "native" ? 45 : 23);
  });

  Deno.test(`importance() on ${backend} equals activations times gradients of PyTorch on ${name}`, async () => {
    await using opened = await openPatching(name, { backend });
    const { model, clean, texts, words } = opened;
    let compared = 0;
    for (const [i, at] of ([...SITES, "neurons"] as const).entries()) {
      for (const [j, metric] of METRICS.entries()) {
        if (metric === "kl" || !isTaken(backend, i, j)) continue;
        const { scores, value, columns } = await model.importance(clean, { at, metric, ...wordsOf(metric, words) });
        const golden = await opened.array(`importance/${at}/${metric}`);
        deepEqual(scores.shape, golden.shape);
        const greatest = Math.max(...golden.data.map(Math.abs));
        const difference = maxAbsDifference(scores.data, golden.data);
        ok(difference <= BOUND * greatest, `${at} ${metric}: ${difference} > ${BOUND} x ${greatest}`);
        ok(Math.abs(value - texts.metrics[metric]![0]) <= BOUND * Math.max(1, Math.abs(value)));
        equal(columns, at === "z" ? "heads" : at === "neurons" ? "neurons" : "positions");
        ++compared;
      }
    }
    equal(compared, backend === "native" ? 24 : 12);
  });
}
