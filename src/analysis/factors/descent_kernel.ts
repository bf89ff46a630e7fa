import { formatBytes } from "../../base/words.ts";
import type { Pace } from "../pace.ts";
import type { ClippedActivations } from "./clipped.ts";
import { type DescentExports, descentModule, type JobName } from "./descent_code.ts";
import { DOUBLE, ENTRY, type Layout, layoutOf, ROWS_AT_A_TIME } from "./descent_layout.ts";
import { SharedJobs } from "./threads.ts";

/** The bytes of a page of memory. */
const PAGE = 2 ** 16;
/** What WebAssembly can address. */
const MOST_BYTES = 2 ** 32 - PAGE;
/** How many products of tokens are added up in one go: few, as code is made faster between two calls. */
const PRODUCTS_AT_A_TIME = 2 ** 20;

/** What a kernel has beside activations and factors. */
export interface KernelOptions {
  /** Lets the event loop have its turns. */
  readonly pace: Pace;
  /** How many threads share the work; what comes out is the same to the bit. */
  readonly threads?: number;
  /** Whether there is room for {@linkcode DescentKernel.tokenProducts}. */
  readonly square?: boolean;
}

/** Activations and two factors in the memory of a module, and what the module does with them. */
export class DescentKernel implements Disposable {
  /** The distance of two rows. */
  readonly stride: number;
  /** scikit-learn's W, `[N, stride]`. */
  readonly activity: Float64Array;
  /** scikit-learn's H, transposed: `[M, stride]`. */
  readonly neurons: Float64Array;
  readonly #x: ClippedActivations;
  readonly #layout: Layout;
  readonly #code: DescentExports;
  readonly #buffer: ArrayBufferLike;
  readonly #jobs: SharedJobs;
  readonly #pace: Pace;
  /** Between which neurons the parts are. */
  readonly #ends: readonly number[];
  readonly #threads: number;

