/**
 * The pages of files that ONNX Runtime has mapped. What was read stays resident until the system needs the memory.
 *
 * @module
 */

/** Pages that can be let go of. */
export interface MappedPages {
  /**
   * Lets go of what is resident of files, by their paths; what is read again comes from the system's cache of them. What
   * was written to would be lost, and stays: each mapping is looked at once, as ONNX Runtime writes while it makes a
   * session, if ever, and looking takes longer than letting go.
   */
  release(files: ReadonlySet<string>): void;
}

const MAPS = "/proc/self/maps";
const DETAILS = "/proc/self/smaps";

/** A mapped file: its first address, the one behind it, its path. */
const MAPPED = /^([0-9a-f]+)-([0-9a-f]+) \S{4} \S+ \S+ \S+ +(\/.*)$/gm;

/** The same where nobody wrote to it, neither in memory nor in swap. */
const UNWRITTEN = new RegExp(
  /^([0-9a-f]+)-([0-9a-f]+) \S{4} \S+ \S+ \S+ +(\/.*)\n/.source +
    /(?:[A-Z].*\n)*?Anonymous: +0 kB\n(?:[A-Z].*\n)*?Swap: +0 kB$/.source,
  "gm",
);
const DONT_NEED = 4;

/**
 * The pages of this process; undefined where the system is not Linux with glibc, or where the program may not look at
 * them, which is not asked for.
 */
export function openMappedPages(): MappedPages | undefined {
  if (Deno.build.os !== "linux" || !mayLook()) return undefined;
  try {
    const { symbols } = Deno.dlopen("libc.so.6", {
      "madvise": { parameters: ["usize", "usize", "i32"], result: "i32" },
    });
    const letGo = ([, start, end]: Mapping) => {
      const from = BigInt(`0x${start}`);
      symbols["madvise"](from, BigInt(`0x${end}`) - from, DONT_NEED);
    };
    return new Mappings(letGo);
  } catch {
    return undefined;
  }
}

/** Whether the program may look at its mappings. Nobody is asked: in a terminal Deno would stop and wait for an answer. */
function mayLook(): boolean {
  const needs = [{ name: "ffi" }, { name: "read", path: MAPS }, { name: "read", path: DETAILS }] as const;
  if (needs.some((one) => Deno.permissions.querySync(one).state !== "granted")) return false;
  try {
    Deno.statSync(DETAILS); // Deno shows it only to those who may do everything
    return true;
  } catch {
    return false;
  }
}

/** Address, address behind, path, after the whole line. */
type Mapping = RegExpExecArray;

/** Knows which mappings were written to. */
class Mappings implements MappedPages {
  readonly #letGo: (mapping: Mapping) => void;
  #written = new Map<string, boolean>();

  constructor(letGo: (mapping: Mapping) => void) {
    this.#letGo = letGo;
  }

  release(files: ReadonlySet<string>): void {
    if (!mayLook()) return; // any permission may have been given up since, and the error of a timer would end the program
    const ours = (text: string, mapped: RegExp) => [...text.matchAll(mapped)].filter((one) => files.has(one[3]!));
    const found = ours(Deno.readTextFileSync(MAPS), MAPPED);
    const key = ([, start, end, path]: Mapping) => `${start}-${end} ${path}`;
    const known = this.#written;
    if (found.some((mapping) => !known.has(key(mapping)))) {
      const clean = new Set(ours(Deno.readTextFileSync(DETAILS), UNWRITTEN).map(key));
      for (const mapping of found) if (!known.has(key(mapping))) known.set(key(mapping), !clean.has(key(mapping)));
    }
    for (const mapping of found) if (!known.get(key(mapping))) this.#letGo(mapping);
    const there = new Set(found.map(key)); // an address may be another file's later
    this.#written = new Map([...known].filter(([name]) => there.has(name)));
  }
}
