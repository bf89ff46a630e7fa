/** The package in a page on WebGPU, which SwiftShader computes on the CPU where there is no GPU. */
import { equal } from "@std/assert";
import { bundle } from "../../scripts/bundle.ts";
import { launchChromium } from "../../scripts/notebooks/chromium.ts";
import { address, expectSame, inDeno, inPage, serve, withPage } from "./model_page.ts";

const FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

Deno.test("the package in a page on WebGPU", async (t) => {
  const folder = await Deno.makeTempDir();
  const browser = await launchChromium(FLAGS);
  try {
    await bundle(folder);
    const expected = await inDeno();
    for (const isolated of [false, true]) {
      await t.step(
        `writes and explains as in Deno, ${isolated ? "with" : "without"} cross-origin isolation`,
        async () => {
          await using server = serve(folder, { isolated });
          await withPage(browser, address(server), async (page) => {
            const outcome = await inPage(page, { options: { backend: "webgpu" } });
            equal(outcome.backend, "webgpu");
            equal(outcome.isolated, isolated);
            expectSame(outcome, expected);
            equal(await page.locator("form .t").count() > 5, true);
          });
        },
      );
    }
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});
