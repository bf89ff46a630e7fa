import { equal, ok } from "@std/assert";
import { HEADS_CODE, makeHeadsCode } from "../../../scripts/heads.ts";

Deno.test("open_heads.json is what its source makes, and small", async () => {
  const text = await Deno.readTextFile(HEADS_CODE);
  ok(text === await makeHeadsCode(), "open_heads.json is old; run deno task heads:generate");
  const code: string = JSON.parse(text);
  ok(code.length < 4200, `${code.length} characters`);
  equal(/<\/script|<!--|\bimport\b/i.exec(code), null);
});
