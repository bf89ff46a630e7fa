import { deepEqual, equal } from "@std/assert";
import { hashers, hashingOf, scriptHash } from "../../src/hub/hash.ts";
import { blob } from "../support/hub_model.ts";
import { gitHash, sha256 } from "../support/hub_server.ts";

const BYTES = blob(200_000);

Deno.test("hashingOf() tells SHA-256, Git's hash and anything else by their form", () => {
  deepEqual(hashingOf("a".repeat(64), undefined), { kind: "sha256" });
  deepEqual(hashingOf("a".repeat(40), 7), { kind: "git", size: 7 });
  for (const [etag, size] of [["a".repeat(40), undefined], ["A".repeat(64), 1], ["5f7-abc", 1]] as const) {
    deepEqual(hashingOf(etag, size), { kind: "none" });
  }
});

Deno.test("hashers() and the hashes of a page hash what comes in pieces, as node:crypto hashes it whole", async () => {
  const create = await scriptHash();
  const page = { sha256: create("sha256"), sha1: create("sha1") };
  const deno = (await hashers({ kind: "sha256" }))();
  const git = (await hashers({ kind: "git", size: BYTES.length }))();
  page.sha1.update(new TextEncoder().encode(`blob ${BYTES.length}\0`));
  for (let start = 0; start < BYTES.length; start += 7001) {
    for (const hash of [page.sha256, page.sha1, deno, git]) hash.update(BYTES.subarray(start, start + 7001));
  }
  deepEqual([page.sha256.digest(), deno.digest()], [sha256(BYTES), sha256(BYTES)]);
  deepEqual([page.sha1.digest(), git.digest()], [gitHash(BYTES), gitHash(BYTES)]);
  equal(create("sha256").digest(), sha256(new Uint8Array(0)));
});
