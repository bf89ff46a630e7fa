import { equal, match } from "@std/assert";
import { runCells } from "./cells.ts";

Deno.test({
  name: "the Stop button ends a long call, again and again, and the kernel keeps its variables",
  ignore: Deno.build.os === "windows",
  async fn() {
    const long = `const signal = interruptSignal();
for (;;) { signal.throwIfAborted(); await new Promise((resolve) => setTimeout(resolve, 5)); }`;
    const { alive, results } = await runCells([
      { code: `import { inKernel, interruptSignal } from "../src/runtime/kernel.ts"; let kept = 41; inKernel` },
      { code: long, stopAfter: 0.5 },
      { code: `{ ${long} }`, stopAfter: 0.5 },
      { code: "kept + 1" },
    ]);
    equal(alive, true);
    equal(results[0]?.[0]?.data?.["text/plain"], "true");
    for (const stopped of results.slice(1, 3)) match(JSON.stringify(stopped), /Interrupted by user/);
    equal(results[3]?.[0]?.data?.["text/plain"], "42");
  },
});

Deno.test("no result of 40 cells comes after the kernel says it is idle", async () => {
  const cells = Array.from({ length: 40 }, (_, i) => ({ code: `${i} * 2` }));
  const { results } = await runCells([{ code: `import "../src/runtime/kernel.ts";` }, ...cells]);
  equal(results.slice(1).map((result) => result[0]?.data?.["text/plain"]).join(), cells.map((_, i) => i * 2).join());
});
