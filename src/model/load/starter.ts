import type { ByteSource } from "../../checkpoint/byte_source.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import type { GraphScope } from "../../onnx/mod.ts";
import { isPanels, weightLocations } from "../../models/weights.ts";
import type { Backend } from "../../runtime/backend.ts";
import { Session } from "../../runtime/session.ts";
import { putBack } from "./made_file.ts";
import type { MadeProof } from "./made_weights.ts";
import type { LoadOptions } from "./options.ts";
import { findMoved, isConverted, type ReadWeights } from "./read_weights.ts";

/** A session, and what had taken the place of a file that was made, if anything had. */
export interface Starting {
  /** The session. */
  readonly session: Session;
  /** Why it cannot be told what the session computes with. */
  readonly moved: Error | undefined;
}

/** Starts programs over the weights of a model. */
export class Starter {
  /** The weights without those that products alone read, of which a second mapping would count as memory. */
  readonly withoutPanels: ReadonlyMap<string, TensorEntry>;
  readonly #weights: ReadonlyMap<string, TensorEntry>;
  readonly #made: readonly MadeProof[];
  readonly #packs: boolean | "int8";
  readonly #settings: Omit<Parameters<typeof Session.create>[2], "backend" | "prepack">;

  /** Nothing is started yet. */
  constructor(
    { weights, made }: Pick<ReadWeights, "weights" | "made">,
    { threads, worker = false, prepack, dtype }: LoadOptions,
  ) {
    this.withoutPanels = new Map([...weights].filter(([name]) => !isPanels(name)));
    this.#weights = weights;
    this.#made = made;
    const hasPanels = this.withoutPanels.size < weights.size;
    // The 8-bit products are computed from prepacked weights only; what goes back in float32 would take its size again.
    this.#packs = dtype === "q8" ? "int8" : prepack === true && !hasPanels;
    this.#settings = {
      worker,
      ...threads !== undefined && { threads },
      foldConstants: weights.values().some(isConverted),
    };
  }

  /**
   * Starts a program, or a part of one, by default over all weights; `proof` is that of the files for its way back in 8 bits.
   *
   * @throws {Error} When ONNX Runtime refuses it, or another file has taken the place of one of the checkpoint's.
   */
  async start(
    program: { readonly graph: GraphScope },
    backend: "auto" | Backend,
    { entries = this.#weights, proof }: {
      readonly entries?: ReadonlyMap<string, TensorEntry>;
      readonly proof?: readonly MadeProof[] | undefined;
    } = {},
  ): Promise<Starting> {
    const locate = weightLocations(entries.values());
    const located = new Map(Array.from(entries.values(), (entry) => [locate(entry), entry.source]));
    const prepack = this.#packs || (proof ? "int8" : false);
    const made = new Set([...this.#made, ...proof ?? []].map(({ source }) => source));
    if (backend === "native") await expectFiles(located.values(), made);
    const session = await Session.create(program.graph, located, { ...this.#settings, prepack, backend });
    const moved = await findMoved(session, located.values().filter((source) => !made.has(source)));
    if (moved) {
      await session.dispose();
      throw moved;
    }
    return { session, moved: await findMoved(session, made) };
  }
}

/**
 * Makes sure that native finds what it maps. Who started the model may have deleted it long since.
 *
 * @throws {Error} When a file of the checkpoint was deleted or replaced, or one that was made cannot be made anew.
 */
async function expectFiles(sources: Iterable<ByteSource>, made: ReadonlySet<ByteSource>): Promise<void> {
  for (const source of new Set(sources)) await (made.has(source) ? putBack(source) : source.expectInPlace?.());
}
