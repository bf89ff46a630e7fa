import { equal, ok } from "@std/assert";

Deno.test("the memory of onnxruntime-web never grows, as a sleeping thread would not learn of it", async () => {
  const code = `
    const { grow } = WebAssembly.Memory.prototype;
    const own = WebAssembly.Memory;
    let grown = 0;
    WebAssembly.Memory.prototype.grow = function (pages) {
      ++grown;
      return grow.call(this, pages);
    };
    const { LanguageModel } = await import("${new URL("../../../mod.ts", import.meta.url)}");
    await using model = await LanguageModel.fromPretrained(undefined, { backend: "wasm" });
    const sequence = await model.generate("One, two,", { maxNewTokens: 8 });
    await model.saliency(sequence);
    console.log(JSON.stringify({ grown, restored: WebAssembly.Memory === own }));`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  ok(success, new TextDecoder().decode(stderr));
  const { grown, restored } = JSON.parse(new TextDecoder().decode(stdout));
  equal(grown, 0);
  ok(restored, "WebAssembly.Memory was left replaced");
});
