import { equal, ok } from "@std/assert";
import { makeUiCode, UI_CODE } from "../../../scripts/explorer/generate.ts";

Deno.test("ui_code.json is what the sources of the explorer's screen make, and fits a cell", async () => {
  const text = await Deno.readTextFile(UI_CODE);
  ok(text === await makeUiCode(), "ui_code.json is old; run deno task explorer:generate");
  const code: string = JSON.parse(text);
  ok(code.length < 100_000, `${code.length} characters`);
  equal(/<\/script|<!--|^import|\bimport\(/im.exec(code), null);
});
