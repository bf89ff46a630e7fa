/** The package in a page: the bundle, served with and without cross-origin isolation, and models of a hub. */
import { deepEqual, equal, match, ok } from "@std/assert";
import type { Page } from "npm:playwright-core@1.65.1";
import { bundle } from "../../scripts/bundle.ts";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { cut, HubServer, repository } from "../support/hub_server.ts";
import {
  address,
  bundledFiles,
  expectSame,
  inDeno,
  inPage,
  large,
  PROMPT,
  reasonOf,
  serve,
  size,
  withPage,
  XL,
} from "./model_page.ts";

Deno.test("the package in a page", async (t) => {
  const folder = await Deno.makeTempDir();
  const browser = await launchChromium(["--host-resolver-rules=MAP insecure.test 127.0.0.1"]);
  try {
    await bundle(folder);
    const expected = await inDeno();
    const files = await bundledFiles();
    await using plain = serve(folder);
    await using isolated = serve(folder, { isolated: true });
    for (const server of [plain, isolated]) {
      const how = server === isolated ? "with" : "without";
      await t.step(
        `the bundled model beside the module, ${how} cross-origin isolation`,
        () =>
          withPage(browser, address(server), async (page) => {
            const errors: string[] = [];
            page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
            const outcome = await inPage(page, {});
            expectSame(outcome, expected);
            equal(outcome.backend, "wasm");
            equal(outcome.isolated, server === isolated);
            deepEqual(outcome.exports.toSorted(), Object.keys(await import("../../mod.ts")).toSorted());
            equal(await page.locator("form .t").count() > 5, true);
            equal(await page.locator("svg").count() > 0, true);
            deepEqual(errors, []);
          }),
      );
    }
    await t.step("a model in a directory of a web server", () =>
      withPage(browser, address(plain), async (page) => {
        expectSame(await inPage(page, { url: "./models" }), expected);
        match(await reasonOf(inPage(page, { url: "./nowhere/" })), /config\.json is missing from http:.*\/nowhere\//);
      }));
    await t.step("saliency() in int8 is refused by name", () =>
      withPage(browser, address(plain), async (page) => {
        const asked = page.evaluate(async () => {
          const path = "/looking_glass.js";
          const { LanguageModel }: typeof import("../../mod.ts") = await import(path);
          await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
          await model.saliency(model.sequence("The keys to the"), { precision: "int8" });
        });
        const reason = 'Cannot explain in int8 in a page as its weights are kept in a file; use precision: "float32"';
        ok((await reasonOf(asked)).includes(reason), await reasonOf(asked));
      }));
    // Whether a hub has an API, and whether a page is isolated, have nothing to do with each other.
    for (const [server, hasApi] of [[plain, true], [isolated, false]] as const) {
      const how = `${server === isolated ? "with" : "without"} isolation, ${hasApi ? "with" : "without"} an API`;
      await t.step(`a model of a hub is downloaded once and used offline, ${how}`, async () => {
        await using hub = new HubServer({ "owner/tiny": repository(files, { token: "hf_right" }) });
        hub.hasApi = hasApi;
        const load = { id: "owner/tiny", options: { endpoint: hub.endpoint, token: "hf_right" } };
        await withPage(browser, address(server), async (page) => {
          const first = await inPage(page, load);
          expectSame(first, expected);
          const bytes = first.progress.filter(({ task }) => task === "download").at(-1)!;
          deepEqual([bytes.completed, bytes.total], Array(2).fill(size(files, "config.json")));
          deepEqual(large(hub).filter(({ method }) => method === "GET").length, 1);
          ok(large(hub).every(({ authorization }) => authorization === null), "the token went to the CDN");
          hub.seen.length = 0;
          await page.reload();
          expectSame(await inPage(page, load), expected);
          deepEqual(hub.seen.map(({ method }) => method), hasApi ? ["GET"] : ["GET", "HEAD"]);
          deepEqual(large(hub), []);
          hub.seen.length = 0;
          const offline = { ...load, options: { ...load.options, localFilesOnly: true } };
          expectSame(await inPage(page, offline), expected);
          deepEqual(hub.seen, []);
        });
      });
    }
    await t.step(
      "a download goes on where it was cut off, and where it was stopped before the page was closed",
      async () => {
        await using hub = new HubServer({ "owner/tiny": repository(files) });
        const load = { id: "owner/tiny", options: { endpoint: hub.endpoint } };
        let cuts = 1;
        hub.intervene = async ({ path, method }, answer) => {
          if (method !== "GET" || !path.startsWith("/cdn/")) return undefined;
          if (--cuts < 0) return await cut(answer(), { pause: 40, part: 500_000 });
          return await cut(answer(), { after: 3_000_000 });
        };
        await withPage(browser, address(plain), async (page) => {
          match(await reasonOf(inPage(page, { ...load, abortAfter: 6_000_000 })), /enough/);
          match(
            await reasonOf(inPage(page, { ...load, options: { ...load.options, localFilesOnly: true } })),
            /Cannot load "owner\/tiny" offline as model\.safetensors of revision "main" is not in the cache/,
          );
          await page.reload();
          expectSame(await inPage(page, load), expected);
          const starts = large(hub).map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]));
          const [first, second, third] = starts as [number, number, number];
          equal(starts.length, 3);
          ok(first === 0 && second > 0 && second <= 3_000_000, `it went on at ${second} after a cut`);
          ok(third > 5_000_000, `it went on at ${third} after it was stopped`);
        });
      },
    );
    await t.step("damaged bytes are never used", async () => {
      await using hub = new HubServer({ "owner/tiny": repository(files) });
      const damaged = files["model.safetensors"]!.map((byte, i) => i === 5_000_000 ? byte ^ 1 : byte);
      hub.intervene = ({ path, method }) =>
        method === "GET" && path.startsWith("/cdn/") ? new Response(damaged) : undefined;
      const load = { id: "owner/tiny", options: { endpoint: hub.endpoint } };
      await withPage(browser, address(plain), async (page) => {
        match(await reasonOf(inPage(page, load)), /model\.safetensors was damaged on its way twice: its SHA-256 is/);
        hub.intervene = () => undefined;
        expectSame(await inPage(page, load), expected);
      });
    });
    await t.step(
      "a page that is not served securely runs models, and says why it cannot store them",
      () =>
        withPage(browser, `http://insecure.test:${plain.addr.port}`, async (page) => {
          equal(await page.evaluate(() => isSecureContext), false);
          expectSame(await inPage(page, {}), expected);
          const advice =
            /Cannot use the storage of this page as it is not served over https; serve it over https or from/;
          match(await reasonOf(inPage(page, { id: "gpt2", options: { endpoint: "http://127.0.0.1:9" } })), advice);
        }),
    );
    await t.step("a worker loads a model of a hub, which its page then has too", async () => {
      await using hub = new HubServer({ "owner/tiny": repository(files) });
      const load = { id: "owner/tiny", options: { endpoint: hub.endpoint } };
      await withPage(browser, address(plain), async (page) => {
        const text = await page.evaluate(async ({ prompt, endpoint }) => {
          const code = `import { LanguageModel } from "${location.origin}/looking_glass.js";
            const model = await LanguageModel.fromPretrained("owner/tiny", { backend: "wasm", endpoint: "${endpoint}" });
            postMessage((await model.generate("${prompt}", { maxNewTokens: 6 })).text);`;
          const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const worker = new Worker(url, { type: "module" });
          return await new Promise<string>((resolve, reject) => {
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = ({ message }) => reject(new Error(message));
          });
        }, { prompt: PROMPT, endpoint: hub.endpoint });
        equal(text, expected.text);
        hub.seen.length = 0;
        expectSame(await inPage(page, load), expected);
        deepEqual(large(hub), []);
      });
    });
    await t.step("a mirror that tells nothing about large files", async () => {
      await using hub = new HubServer({ "owner/tiny": repository(files) });
      hub.hasApi = false;
      hub.intervene = ({ path, method }) =>
        method === "HEAD" && path.startsWith("/cdn/") ? new Response(null, { status: 403 }) : undefined;
      const load = { id: "owner/tiny", options: { endpoint: hub.endpoint } };
      await withPage(browser, address(plain), async (page) => expectSame(await inPage(page, load), expected));
    });
    await t.step(
      "what the browser does not let a page store is refused, before it is fetched if that is known",
      async () => {
        await using hub = new HubServer({ "owner/tiny": repository(files) });
        const load = { id: "owner/tiny", options: { endpoint: hub.endpoint } };
        await withPage(browser, address(plain), async (page) => {
          const quota = { origin: address(plain), quotaSize: 3_000_000 };
          await page.evaluate(() => navigator.storage.estimate = () => Promise.resolve({ quota: 3_000_000, usage: 0 }));
          const early =
            /"owner\/tiny" as it does not fit: 12 MiB are still to be downloaded and 3 MiB are free in .*; let/;
          match(await reasonOf(inPage(page, load)), early);
          deepEqual(large(hub), []);
          await page.reload();
          const session = await page.context().newCDPSession(page);
          await session.send("Storage.overrideQuotaForOrigin", quota);
          const late =
            /as model\.safetensors does not fit: no space is left in .*; let the browser remove .*; it goes on/;
          match(await reasonOf(inPage(page, load)), late);
          await session.send("Storage.overrideQuotaForOrigin", { origin: quota.origin });
          expectSame(await inPage(page, load), expected);
        });
      },
    );
    await t.step("errors name the model, the file and the way out", async () => {
      await using hub = new HubServer({
        "owner/gated": repository(files, { token: "hf_right" }),
        "owner/xl": repository({ ...files, "config.json": XL }),
      });
      const reason = (page: Page, id: string, options = {}) =>
        reasonOf(inPage(page, { id, options: { endpoint: hub.endpoint, ...options } }));
      await withPage(browser, address(plain), async (page) => {
        match(await reason(page, "owner/typo"), /Cannot load "owner\/typo" as config\.json could not .* answered 401/);
        match(await reason(page, "owner/gated"), /the model is gated: accept its terms at http:/);
        match(
          await reason(page, "a/b/c"),
          /pass the id of a model of the hub, as in "gpt2", or the URL of a directory/,
        );
        match(await reason(page, "owner/gated", { backend: "native" }), /a page has no onnxruntime-node|is gated/);
        const xl = /its weights take 5\.8 GiB and wasm can address 4\.0 GiB; take a smaller model/;
        match(await reason(page, "owner/xl"), xl);
        match(await reason(page, "owner/gated", { endpoint: "http://127.0.0.1:9" }), /could not be fetched from http/);
        deepEqual(large(hub), []);
      });
    });
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});
