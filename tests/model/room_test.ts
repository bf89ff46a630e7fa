/** Whether the weights of a model fit, once or several times. */
import { throws } from "@std/assert";
import { expectRoomForPrograms } from "../../src/model/memory.ts";
import { parseConfig } from "../../src/models/families.ts";

const MEDIUM = parseConfig({ "model_type": "gpt2", "n_embd": 1024, "n_layer": 24, "n_head": 16 }); // 1.3 GiB

Deno.test("expectRoomForPrograms() refuses one program more than 4 GiB hold, on wasm and webgpu alone", () => {
  for (const backend of ["wasm", "webgpu"] as const) {
    expectRoomForPrograms("gpt2-medium", MEDIUM, { backend }, 2);
    throws(() => expectRoomForPrograms("gpt2-medium", MEDIUM, { backend }, 3), {
      name: "RangeError",
      message: `Cannot change or patch "gpt2-medium" as 3 programs hold its weights 3 times, 4.0 GiB on ${backend}, ` +
        'and wasm can address 4.0 GiB; dispose what with() made, or use backend "native"',
    });
    throws(() => expectRoomForPrograms("gpt2-medium", MEDIUM, { backend, prepack: true }, 2), { name: "RangeError" });
  }
  expectRoomForPrograms("gpt2-medium", MEDIUM, { backend: "native" }, 100);
});
