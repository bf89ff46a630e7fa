import { deepEqual, equal, match, ok } from "@std/assert";
import { checkSetup } from "../../mod.ts";
import { JUPYTER_DISPLAY } from "../../widgets/mod.ts";
import { judgeSetup, type SetupFacts, TESTED_DENO } from "../../guide/setup_checks.ts";

const FINE: SetupFacts = {
  deno: TESTED_DENO,
  place: "notebook",
  granted: { read: true, net: true, write: true, env: true, ffi: true },
  backend: { name: "native", reason: "it is the fastest available" },
  model: { id: "looking-glass-6m", bytes: 12e6 },
  free: 8 * 2 ** 30,
  version: "0.1.0",
};

const without = (...names: string[]) => ({
  ...FINE.granted,
  ...Object.fromEntries(names.map((name) => [name, false])),
});

const CASES: readonly (readonly [Partial<SetupFacts>, name: string, state: string, found: RegExp, advice?: RegExp])[] =
  [
    [{ deno: "2.8.1" }, "Deno", "note", /^2\.8\.1; this package is tested with /, /npx -y deno@2\.9\.5$/],
    [{ deno: "1.46.3" }, "Deno", "problem", /^1\.46\.3; this package needs Deno 2$/, /^start it with npx/],
    [{ granted: without("read") }, "Permissions", "problem", /no model can be loaded/, /deno task lab/],
    [{ granted: without("read"), place: "script" }, "Permissions", "problem", /no model/, /--allow-read$/],
    [
      { granted: without("net", "ffi") },
      "Permissions",
      "note",
      /^without --allow-net --allow-ffi: models of the hub/,
      /add/,
    ],
    [
      { granted: without("ffi"), backend: { name: "wasm", reason: "?" } },
      "Backend",
      "ok",
      /^wasm, as native needs --allow-ffi$/,
    ],
    [{ backend: { name: "wasm", reason: "no binary" } }, "Backend", "note", /^wasm: no binary$/, /slower/],
    [{ backend: { error: "Cannot load" } }, "Backend", "problem", /^Cannot load$/, /when-nothing-appears/],
    [{ model: { error: "Cannot open" } }, "Bundled model", "problem", /^Cannot open$/, /Clone/],
    [{ free: 2 ** 29 }, "Memory", "note", /^512 MiB free$/, /Enough for the bundled model/],
    [{ free: 2 ** 26 }, "Memory", "problem", /^64 MiB free$/, /Close/],
    [{ gpu: "A GPU" }, "WebGPU", "ok", /^A GPU answers; models run there with \{ backend: "webgpu" \}$/],
  ];

Deno.test("judgeSetup() finds nothing to do where all is well", () => {
  deepEqual(judgeSetup(FINE).filter(({ state, advice }) => state !== "ok" || advice !== undefined), []);
});

Deno.test("judgeSetup() says of each thing that is wrong what to do", () => {
  let judged = 0;
  for (const [facts, name, state, found, advice] of CASES) {
    const check = judgeSetup({ ...FINE, ...facts }).find((one) => one.name === name)!;
    equal(check.state, state, name);
    match(check.found, found);
    if (advice) match(check.advice!, advice);
    else equal(check.advice, undefined);
    ++judged;
  }
  equal(judged, CASES.length);
});

Deno.test("judgeSetup() does not ask a page for Deno or its permissions", () => {
  const { deno: _, ...rest } = FINE;
  const names = judgeSetup({ ...rest, place: "page", granted: without("read", "net", "write", "env", "ffi") });
  deepEqual(names.map(({ name }) => name), ["Looking Glass", "Place", "Backend", "WebGPU", "Bundled model", "Memory"]);
});

Deno.test("checkSetup() shows itself as a short table", async () => {
  const setup = await checkSetup();
  equal(setup.ok, true, setup.text);
  const bundle = setup[JUPYTER_DISPLAY]();
  match(bundle["text/html"], /^\s*<div [^]*Ready\./);
  equal(bundle["text/plain"], setup.text);
  match(Deno.inspect(setup), /^Ready\.\n✓ Looking Glass/);
  ok(setup.text.split("\n").length <= 16);
});

Deno.test("checkSetup() says what is missing where nothing is permitted", async () => {
  const module = new URL("../../mod.ts", import.meta.url).href;
  const code = `import { checkSetup } from "${module}"; console.log((await checkSetup()).text)`;
  const args = ["run", "--quiet", "--no-prompt", `data:application/typescript,${encodeURIComponent(code)}`];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
  match(
    new TextDecoder().decode(stdout),
    /✗ Permissions +files may not be read, so no model can be loaded\n +→ run it with --allow-read/,
  );
});
