/**
 * Looks at the machine that this program runs on.
 *
 * @module
 */
import { inKernel } from "../src/base/kernel.ts";
import { inPage } from "../src/base/platform.ts";
import { PACKAGE_VERSION } from "../src/base/version.ts";
import { messageOf } from "../src/base/words.ts";
import { findModelFiles } from "../src/hub/model_files.ts";
import { OpenedFiles, openWeights } from "../src/model/load/files.ts";
import { chosenBackend } from "../src/runtime/session.ts";
import type { Permission, SetupFacts } from "./setup_checks.ts";

const PERMISSIONS: readonly Permission[] = ["read", "net", "write", "env", "ffi"];

async function isGranted(name: Permission | "sys"): Promise<boolean> {
  return !inPage && (await Deno.permissions.query({ name })).state === "granted";
}

async function backendFact(): Promise<SetupFacts["backend"]> {
  try {
    const { backend, reason } = await chosenBackend("auto");
    return { name: backend, reason };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** The header of the weights is read, which says whether the file is whole. */
async function modelFact(): Promise<SetupFacts["model"]> {
  try {
    using opened = new OpenedFiles(await findModelFiles());
    const { sources } = await openWeights(opened);
    return { id: opened.files.id, bytes: sources.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** What answers WebGPU, by its name. */
async function gpuFact(): Promise<{ readonly gpu?: string }> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (!adapter) return {};
  const { description, device, vendor } = adapter.info;
  return { gpu: description || device || vendor || "a GPU" };
}

/** Asks for nothing that is not granted. */
export async function findFacts(): Promise<SetupFacts> {
  const granted = await Promise.all(PERMISSIONS.map(async (name) => [name, await isGranted(name)] as const));
  return {
    ...(inPage ? {} : { deno: Deno.version.deno }),
    place: inKernel ? "notebook" : inPage ? "page" : "script",
    granted: Object.fromEntries(granted) as Record<Permission, boolean>,
    ...await gpuFact(),
    backend: await backendFact(),
    model: await modelFact(),
    ...(await isGranted("sys") ? { free: Deno.systemMemoryInfo().available } : {}),
    version: PACKAGE_VERSION,
  };
}
