/**
 * What the hub's API says about all files of a revision: the commit, and size and hash of each. A page cannot see the
 * headers of a redirect, which tell the same about one file. The answer's format:
 * https://huggingface.co/docs/hub/api, `GET /api/models/{id}/revision/{revision}?blobs=true`
 *
 * @module
 */

/** The files of a commit. */
export interface Listing {
  /** The commit. */
  readonly commit: string;
  /** The files by name. */
  readonly files: ReadonlyMap<string, ListedFile>;
}

/** One file of a listing. */
export interface ListedFile {
  /** The SHA-256 of a large file, Git's hash of a small one. */
  readonly etag: string;
  /** Its size in bytes. */
  readonly size: number;
}

/** Reads a parsed answer; undefined when it is no such listing, as of a mirror without an API. */
export function readListing(json: unknown): Listing | undefined {
  const { sha, siblings } = fields(json);
  if (typeof sha !== "string" || !Array.isArray(siblings)) return undefined;
  const files = new Map<string, ListedFile>();
  for (const sibling of siblings) {
    const { rfilename: name, blobId, size, lfs } = fields(sibling);
    const large = fields(lfs);
    const file = { etag: large.sha256 ?? blobId, size: large.size ?? size };
    if (typeof name !== "string" || !isListed(file)) return undefined;
    files.set(name, file);
  }
  return { commit: sha, files };
}

function isListed(file: { etag: unknown; size: unknown }): file is ListedFile {
  return typeof file.etag === "string" && Number.isSafeInteger(file.size) && Number(file.size) >= 0;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Readonly<Record<string, unknown>> : {};
}