  private constructor(
    x: ClippedActivations,
    layout: Layout,
    { exports }: WebAssembly.Instance,
    { buffer }: WebAssembly.Memory,
    { pace, threads = 1 }: KernelOptions,
  ) {
    this.#x = x;
    this.#layout = layout;
    this.#code = exports as unknown as DescentExports;
    this.#buffer = buffer;
    this.#jobs = new SharedJobs(this.#code, threads);
    this.#pace = pace;
    this.#threads = threads;
    const tiles = Math.ceil(x.neurons / ROWS_AT_A_TIME);
    this.#ends = Array.from({ length: layout.parts + 1 }, (_, part) => {
      return Math.min(Math.round(tiles * part / layout.parts) * ROWS_AT_A_TIME, x.neurons);
    });
    this.stride = layout.stride;
    this.activity = this.#doubles(layout.activity, x.tokens * layout.stride);
    this.neurons = this.#doubles(layout.neurons, x.neurons * layout.stride);
  }

  /**
   * A kernel with factors of 0.
   *
   * @throws {RangeError} When activations and factors are more than WebAssembly can address.
   */
  static async create(x: ClippedActivations, factors: number, options: KernelOptions): Promise<DescentKernel> {
    const { threads = 1, square = false } = options;
    const layout = layoutOf(x, factors, square);
    if (layout.bytes > MOST_BYTES) {
      const size = `${x.tokens} tokens x ${x.neurons} neurons by ${factors} factors`;
      throw new RangeError(
        `Cannot explain ${size} as that takes ${formatBytes(layout.bytes)} and WebAssembly can address ` +
          `${formatBytes(MOST_BYTES)}; give fewer texts, layers or factors`,
      );
    }
    const [pages, shared] = [Math.ceil(layout.bytes / PAGE), threads > 1];
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    const own = { own: { memory } };
    const { module, instance } = await WebAssembly.instantiate(descentModule(layout, { pages, shared }), own);
    const kernel = new DescentKernel(x, layout, instance, memory, options);
    try {
      await kernel.#fill();
      kernel.#jobs.start(module, memory);
      return kernel;
    } catch (error) {
      kernel[Symbol.dispose]();
      throw error;
    }
  }

  async #fill(): Promise<void> {
    const { neurons, starts, token, value } = this.#x;
    const begin = new Uint32Array(this.#buffer, this.#layout.starts, neurons + 1);
    const rows = new Uint32Array(this.#buffer);
    const activations = new Float32Array(this.#buffer);
    const rowBytes = this.stride * DOUBLE;
    let at = this.#layout.entries / 4;
    for (let m = 0; m < neurons; ++m) {
      begin[m] = 4 * at;
      const [from, to] = [starts[m]!, starts[m + 1]!];
      for (let entry = from; entry < to; ++entry) {
        rows[at++] = token[entry]! * rowBytes;
        activations[at++] = value[entry]!;
      }
      if ((to - from) % 2 === 1) at += ENTRY / 4;
      if (this.#pace.isDue(4 * (to - from))) await this.#pace.turn();
    }
    begin[neurons] = 4 * at;
  }

  /**
   * X Xᵀ, `[N, N]`, of which only the diagonal and what is before it is meant. It is where the neurons' rows are, so it
   * comes before all else.
   */
  async tokenProducts(): Promise<Float64Array> {
    const { tokens, neurons, starts } = this.#x;
    // No sum is in two parts, so they may depend on the threads: few, as each reads all entries. Their areas are alike.
    const parts = this.#threads > 1 ? Math.min(2 * this.#threads, this.#layout.parts) : 1;
    const ends = Array.from({ length: parts + 1 }, (_, part) => Math.round(tokens * Math.sqrt(part / parts)));
    const range = new Uint32Array(this.#buffer, this.#layout.range, 2);
    const square = this.#doubles(this.#layout.square, tokens ** 2);
    square.fill(0);
    for (let from = 0; from < neurons;) {
      let to = from;
      let operations = 0;
      for (; to < neurons && operations < PRODUCTS_AT_A_TIME; ++to) {
        operations += (starts[to + 1]! - starts[to]!) ** 2 / 2;
      }
      range.set([from, to]);
      await this.#jobs.run("products", ends, this.#code.products, this.#pace);
      from = to;
      if (this.#pace.isDue(operations)) await this.#pace.turn();
    }
    const found = square.slice();
    square.fill(0);
    return found;
  }

  /** Writes Xᵀ W into the rows of H. */
  async project(): Promise<void> {
    await this.#share("project");
  }

  /** Forgets what was added up, and adds up what the neurons are to the next step of the tokens. */
  async addNeurons(): Promise<void> {
    this.#clear();
    await this.#share("add");
  }

  /** Improves the tokens' rows by what has been added up. Returns the sum of the sizes of the projected gradient. */
  improveTokens(): number {
    const { gram, cross, activity, stride, tokens } = this.#layout;
    this.#addUp(gram, stride ** 2);
    this.#addUp(cross, tokens * stride);
    this.#scaleGram();
    return this.#code.improve(activity, cross, activity + this.activity.byteLength);
  }

  /** Makes the neurons' next steps those for the tokens as they are, and forgets what has been added up. */
  takeTokens(): void {
    this.#clear();
    const { activity } = this.#layout;
    this.#code.addGram(activity, activity + this.activity.byteLength, 0);
    this.#scaleGram();
    this.#clear();
  }

  /** Improves the neurons' rows, and adds up what they are then. Returns the sum of the sizes of the projected gradient. */
  async improveNeurons(): Promise<number> {
    await this.#share("sweep");
    this.#addUp(this.#layout.sums, 1);
    return this.#doubles(this.#layout.sums, 1)[0]!;
  }

  /** ‖X - W H‖ and ‖X‖, both Frobenius. */
  async error(): Promise<{ readonly error: number; readonly norm: number }> {
    this.#clear();
    await this.#share("error");
    this.#addUp(this.#layout.sums, 3);
    const [even, odd, all] = this.#doubles(this.#layout.sums, 3);
    return { error: Math.sqrt(even! + odd!), norm: Math.sqrt(all!) };
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    this.#jobs[Symbol.dispose]();
  }

  /** Does a job for all neurons: in this thread some at a time, so that the event loop has its turns. */
  async #share(name: JobName): Promise<void> {
    const { starts, tokens } = this.#x;
    const job = this.#code[name];
    const own = async (from: number, to: number, part: number) => {
      for (let at = from; at < to; at += ROWS_AT_A_TIME) {
        const next = Math.min(at + ROWS_AT_A_TIME, to);
        job(at, next, part);
        const entries = name === "error" ? tokens * (next - at) : starts[next]! - starts[at]!;
        if (this.#pace.isDue(this.stride / 2 * entries)) await this.#pace.turn();
      }
    };
    await this.#jobs.run(name, this.#ends, own, this.#pace);
  }

  /** Forgets what was added up. */
  #clear(): void {
    const { sums, gram, cross, stride, tokens } = this.#layout;
    for (let part = 0; part < this.#layout.parts; ++part) {
      for (const [address, length] of [[sums, 4], [gram, stride ** 2], [cross, tokens * stride]] as const) {
        this.#doubles(address, length, part).fill(0);
      }
    }
  }

  /** Adds the sums of the other parts to those of the first, in their order. */
  #addUp(address: number, length: number): void {
    const total = this.#doubles(address, length);
    for (let part = 1; part < this.#layout.parts; ++part) {
      const more = this.#doubles(address, length, part);
      for (let i = 0; i < length; ++i) total[i]! += more[i]!;
    }
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

  #doubles(address: number, length: number, part = 0): Float64Array {
    return new Float64Array(this.#buffer, address + part * this.#layout.partBytes, length);
  }
}
