import { equal, ok } from "@std/assert";
import { makePageCode, PAGE_CODE } from "../../scripts/live.ts";

Deno.test("src/live/page_code.json is made of the sources as they are; deno task live:generate makes it anew", async () => {
  const text = await Deno.readTextFile(PAGE_CODE);
  ok(await makePageCode() === text, "the sources have changed since");
  const code: string = JSON.parse(text);
  const page = (0, eval)(code);
  equal(Object.keys(page).sort().join(), "liveView,mountView");
  ok(code.length < 16_000, `${code.length} characters in every live output`);
});
