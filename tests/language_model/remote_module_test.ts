import { equal, match, ok } from "@std/assert";

/** Serves the package as a web server would. */
function servePackage(): Deno.HttpServer<Deno.NetAddr> {
  const root = new URL("../../", import.meta.url);
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname.slice(1);
    const body = await Deno.readFile(new URL(path, root)).catch(() => undefined);
    if (!body) return new Response("Not found", { status: 404 });
    const type = path.endsWith(".ts") ? "application/typescript" : "application/octet-stream";
    return new Response(body, { headers: { "content-type": type } });
  });
}

for (const [backend, worker] of [["wasm", false], ["native", false], ["wasm", true], ["native", true]] as const) {
  const how = `on ${backend}${worker ? " in a worker" : ""}`;
  Deno.test(`mod.ts can be imported from the web, and finds the bundled model beside it, ${how}`, async () => {
    await using server = servePackage();
    const directory = await Deno.makeTempDir();
    try {
      const script = `${directory}/script.ts`;
      await Deno.writeTextFile(
        script,
        `import { LanguageModel, tokensView } from "http://127.0.0.1:${server.addr.port}/mod.ts";
         await using model = await LanguageModel.fromPretrained(undefined, { backend: "${backend}", worker: ${worker} });
         const sequence = await model.generate("The keys to the", { maxNewTokens: 2 });
         console.log(model.backend, sequence.tokens.length, tokensView(sequence).html.length > 100);`,
      );
      const args = ["run", "-A", "--quiet", "--no-config", script];
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: directory }).output();
      ok(success, new TextDecoder().decode(stderr));
      match(new TextDecoder().decode(stdout), new RegExp(`^${backend} \\d+ true`));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("mod.ts runs on wasm with --allow-read alone, and auto says why it did not take native", async () => {
  const root = new URL("../../", import.meta.url);
  const code = `import { LanguageModel } from "${new URL("mod.ts", root)}";
    const model = await LanguageModel.fromPretrained();
    await model.generate("One", { maxNewTokens: 1 });
    console.log(JSON.stringify([model.backend, model.backendReason]));`;
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(script, code);
    const args = ["run", "--allow-read", "--no-prompt", "--quiet", script];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
    ok(success, new TextDecoder().decode(stderr));
    const [backend, reason] = JSON.parse(new TextDecoder().decode(stdout));
    equal(backend, "wasm");
    match(reason, /^native is not available: .*--allow-ffi/);
  } finally {
    await Deno.remove(script);
  }
});
