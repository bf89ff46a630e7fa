/** The package in a page on WebGPU, which SwiftShader computes on the CPU: no GPU is needed. */
import { deepEqual, equal, match, ok } from "@std/assert";
import { join } from "node:path";
import type { Browser, Page } from "npm:playwright-core@1.65.1";
import { bundle } from "../../scripts/bundle.ts";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { checkpointCopy } from "../support/goldens.ts";
import { address, expectSame, inDeno, inPage, reasonOf, serve, withPage } from "./model_page.ts";

const SWIFTSHADER = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Its tokenizer has no blank; SwiftShader compiles a program for each length, so few tokens are written. */
const TINY = { url: "./tiny/", prompt: "Keys", tokens: 2 };
const WEBGPU = { backend: "webgpu" };

/** What a page may use of the GPU, so that tests can break it. */
interface GpuWindow {
  readonly GPUAdapter: { readonly prototype: { requestDevice(options?: unknown): Promise<GPUDevice> } };
  readonly GPUBuffer: { readonly prototype: Pick<GPUBuffer, "getMappedRange" | "mapAsync"> };
}

/** The bundle with a tiny model beside it, and what Deno computes. */
async function prepare(folder: string) {
  await bundle(folder);
  await using copy = await checkpointCopy("f32");
  await Deno.mkdir(join(folder, "tiny"));
  for await (const { name } of Deno.readDir(copy.directory)) {
    await Deno.copyFile(join(copy.directory, name), join(folder, "tiny", name));
  }
  return await inDeno(copy.directory, TINY);
}

async function withBrowser(flags: readonly string[], use: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await launchChromium(flags);
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

/** Lets everything that is read from the GPU be NaN. */
const damageGpu = (page: Page) =>
  page.evaluate(() => {
    const { prototype } = (globalThis as unknown as GpuWindow).GPUBuffer;
    const { getMappedRange } = prototype;
    prototype.getMappedRange = function (this: GPUBuffer, ...range) {
      const bytes = getMappedRange.apply(this, range);
      if (this.usage & 1) new Float32Array(bytes).fill(NaN); // mapped for reading
      return bytes;
    };
  });

/** Loads the tiny model, loses the GPU while it writes, and tells what the calls after that say. */
const loseGpu = (page: Page) =>
  page.evaluate(async ({ url, prompt }) => {
    const { prototype } = (globalThis as unknown as GpuWindow).GPUAdapter;
    const { requestDevice } = prototype;
    const devices: GPUDevice[] = [];
    prototype.requestDevice = async function (...options) {
      const device = await requestDevice.apply(this, options);
      devices.push(device);
      return device;
    };
    const path = "/looking_glass.js";
    const { LanguageModel }: typeof import("../../mod.ts") = await import(path);
    const model = await LanguageModel.fromPretrained(new URL(url, location.href), { backend: "webgpu" });
    const said: string[] = [];
    const tell = (call: Promise<unknown>) => call.then(() => "it did not fail", String).then((one) => said.push(one));
    const running = tell(model.generate(prompt, { maxNewTokens: 20 }));
    setTimeout(() => devices.forEach((device) => device.destroy()), 20);
    await running;
    await tell(model.saliency(model.sequence(prompt)));
    await tell(LanguageModel.fromPretrained(new URL(url, location.href), { backend: "webgpu" }));
    await tell(model.dispose());
    return said;
  }, TINY);

/** Lets the page itself, but not its workers, have no GPU. */
const forbidGpu = (page: Page) =>
  page.evaluate(() => {
    Reflect.get(globalThis, "GPU").prototype.requestAdapter = () => Promise.reject(new Error("not in the page"));
  });

/** Runs in a worker first: its GPU is lost when the page says so. */
function loseOnMessage(): void {
  const { prototype } = (globalThis as unknown as GpuWindow).GPUAdapter;
  const { requestDevice } = prototype;
  prototype.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    const channel = new BroadcastChannel("lose");
    channel.onmessage = async ({ data }) => {
      if (data !== "now") return;
      device.destroy();
      await device.lost;
      channel.postMessage("lost");
    };
    return device;
  };
}

