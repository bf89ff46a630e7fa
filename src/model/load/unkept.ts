/**
 * What is told of weights in another form that have no place on the disk: once, when it is found out, and in
 * `backendReason` from then on.
 *
 * @module
 */
import { formatBytes, messageOf } from "../../base/words.ts";

/** Weights that no file can be made of. */
export interface Unkept {
  /** The folder in which it would be. */
  readonly folder: string;
  /** How many bytes it would have. */
  readonly bytes: number;
  /** What stood in the way. */
  readonly cause: unknown;
}

/** What is to be done without a file. */
export type Instead = (size: string) => string;

/** What is told: what is done instead, why, and what helps. */
export function noticeOf({ folder, bytes, cause }: Unkept, instead: Instead): string {
  const advice = "let files be written there, or pass another cacheDir";
  return `${instead(formatBytes(bytes))}, as no file of them can be kept in ${folder} (${messageOf(cause)}); ${advice}`;
}

/** Why a model runs where it does, and what was found out since. */
export function reasonWith(reason: string, notices: readonly string[]): string {
  return [reason, ...notices].join("; ");
}
