/**
 * Feeds on their way to a worker, in one buffer, without what the worker has: while a text is written, the keys and
 * values of all its tokens are fed for each token, 72 KiB for each of them with GPT-2 small, and one row of them is new.
 *
 * @module
 */
import type { Feed, Resident } from "../../onnx/feed.ts";

/** A second copy of the keys and values should not have much more room than they fill. */
export const KEPT_GROWTH = 1.25;

/** A feed whose numbers stand elsewhere. */
export interface PackedFeed {
  readonly value: { readonly name: string; readonly dtype: Feed["value"]["dtype"] };
  readonly dims: readonly number[];
  /** How many numbers of the last feed of this name stand before the new ones. */
  readonly kept: number;
  /** How many numbers there are in all. */
  readonly length: number;
  /** Where the new ones begin, in bytes. */
  readonly offset: number;
  /** Whether a later feed may keep them. */
  readonly grows: boolean;
  /** Where they stand when they are in the worker and stay there. */
  readonly resident?: Resident | undefined;
}

/** Packs the feeds of one session. */
export class FeedPacker {
  /** What was fed last, by the name of the input. */
  readonly #fed = new Map<string, { readonly lineage: object; readonly length: number }>();

  /** Copies what is new into a buffer of its own. */
  pack(feeds: readonly Feed[]): { readonly feeds: readonly PackedFeed[]; readonly numbers: ArrayBuffer } {
    let offset = 0;
    const packed = feeds.map(({ value: { name, dtype }, data, dims, lineage, resident }) => {
      const { length } = data;
      const before = this.#fed.get(name);
      const kept = lineage && before?.lineage === lineage && before.length <= length ? before.length : 0;
      if (lineage && length > 0) this.#fed.set(name, { lineage, length });
      else this.#fed.delete(name);
      const grows = lineage !== undefined;
      const feed = { value: { name, dtype }, dims, kept, length, offset, grows, ...resident && { resident } };
      offset += Math.ceil((length - kept) * data.BYTES_PER_ELEMENT / 8) * 8;
      return feed;
    });
    const numbers = new ArrayBuffer(offset);
    packed.forEach(({ kept, offset }, i) => {
      const { data: { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } } = feeds[i]!;
      const skipped = kept * BYTES_PER_ELEMENT;
      new Uint8Array(numbers, offset).set(new Uint8Array(buffer, byteOffset + skipped, byteLength - skipped));
    });
    return { feeds: packed, numbers };
  }
}

/** Unpacks the feeds of one session. */
export class FeedUnpacker {
  readonly #kept = new Map<string, Float32Array>();

  /** The feeds as they were before they were packed; they are valid until the next are unpacked. */
  unpack(feeds: readonly PackedFeed[], numbers: ArrayBuffer): Feed[] {
    return feeds.map((feed) => {
      const { value, dims, resident } = feed;
      const data = feed.grows ? this.#grown(feed, numbers) : viewOf(feed, numbers);
      return { value, dims, data, ...resident && { resident } };
    });
  }

  #grown(feed: PackedFeed, numbers: ArrayBuffer): Float32Array {
    const { value: { name }, kept, length, offset } = feed;
    const before = this.#kept.get(name) ?? new Float32Array(0);
    if (length === 0) this.#kept.delete(name);
    if (length === 0) return before.subarray(0, 0);
    let buffer = before;
    if (kept === 0 || length > before.length) {
      buffer = new Float32Array(kept === 0 ? length : Math.max(length, Math.ceil(KEPT_GROWTH * kept)));
      buffer.set(before.subarray(0, kept));
      this.#kept.set(name, buffer);
    }
    buffer.set(new Float32Array(numbers, offset, length - kept), kept);
    return buffer.subarray(0, length);
  }
}

function viewOf({ value: { dtype }, length, offset }: PackedFeed, numbers: ArrayBuffer): Feed["data"] {
  if (dtype === "int64") return new BigInt64Array(numbers, offset, length);
  return dtype === "bool" ? new Uint8Array(numbers, offset, length) : new Float32Array(numbers, offset, length);
}
