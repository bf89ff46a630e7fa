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
  for (const args of [["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", name]]) {
    const apt = new Deno.Command("apt-get", { args, stdout: "null", stderr: "null" });
    await apt.output().catch(() => undefined);
  }
}
