import { deepEqual, equal } from "@std/assert";
import { readListing } from "../../src/hub/listing.ts";

const [SHA, GIT] = ["a".repeat(64), "b".repeat(40)];

Deno.test("readListing() takes the SHA-256 of large files and Git's hash of small ones", () => {
  const siblings = [
    { rfilename: "config.json", size: 665, blobId: GIT },
    { rfilename: "model.safetensors", size: 9, blobId: GIT, lfs: { sha256: SHA, size: 548_105_171, pointerSize: 134 } },
  ];
  const { commit, files } = readListing({ id: "gpt2", sha: GIT, siblings })!;
  equal(commit, GIT);
  deepEqual([...files], [
    ["config.json", { etag: GIT, size: 665 }],
    ["model.safetensors", { etag: SHA, size: 548_105_171 }],
  ]);
});

Deno.test("readListing() takes nothing that is no listing", () => {
  const file = { rfilename: "a", size: 1, blobId: GIT };
  for (const siblings of [undefined, {}, [{ ...file, size: "1" }], [{ ...file, rfilename: 1 }], [{}], [null]]) {
    equal(readListing({ sha: GIT, siblings }), undefined);
  }
  for (const json of [null, "page", [], { siblings: [file] }]) equal(readListing(json), undefined);
});