/** Computes with a model in a worker, loses its GPU, and tells what the calls after that say. */
const loseWorkerGpu = (page: Page) =>
  page.evaluate(async ({ url, prompt, tokens }) => {
    const path = "/looking_glass.js";
    const { LanguageModel }: typeof import("../../mod.ts") = await import(path);
    const load = () => {
      return LanguageModel.fromPretrained(new URL(url, location.href), { backend: "webgpu", worker: true });
    };
    const tell = (call: Promise<unknown>) => call.then(() => "it did not fail", String);
    const model = await load();
    const sequence = await model.generate(prompt, { maxNewTokens: tokens });
    const { scores } = await model.saliency(sequence);
    const logProbs: number[] = [];
    for await (const { logProb } of model.steps(prompt, { maxNewTokens: tokens / 2 })) logProbs.push(logProb);
    const channel = new BroadcastChannel("lose");
    const lost = new Promise((resolve) => channel.onmessage = resolve);
    channel.postMessage("now");
    await lost;
    const first = await tell(model.generate(prompt, { maxNewTokens: tokens }));
    const second = await tell(model.saliency(sequence));
    const other = await tell(load().then((another) => another.dispose())); // which a model is tried on when it is loaded
    const said = [first, second, other, await tell(model.dispose())];
    return { text: sequence.text, scores: [...scores.data], logProbs, backend: model.backend, said };
  }, TINY);

/** Runs in the page or first in a worker: when it is told so, the next thing that is to be read from the GPU is not. */
function failOnMessage(): void {
  const { prototype } = (globalThis as unknown as GpuWindow).GPUBuffer;
  const { mapAsync } = prototype;
  let failing = false;
  prototype.mapAsync = function (this: GPUBuffer, ...range) {
    if (!failing) return mapAsync.apply(this, range);
    failing = false;
    return Promise.reject(new DOMException("no memory", "OperationError"));
  };
  const channel = new BroadcastChannel("fail");
  channel.onmessage = ({ data }) => {
    if (data !== "now") return;
    failing = true;
    channel.postMessage("ready");
  };
}

/** Runs first in a worker: its WebAssembly cannot be suspended, as that of some browsers. */
function removeJspi(): void {
  Reflect.deleteProperty(WebAssembly, "Suspending");
}

/** Writes, fails to, and writes again with the same model and with another, and tells what the calls say. */
const failToRead = (page: Page, worker: boolean) =>
  page.evaluate(async ({ url, prompt, tokens, worker }) => {
    const path = "/looking_glass.js";
    const { LanguageModel }: typeof import("../../mod.ts") = await import(path);
    const load = () => LanguageModel.fromPretrained(new URL(url, location.href), { backend: "webgpu", worker });
    const model = await load();
    const write = (one = model) => one.generate(prompt, { maxNewTokens: tokens }).then(({ text }) => text, String);
    const before = await write();
    const channel = new BroadcastChannel("fail");
    const ready = new Promise((resolve) => channel.onmessage = resolve);
    channel.postMessage("now");
    await ready;
    const [failed, after] = [await write(), await write()];
    await model.dispose();
    const another = await load();
    const reloaded = await write(another);
    await another.dispose();
    return { before, failed, after, reloaded };
  }, { ...TINY, worker });

