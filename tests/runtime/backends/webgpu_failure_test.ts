import { deepEqual, match, ok } from "@std/assert";
import { fileURLToPath } from "node:url";
import { NO_WEBGPU } from "../../support/webgpu.ts";

/** How long a process may take; one that hangs is ended. */
const MOST_MS = 90_000;

/** What each call of `fail_in_kernel.ts` says. */
type Said = Readonly<Record<string, string>>;

/** Runs it in a process of its own. */
async function fail({ flags = [], args = [] }: { flags?: readonly string[]; args?: readonly string[] }): Promise<Said> {
  const script = fileURLToPath(new URL("../../support/fail_in_kernel.ts", import.meta.url));
  const { stdout, stderr, success, signal } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...flags, script, ...args],
    signal: AbortSignal.timeout(MOST_MS),
  }).output();
  ok(success, signal ? `it hangs after so many seconds: ${MOST_MS / 1000}` : new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

const NOTHING = "0,0";
const THROWN = /^Cannot run the model on webgpu: failed to call OrtRun\(\).*cannot be reshaped/s;
const UNREAD = /^Cannot run the model on webgpu: failed to call OrtRun\(\).*Failed to download data from buffer/s;

for (const args of [[], ["--worker"]]) {
  const where = args.length > 0 ? ", in a worker" : "";
  Deno.test({
    name: `Session.run() on webgpu computes as before after a run in which a kernel failed${where}`,
    ignore: NO_WEBGPU,
    fn: async () => {
      const { failed, unread, ...others } = await fail({ args });
      match(failed!, THROWN);
      if (!where) match(unread!, UNREAD);
      const [before, after, other, reloaded, readAgain, last] = Array<string>(6).fill(NOTHING);
      deepEqual(others, { before, after, other, reloaded, readAgain, last });
    },
  });
}

Deno.test({
  name: "Session.run() on webgpu refuses at once after a kernel has failed where WebAssembly cannot be suspended, " +
    "says why and what to do, and other sessions go on",
  ignore: NO_WEBGPU,
  fn: async () => {
    const preload = fileURLToPath(new URL("../../support/no_jspi.ts", import.meta.url));
    const { failed, after, unread, readAgain, ...others } = await fail({ flags: [`--preload=${preload}`] });
    match(failed!, THROWN);
    match(unread!, UNREAD);
    const refused = /^Cannot run the model on webgpu: an earlier run failed inside of ONNX Runtime, which is locked /;
    const advice = /; dispose this model and load it again; other models go on$/;
    for (const refusal of [after!, readAgain!]) for (const part of [refused, advice]) match(refusal, part);
    match(after!, /since then \(failed to call OrtRun\(\).*cannot be reshaped/);
    match(readAgain!, /since then \(failed to call OrtRun\(\).*Failed to download data from buffer/);
    const [before, other, reloaded, last] = Array<string>(4).fill(NOTHING);
    deepEqual(others, { before, other, reloaded, last });
  },
});
