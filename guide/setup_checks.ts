/**
 * What the set-up of a machine means for this package: facts in, findings with advice out.
 *
 * @module
 */
import { formatBytes } from "../src/base/words.ts";

/** What is known about a machine. */
export interface SetupFacts {
  /** The version of Deno; none in a page. */
  readonly deno?: string;
  /** Where the program runs. */
  readonly place: "notebook" | "script" | "page";
  /** Which permissions are granted. */
  readonly granted: Readonly<Record<Permission, boolean>>;
  /** What answers WebGPU, if anything does. It may be a program that computes on the CPU. */
  readonly gpu?: string;
  /** Where models run, or why they cannot. */
  readonly backend: { readonly name: string; readonly reason: string } | { readonly error: string };
  /** The bundled model, or why it cannot be read. */
  readonly model: { readonly id: string; readonly bytes: number } | { readonly error: string };
  /** The memory that is free, in bytes, where that may be asked. */
  readonly free?: number;
  /** The version of this package. */
  readonly version: string;
}

/** A permission that this package can make use of. */
export type Permission = "read" | "net" | "write" | "env" | "ffi";

/** One thing that was looked at. */
export interface SetupCheck {
  /** What was looked at. */
  readonly name: string;
  /** What was found. */
  readonly found: string;
  /** `problem` when something will not work, `note` when something is less than it could be. */
  readonly state: "ok" | "note" | "problem";
  /** What to do about it; nothing when all is well. */
  readonly advice?: string;
}

/** The version of Deno that this package is tested with. */
export const TESTED_DENO = "2.9.5";

const LITTLE = 2 ** 30;
const TOO_LITTLE = 2 ** 28;

const ok = (name: string, found: string): SetupCheck => ({ name, found, state: "ok" });
const note = (name: string, found: string, advice: string): SetupCheck => ({ name, found, state: "note", advice });
const problem = (name: string, found: string, advice: string): SetupCheck => ({
  name,
  found,
  state: "problem",
  advice,
});

function denoCheck({ deno }: SetupFacts): SetupCheck[] {
  if (deno === undefined) return [];
  if (deno === TESTED_DENO) return [ok("Deno", deno)];
  const start = `start it with npx -y deno@${TESTED_DENO}`;
  const major = Number(deno.split(".")[0]);
  if (major !== 2) return [problem("Deno", `${deno}; this package needs Deno 2`, start)];
  return [note("Deno", `${deno}; this package is tested with ${TESTED_DENO}`, `If something is odd, ${start}`)];
}

function placeCheck({ place }: SetupFacts): SetupCheck {
  const found = {
    notebook: "a notebook under the Deno kernel: the last line of a cell shows itself, and Stop stops a call",
    script: "a script: console.log(view) prints a view as a table, view.save(path) writes it to a file",
    page: "a page: view.html is what to show",
  };
  return ok("Place", found[place]);
}

/** Without them some calls cannot do what they are for. */
const USES: Readonly<Record<Exclude<Permission, "read">, string>> = {
  net: "models of the hub are not downloaded",
  write: "downloads and results cannot be saved",
  env: "the cache and HF_TOKEN are looked for in their default places only",
  ffi: "the native backend, the faster one, is not used",
};

function permissionCheck({ place, granted, deno }: SetupFacts): SetupCheck[] {
  if (deno === undefined) return [];
  if (!granted.read) {
    const again = place === "notebook" ? "start the kernel with deno task lab" : "run it with --allow-read";
    return [problem("Permissions", "files may not be read, so no model can be loaded", again)];
  }
  const missing = Object.entries(USES).filter(([name]) => !granted[name as Permission]);
  if (missing.length === 0) return [ok("Permissions", "all that are used")];
  const flags = missing.map(([name]) => `--allow-${name}`).join(" ");
  return [
    note(
      "Permissions",
      `without ${flags}: ${missing.map(([, use]) => use).join("; ")}`,
      `Where you need that, add ${flags}`,
    ),
  ];
}

function backendCheck({ backend, gpu, granted }: SetupFacts): SetupCheck[] {
  const web = gpu === undefined
    ? ok("WebGPU", "no GPU answers; it is not needed")
    : ok("WebGPU", `${gpu} answers; models run there with { backend: "webgpu" }`);
  if ("error" in backend) return [problem("Backend", backend.error, "See docs/when-nothing-appears.md")];
  const found = `${backend.name}: ${backend.reason}`;
  if (backend.name === "native") return [ok("Backend", found), web];
  if (!granted.ffi) return [ok("Backend", `${backend.name}, as native needs --allow-ffi`), web];
  return [note("Backend", found, "Models run, several times slower than on native"), web];
}

function modelCheck({ model, granted, deno }: SetupFacts): SetupCheck[] {
  if (!("error" in model)) return [ok("Bundled model", `${model.id}, ${formatBytes(model.bytes)}`)];
  if (deno !== undefined && !granted.read) return []; // has been said
  const advice = "Clone the project again, or load a model of the hub by its id";
  return [problem("Bundled model", model.error, advice)];
}

function memoryCheck({ free }: SetupFacts): SetupCheck[] {
  if (free === undefined) return [];
  const found = `${formatBytes(free)} free`;
  if (free >= LITTLE) return [ok("Memory", found)];
  if (free >= TOO_LITTLE) {
    return [note("Memory", found, "Enough for the bundled model; close other programs before gpt2")];
  }
  return [problem("Memory", found, "Close other programs, and kernels of other notebooks")];
}

/** Judges the facts, in the order in which a reader can mend what is wrong. */
export function judgeSetup(facts: SetupFacts): SetupCheck[] {
  return [
    ok("Looking Glass", facts.version),
    ...denoCheck(facts),
    placeCheck(facts),
    ...permissionCheck(facts),
    ...backendCheck(facts),
    ...modelCheck(facts),
    ...memoryCheck(facts),
  ];
}
