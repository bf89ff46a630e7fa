/** A model in a worker of a page: the bundle, with and without cross-origin isolation, of its own origin and another. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { join } from "node:path";
import type { LanguageModel } from "../../mod.ts";
import type { Page } from "npm:playwright-core@1.65.1";
import { bundle } from "../../scripts/bundle.ts";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { HubServer, repository } from "../support/hub_server.ts";
import { address, bundledFiles, expectSame, inDeno, inPage, PROMPT, reasonOf, serve, withPage } from "./model_page.ts";

/** Resolves when the browser has told of the end of the last worker. */
async function noWorkers(page: Page): Promise<void> {
  while (page.workers().length > 0) await page.workers()[0]!.waitForEvent("close");
}

Deno.test("the package in a page, with a worker", async (t) => {
  const folder = await Deno.makeTempDir();
  const browser = await launchChromium();
  try {
    await bundle(folder);
    const expected = await inDeno();
    const worker = { worker: true };
    await using plain = serve(folder);
    await using isolated = serve(folder, { isolated: true });
    for (const server of [plain, isolated]) {
      const how = server === isolated ? "with" : "without";
      await t.step(
        `the bundled model computes in a worker, which ends with it, ${how} cross-origin isolation`,
        () =>
          withPage(browser, address(server), async (page) => {
            let started = 0;
            page.on("worker", () => ++started);
            const outcome = await inPage(page, { options: worker });
            expectSame(outcome, expected);
            deepEqual([outcome.backend, outcome.isolated], ["wasm", server === isolated]);
            ok(started > 0, "there was no worker");
            await noWorkers(page);
          }),
      );
      await t.step(`a stored model of a hub is read in the worker, ${how} cross-origin isolation`, async () => {
        await using hub = new HubServer({ "owner/tiny": repository(await bundledFiles()) });
        const load = { id: "owner/tiny", options: { endpoint: hub.endpoint } };
        await withPage(browser, address(server), async (page) => {
          const options = { ...load.options, ...worker };
          expectSame(await inPage(page, { ...load, options }), expected);
          await page.reload();
          expectSame(await inPage(page, { ...load, options: { ...options, localFilesOnly: true } }), expected);
        });
      });
    }
    await t.step(
      "the page goes on during a run, and an abort is heard in the middle of one",
      () =>
        withPage(browser, address(plain), async (page) => {
          const seen = await page.evaluate(async (prompt) => {
            const path = "/looking_glass.js";
            const { LanguageModel }: typeof import("../../mod.ts") = await import(path);
            const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm", worker: true });
            const { nPositions } = model.config;
            const sequence = model.sequence(Array.from({ length: nPositions }, (_, i) => i % 100));
            const controller = new AbortController();
            const positions = [nPositions - 1];
            // A macrotask that comes while the only run of this call is going on.
            const stopped = model.saliency(sequence, { positions, signal: controller.signal });
            setTimeout(() => controller.abort(new Error("enough")), 20);
            const reason = await stopped.then(() => "it was not stopped", String);
            let ticks = 0;
            const clock = setInterval(() => ++ticks, 1);
            await model.saliency(sequence, { positions });
            clearInterval(clock);
            const { text } = await model.generate(prompt, { maxNewTokens: 6 });
            await model.dispose();
            return { reason, ticks, text };
          }, PROMPT);
          equal(seen.reason, "Error: enough");
          ok(seen.ticks >= 5, `${seen.ticks} ticks`);
          equal(seen.text, expected.text);
        }),
    );
    await t.step(
      "a worker that fails by itself fails the calls of its model, and another model can be loaded",
      () =>
        withPage(browser, address(plain), async (page) => {
          await page.evaluate(async () => {
            const path = "/looking_glass.js";
            const { LanguageModel }: typeof import("../../mod.ts") = await import(path);
            Reflect.set(globalThis, "kept", await LanguageModel.fromPretrained(undefined, { worker: true }));
          });
          await page.workers()[0]!.evaluate(() => {
            setTimeout(() => {
              throw new Error("boom");
            });
          });
          await noWorkers(page);
          const reason = await page.evaluate(async (prompt) => {
            const model: LanguageModel = Reflect.get(globalThis, "kept");
            const reason = await model.generate(prompt).then(() => "it did not fail", String);
            await model.dispose();
            return reason;
          }, PROMPT);
          const message = "the worker that held the model has ended: Uncaught Error: boom; load the model again";
          equal(reason, `Error: Cannot run the model on wasm: ${message}`);
          expectSame(await inPage(page, { options: { worker: true } }), expected);
        }),
    );
    await t.step("a module of another origin starts its worker through one of the page's own", async () => {
      await using elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
        const body = await Deno.readFile(join(folder, new URL(request.url).pathname));
        const types: Record<string, string> = {
          js: "text/javascript",
          mjs: "text/javascript",
          wasm: "application/wasm",
        };
        const headers = {
          "access-control-allow-origin": "*",
          "content-type": types[request.url.split(".").at(-1)!] ?? "",
        };
        return new Response(body, { headers });
      });
      await withPage(browser, address(plain), async (page) => {
        const text = await page.evaluate(async ({ url, prompt }) => {
          const { LanguageModel }: typeof import("../../mod.ts") = await import(url);
          const model = await LanguageModel.fromPretrained(undefined, { backend: "wasm", worker: true });
          const { text } = await model.generate(prompt, { maxNewTokens: 6 });
          await model.dispose();
          return text;
        }, { url: `http://127.0.0.1:${elsewhere.addr.port}/looking_glass.js`, prompt: PROMPT });
        equal(text, expected.text);
      });
    });
    await t.step(
      "refusals are those of the page itself, and a worker that cannot start says so",
      () =>
        withPage(browser, address(plain), async (page) => {
          const refusal = (options: Record<string, unknown>) => reasonOf(inPage(page, { options }));
          const message = /Cannot load the native backend, which needs .*: a page has no onnxruntime-node/;
          match(await refusal({ ...worker, backend: "native" }), message);
          match(await refusal({ backend: "native" }), message);
          await noWorkers(page);
          await page.route("**/looking_glass_worker.js", (route) => route.fulfill({ status: 404 }));
          match(
            await refusal(worker),
            /Error: Cannot start a worker: its script cannot be loaded; check that http:.*looking_glass_worker\.js can/,
          );
        }),
    );
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});
