/** A factorisation in a page: threads share it where the page is isolated, and it is the same where it is not. */
import { deepEqual, equal, ok } from "@std/assert";
import { join } from "node:path";
import type { Page } from "npm:playwright-core@1.65.1";
import { neuronFactors } from "../../src/analysis/mod.ts";
import { bundleModule } from "../../scripts/bundle.ts";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { sequenceOfIds } from "../analysis/analysis_goldens.ts";
import { address, serve, withPage } from "./model_page.ts";

const [TOKENS, WIDTH] = [64, 8192];
const OPTIONS = { factors: 8, maxIterations: 5000, tolerance: 0.02, progress: false };

/** Factors the same activations in a page of so many processors. */
async function factored(page: Page) {
  return await page.evaluate(async ({ tokens, width, options }) => {
    Object.defineProperty(navigator, "hardwareConcurrency", { value: 3 });
    const path = "/analysis.js";
    const { neuronFactors }: typeof import("../../src/analysis/mod.ts") = await import(path);
    const data = Float32Array.from({ length: tokens * width }, (_, i) => (i * 7919) % 1013 - 500);
    const sequence = JSON.parse(JSON.stringify({ tokenIds: Array(tokens).fill(1), tokens: [], text: "" }));
    const trace = { sequence, activations: { data, shape: [1, tokens, width] } };
    let turns = 0;
    const timer = setInterval(() => ++turns, 0);
    const found = await neuronFactors(trace, options);
    clearInterval(timer);
    const { error, iterations, activity, neurons } = found;
    return { error, iterations, turns, numbers: [...activity.data, ...neurons.data], isolated: crossOriginIsolated };
  }, { tokens: TOKENS, width: WIDTH, options: OPTIONS });
}

Deno.test("neuronFactors() in a page gives the same bits with threads, which end with it, as without", async () => {
  const folder = await Deno.makeTempDir();
  const browser = await launchChromium();
  try {
    await bundleModule("src/analysis/mod.ts", join(folder, "analysis.js"), new Map());
    const found: Awaited<ReturnType<typeof factored>>[] = [];
    for (const isolated of [false, true]) {
      await using server = serve(folder, { isolated });
      await withPage(browser, address(server), async (page) => {
        let started = 0;
        page.on("worker", () => ++started);
        const outcome = await factored(page);
        equal(outcome.isolated, isolated);
        equal(started, isolated ? 2 : 0);
        ok(outcome.turns >= 2, `${outcome.turns} turns`);
        while (page.workers().length > 0) await page.workers()[0]!.waitForEvent("close");
        found.push(outcome);
      });
    }
    const [alone, shared] = found as [typeof found[0], typeof found[0]];
    deepEqual(shared.numbers, alone.numbers);
    deepEqual([shared.error, shared.iterations], [alone.error, alone.iterations]);

    const data = Float32Array.from({ length: TOKENS * WIDTH }, (_, i) => (i * 7919) % 1013 - 500);
    const sequence = sequenceOfIds(Array(TOKENS).fill(1));
    const here = await neuronFactors({ sequence, activations: { data, shape: [1, TOKENS, WIDTH] } }, OPTIONS);
    ok(Math.abs(here.error / alone.error - 1) < 1e-9, `${alone.error} in the page, ${here.error} under Deno`);
    equal(here.iterations, alone.iterations);
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});
