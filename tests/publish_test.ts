import { equal, ok } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

Deno.test("deno publish would send the module, the bundled models and nothing of the tests", async () => {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  ok(success, said);
  const files = Array.from(said.matchAll(/(file:\/\/\S+) \(/g), ([, url = ""]) => url.slice(ROOT.href.length));
  for (
    const name of [
      "mod.ts",
      "models/model.safetensors",
      "models/tokenizer.json",
      "models/dates/model.safetensors",
      "models/music/model.safetensors",
      "widgets/mod.ts",
      "README.md",
    ]
  ) {
    ok(files.includes(name), `${name} is not sent: ${files.join(", ")}`);
  }
  equal(files.filter((name) => /^(tests|bench|scripts|notebooks|\.)/.test(name)).join(), "");
});
