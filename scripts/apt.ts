/**
 * What the tests need of the system, from Debian.
 *
 * @module
 */

/** Whether programs may be installed. */
export function isRoot(): boolean {
  return Deno.build.os !== "windows" && Deno.uid() === 0;
}

/** As root on Debian, installs a package; elsewhere does nothing. Whether it succeeded is for the caller to look at. */
export async function installDebian(name: string): Promise<void> {
  if (Deno.build.os !== "linux" || !isRoot()) return;
  const patient = ["-q", "-o", "DPkg::Lock::Timeout=300"]; // another test may be installing
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", name]]) {
    try {
      await new Deno.Command("apt-get", { args: [...patient, ...args], stdout: "null", stderr: "null" }).output();
    } catch { // there is no apt-get
      return;
    }
  }
}
