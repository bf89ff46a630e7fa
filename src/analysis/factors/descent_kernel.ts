import { formatBytes } from "../../base/words.ts";
import type { Pace } from "../pace.ts";
import type { ClippedActivations } from "./clipped.ts";
import { type DescentExports, descentModule } from "./descent_code.ts";
import { DOUBLE, ENTRY, type Layout, layoutOf } from "./descent_layout.ts";

/** What WebAssembly can address. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;

/** Activations and two factors in the memory of a module, and what the module does with them. */
export class DescentKernel {
  /** The distance of two rows. */
  readonly stride: number;
  /** scikit-learn's W, `[N, stride]`. */
  readonly activity: Float64Array;
  /** scikit-learn's H, transposed: `[M, stride]`. */
  readonly neurons: Float64Array;
  readonly #code: DescentExports;
  readonly #layout: Layout;
  readonly #tokens: number;

  private constructor(x: ClippedActivations, layout: Layout, code: DescentExports) {
    this.#code = code;
    this.#layout = layout;
    this.#tokens = x.tokens;
    this.stride = layout.stride;
    this.activity = this.#doubles(layout.activity, x.tokens * layout.stride);
    this.neurons = this.#doubles(layout.neurons, x.neurons * layout.stride);
  }

  /**
   * A kernel with factors of 0.
   *
   * @throws {RangeError} When activations and factors are more than WebAssembly can address.
   */
  static async create(x: ClippedActivations, factors: number, pace: Pace): Promise<DescentKernel> {
    const layout = layoutOf(x, factors);
    if (layout.bytes > MOST_BYTES) {
      const size = `${x.tokens} tokens x ${x.neurons} neurons by ${factors} factors`;
      throw new RangeError(
        `Cannot explain ${size} as that takes ${formatBytes(layout.bytes)} and WebAssembly can address ` +
          `${formatBytes(MOST_BYTES)}; give fewer texts, layers or factors`,
      );
    }
    const { instance } = await WebAssembly.instantiate(descentModule(layout));
    const kernel = new DescentKernel(x, layout, instance.exports as unknown as DescentExports);
    await kernel.#fill(x, pace);
    return kernel;
  }

  async #fill({ neurons, starts, token, value }: ClippedActivations, pace: Pace): Promise<void> {
    const { buffer } = this.#code.memory;
    const begin = new Uint32Array(buffer, this.#layout.starts, neurons + 1);
    const rows = new Uint32Array(buffer);
    const activations = new Float32Array(buffer);
    const rowBytes = this.stride * DOUBLE;
    let at = this.#layout.entries;
    for (let m = 0; m < neurons; ++m) {
      begin[m] = at;
      for (let entry = starts[m]!; entry < starts[m + 1]!; ++entry, at += ENTRY) {
        rows[at / 4] = token[entry]! * rowBytes;
        activations[at / 4 + 1] = value[entry]!;
      }
      const entries = starts[m + 1]! - starts[m]!;
      if (entries % 2 === 1) at += ENTRY;
      if (pace.isDue(4 * entries)) await pace.turn();
    }
    begin[neurons] = at;
  }

  /** Writes Xᵀ W into the rows of H from one neuron to before another. */
  gather(from: number, to: number): void {
    this.#code.gather(from, to, this.#neuronAt(from));
  }

  /** Forgets what has been added up. */
  clear(): void {
    const { cross, gram, stride } = this.#layout;
    this.#doubles(cross, this.#tokens * stride).fill(0);
    this.#doubles(gram, stride ** 2).fill(0);
  }

  /** Adds what the neurons from one to before another are to the next step of the tokens: to X Hᵀ and to Hᵀ's Gram matrix. */
  addNeurons(from: number, to: number): void {
    this.#code.scatter(from, to);
    this.#code.addGram(this.#neuronAt(from), this.#neuronAt(to));
  }

  /** Improves the tokens' rows by what has been added up. Returns the sum of the sizes of the projected gradient. */
  improveTokens(): number {
    this.#scaleGram();
    const { activity, cross } = this.#layout;
    return this.#code.improve(activity, cross, activity + this.activity.byteLength);
  }

  /** Makes the neurons' next steps those for the tokens as they are, and forgets what has been added up. */
  takeTokens(): void {
    this.clear();
    const { activity } = this.#layout;
    this.#code.addGram(activity, activity + this.activity.byteLength);
    this.#scaleGram();
    this.clear();
  }

  /** Improves at most `ROWS_AT_A_TIME` neurons' rows. Returns the sum of the sizes of the projected gradient. */
  improveNeurons(from: number, to: number): number {
    const { gathered } = this.#layout;
    this.#code.gather(from, to, gathered);
    return this.#code.improve(this.#neuronAt(from), gathered, this.#neuronAt(to));
  }

  /** Divides the rows of the Gram matrix by its diagonal, for the steps; numbers whose curvature is 0 stay as they are. */
  #scaleGram(): void {
    const { stride, block, gram, upper, lower, curvature, reciprocal } = this.#layout;
    const full = this.#doubles(gram, stride ** 2);
    const above = this.#doubles(upper, stride ** 2);
    const below = this.#doubles(lower, block * stride);
    const diagonal = this.#doubles(curvature, stride);
    const inverse = this.#doubles(reciprocal, stride);
    below.fill(0);
    for (let k = 0; k < stride; ++k) {
      diagonal[k] = full[k * stride + k]!;
      const factor = Number.isFinite(1 / diagonal[k]!) ? 1 / diagonal[k]! : 0;
      inverse[k] = factor;
      for (let r = 0; r < stride; ++r) {
        const scaled = r !== k ? full[Math.min(k, r) * stride + Math.max(k, r)]! * factor : factor > 0 ? 0 : -1;
        const later = r < k && Math.floor(r / block) === Math.floor(k / block);
        above[r * stride + k] = later ? 0 : scaled;
        if (later) below[(r % block) * stride + k] = scaled;
      }
    }
  }

  #neuronAt(neuron: number): number {
    return this.#layout.neurons + neuron * this.stride * DOUBLE;
  }

  #doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.#code.memory.buffer, address, length);
  }
}
