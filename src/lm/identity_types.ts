/**
 * What {@linkcode LanguageModel.identity} takes and gives.
 *
 * @module
 */
import type { Backend } from "../runtime/backend.ts";
import type { Progress } from "./types.ts";

/** Options of {@linkcode LanguageModel.identity}. */
export interface IdentityOptions {
  /** Called while files are read. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a bar shows how far the call is when it takes more than a second, in a notebook or a terminal. It is taken
   * away when the call ends. Your own `onProgress` is called all the same.
   *
   * @default {true}
   */
  readonly progress?: boolean;
  /** Stops between two parts of a file. */
  readonly signal?: AbortSignal;
}

/** One file of a model. */
export interface ModelFile {
  /** The name, such as `model.safetensors`. */
  readonly name: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** The SHA-256 of what was loaded of it, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Which model made a result: enough to find the same one again, and to tell whether another is the same. */
export interface ModelIdentity {
  /** What it is called: the id or the path that it was loaded by. */
  readonly id: string;
  /** The commit, where it comes from a hub and no file differs from what the hub told of it. */
  readonly revision?: string;
  /** The files that it was loaded from, by name in alphabetical order. */
  readonly files: readonly ModelFile[];
  /** The version of this package. */
  readonly package: string;
  /** Where it ran. */
  readonly backend: Backend;
}