Deno.test("the package in a page on WebGPU", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const expected = await prepare(folder);
    await using plain = serve(folder);
    await using isolated = serve(folder, { isolated: true });
    await withBrowser(SWIFTSHADER, async (browser) => {
      await t.step(
        "a tiny model writes and explains as wasm and Deno do, with cross-origin isolation",
        () =>
          withPage(browser, address(isolated), async (page) => {
            const wasm = await inPage(page, TINY);
            const webgpu = await inPage(page, { ...TINY, options: WEBGPU });
            deepEqual([wasm.backend, webgpu.backend], ["wasm", "webgpu"]);
            equal(webgpu.isolated, true);
            expectSame(webgpu, wasm);
            expectSame(webgpu, expected);
            ok(webgpu.scores.some((score, i) => score !== wasm.scores[i]), "the same backend ran twice");
            equal(await page.locator("form .t").count() > 5, true); // the tokens of the view
          }),
      );
      await t.step("refuses a GPU that gives NaN", () =>
        withPage(browser, address(plain), async (page) => {
          await damageGpu(page);
          match(
            await reasonOf(inPage(page, { ...TINY, options: WEBGPU })),
            /Cannot trust this system's WebGPU: .*; use backend "wasm", or another driver/,
          );
          expectSame(await inPage(page, TINY), expected);
        }));
      await t.step(
        "says that the GPU was lost",
        () =>
          withPage(browser, address(plain), async (page) => {
            const lost =
              "the GPU was lost (Device was destroyed); dispose all models that are on webgpu, then load again";
            const run = `Error: Cannot run the model on webgpu: ${lost}`;
            const needs = "onnxruntime-web and a GPU that WebGPU can use";
            const load = `Error: Cannot load the webgpu backend, which needs ${needs}: ${lost}`;
            deepEqual(await loseGpu(page), [run, run, load, "it did not fail"]);
          }),
      );
      await t.step(
        "a model computes in a worker, says that its GPU was lost, and ends with it; another model gets another",
        () =>
          withPage(browser, address(plain), async (page) => {
            let started = 0;
            page.on("worker", () => ++started);
            await page.route("**/looking_glass_worker.js", async (route) => {
              const response = await route.fetch();
              await route.fulfill({ response, body: `(${loseOnMessage})();${await response.text()}` });
            });
            await forbidGpu(page);
            const { said, ...webgpu } = await loseWorkerGpu(page);
            equal(webgpu.backend, "webgpu");
            expectSame(webgpu, expected);
            ok(webgpu.scores.some((score, i) => score !== expected.scores[i]), "it ran on wasm");
            const lost =
              "the GPU was lost (Device was destroyed); dispose all models that are on webgpu, then load again";
            const run = `Error: Cannot run the model on webgpu: ${lost}`;
            deepEqual(said, [run, run, "it did not fail", "it did not fail"]);
            ok(started > 0, "there was no worker");
            while (page.workers().length > 0) await page.workers()[0]!.waitForEvent("close");
          }),
      );
      for (const jspi of [true, false]) {
        const worker = !jspi; // each is slow, so not all of the four
        const name = jspi ? "computes on after a run that failed" : "refuses after a run that failed, without JSPI";
        await t.step(
          `${name}${worker ? ", in a worker" : ""}`,
          () =>
            withPage(browser, address(plain), async (page) => {
              await page.route("**/looking_glass_worker.js", async (route) => {
                const response = await route.fetch();
                const first = `(${removeJspi})();(${failOnMessage})();`;
                await route.fulfill({ response, body: `${first}${await response.text()}` });
              });
              if (!worker) await page.evaluate(failOnMessage);
              const { failed, after, ...others } = await failToRead(page, worker);
              deepEqual(others, { before: expected.text, reloaded: expected.text });
              match(failed, /^Error: Cannot run the model on webgpu: failed to call OrtRun\(\).*Failed to download/s);
              if (jspi) equal(after, expected.text);
              else match(after, /: an earlier run failed inside of ONNX Runtime, .*; dispose this model and load it /);
            }),
        );
      }
    });
    await withBrowser([], async (browser) => {
      await t.step("says that a browser has no WebGPU", () =>
        withPage(browser, address(plain), async (page) => {
          match(
            await reasonOf(inPage(page, { options: WEBGPU })),
            /Cannot load the webgpu backend, which needs onnxruntime-web and a GPU that WebGPU can use: .*; use a browser that has WebGPU, or backend "wasm"/,
          );
        }));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
