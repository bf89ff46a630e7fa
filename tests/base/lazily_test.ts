import { deepEqual, equal } from "@std/assert";
import { lazily } from "../../src/base/lazily.ts";

Deno.test("lazily() makes a thing when it is first needed, and once, whatever it is", () => {
  for (const thing of [{}, undefined, 0]) {
    const made: number[] = [];
    const it = lazily(() => {
      made.push(1);
      return thing;
    });
    deepEqual(made, []);
    equal(it(), thing);
    equal(it(), thing);
    deepEqual(made, [1]);
  }
});
