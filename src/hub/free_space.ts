/**
 * How many bytes may still be written to the disk of a folder; undefined where that is not known, or may not be asked
 * for (`--allow-sys=statfs`). Nobody is asked.
 */
export async function freeBytes(folder: string): Promise<number | undefined> {
  // Deno knows the permission by this name; its types do not yet.
  const permission = { name: "sys", kind: "statfs" as "loadavg" } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return undefined;
  try {
    const { statfs } = await import("node:fs/promises");
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch { // not known to the system: writing will tell
    return undefined;
  }
}
