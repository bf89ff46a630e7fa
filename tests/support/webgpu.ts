/**
 * A GPU for the tests: the system's own, or Debian's in software (`mesa-vulkan-drivers`).
 *
 * @module
 */
import { installDebian } from "../../scripts/apt.ts";

/** Asked in another process, as one that has looked for an adapter does not see a driver that is installed later. */
const PROBE = "Deno.exit(await navigator.gpu?.requestAdapter() ? 0 : 1)";

async function hasAdapter(): Promise<boolean> {
  const args = ["eval", "--quiet", PROBE];
  return (await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output()).success;
}

async function findAdapter(): Promise<boolean> {
  if (await hasAdapter()) return true;
  await installDebian("mesa-vulkan-drivers");
  return await hasAdapter();
}

/**
 * Whether there is no GPU, not even in software, so that tests on WebGPU are ignored: neither does the system have a
 * driver nor can this user install one with `apt-get`.
 */
export const NO_WEBGPU: boolean = !await findAdapter();
