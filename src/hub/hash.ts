/**
 * Hashes of contents that come in pieces, as the hub names them.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";

/** How a file is hashed: SHA-256, or as a blob of Git, whose size comes first. */
export type Hashing = { readonly kind: "sha256" } | { readonly kind: "git"; readonly size: number } | { kind: "none" };

/** A hash that grows. */
export interface Hasher {
  /** Adds bytes. */
  update(bytes: Uint8Array): void;
  /** The hash of all of them in hexadecimal; nothing can be added afterwards. */
  digest(): string;
}

/** The hashing that an ETag of the hub is the result of. */
export function hashingOf(etag: string, size: number | undefined): Hashing {
  if (/^[0-9a-f]{64}$/.test(etag)) return { kind: "sha256" };
  if (/^[0-9a-f]{40}$/.test(etag) && size !== undefined) return { kind: "git", size };
  return { kind: "none" };
}

/** Begins hashes of one kind; without a kind, SHA-256. */
export async function hashers(hashing: Hashing): Promise<() => Hasher> {
  const create = await (inPage ? scriptHash() : denoHash());
  return () => {
    const hasher = create(hashing.kind === "git" ? "sha1" : "sha256");
    if (hashing.kind === "git") hasher.update(new TextEncoder().encode(`blob ${hashing.size}\0`));
    return hasher;
  };
}

/** Begins one hash by SHA-256. */
export async function sha256Hasher(): Promise<Hasher> {
  return (await hashers({ kind: "sha256" }))();
}

type Create = (algorithm: "sha1" | "sha256") => Hasher;

async function denoHash(): Promise<Create> {
  const { createHash } = await import("node:crypto");
  return (algorithm) => {
    const hash = createHash(algorithm);
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
  };
}

/** In a page, as the browser's own `crypto.subtle` wants all bytes at once. */
export async function scriptHash(): Promise<Create> {
  const [{ sha256 }, { sha1 }, { bytesToHex }] = await Promise.all([
    import("npm:@noble/hashes@2.0.1/sha2.js"),
    import("npm:@noble/hashes@2.0.1/legacy.js"),
    import("npm:@noble/hashes@2.0.1/utils.js"),
  ]);
  return (algorithm) => {
    const hash = (algorithm === "sha1" ? sha1 : sha256).create();
    return { update: (bytes) => void hash.update(bytes), digest: () => bytesToHex(hash.digest()) };
  };
}
