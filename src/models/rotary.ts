/**
 * Rotary positions (Su et al. 2021, https://arxiv.org/abs/2104.09864): pairs of numbers of a query or a key are turned by
 * angles that grow with the token's position, so that their products depend on the distance. Numbers j and j + D/2 are a
 * pair, as in GPT-NeoX and Llama.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import type { Value } from "../onnx/mod.ts";
import type { ModelBuilder } from "./builder.ts";
import { amount, choice, count, type Fields, LARGEST } from "./config.ts";

/** How angles are made for texts that are longer than those of the first training. */
export type RopeScaling =
  | {
    /** All angles are divided by a factor (Chen et al. 2023, https://arxiv.org/abs/2306.15595). */
    readonly ropeType: "linear";
    /** The factor. */
    readonly factor: number;
  }
  | {
    /** Slow angles are divided, fast ones kept, those between mixed: Llama 3.1. */
    readonly ropeType: "llama3";
    /** What slow angles are divided by. */
    readonly factor: number;
    /** How often an angle must go round in the first context not to be slow. */
    readonly lowFreqFactor: number;
    /** How often it must go round to be kept. */
    readonly highFreqFactor: number;
    /** The first context, in tokens. */
    readonly originalMaxPositionEmbeddings: number;
  };

/** What angles are made of. */
export interface RopeSettings {
  /** The base of the angles' geometric series. */
  readonly ropeTheta: number;
  /** How they are changed; none where they are not. */
  readonly ropeScaling?: RopeScaling;
  /** Which part of a head is turned. */
  readonly partialRotaryFactor: number;
}

/**
 * Reads `rope_parameters`, or `rope_scaling` beside `rope_theta` as files had it before, which transformers prefers.
 *
 * @throws {TypeError} When they are no object or of a kind that is not computed.
 * @throws {RangeError} When a number is out of range.
 */
export function ropeSettings(fields: Fields, { theta = 10000, part = 1 } = {}): RopeSettings {
  const before = settingsIn(fields, "rope_scaling");
  const own = Object.keys(before).length > 0 ? before : settingsIn(fields, "rope_parameters");
  const kind = choice({ "rope_type": own.rope_type ?? own.type }, "rope_type", "default", [
    "default",
    "linear",
    "llama3",
  ]);
  const nested = Object.keys(own).find((name) => typeof own[name] === "object" && own[name] !== null);
  if (nested !== undefined) {
    throw new TypeError(`Cannot use rope_parameters with ${shown(nested)} as all layers must have the same`);
  }
  const scaling = scalingOf(kind, own, fields);
  const all = {
    "rope_theta": own.rope_theta ?? fields.rope_theta,
    "partial_rotary_factor": own.partial_rotary_factor ?? fields.partial_rotary_factor,
  };
  const partialRotaryFactor = amount(all, "partial_rotary_factor", part);
  if (partialRotaryFactor > 1) {
    throw new RangeError(`Cannot use partial_rotary_factor ${partialRotaryFactor} as it must be at most 1`);
  }
  return {
    ropeTheta: amount(all, "rope_theta", theta, { above: true }),
    ...(scaling && { ropeScaling: scaling }),
    partialRotaryFactor,
  };
}

function settingsIn(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Fields;
  throw new TypeError(`Cannot use ${name} ${shown(value)} as it is not an object`);
}

function scalingOf(kind: "default" | RopeScaling["ropeType"], own: Fields, fields: Fields): RopeScaling | undefined {
  if (kind === "default") return undefined;
  const required = (name: string) => {
    if (own[name] == null) throw new TypeError(`Cannot use rope_type "${kind}" as ${name} is missing`);
    return amount(own, name, 0, { above: true });
  };
  const factor = required("factor");
  if (kind === "linear") return { ropeType: kind, factor };
  const [lowFreqFactor, highFreqFactor] = [required("low_freq_factor"), required("high_freq_factor")];
  if (!(highFreqFactor > lowFreqFactor)) {
    const found = `${highFreqFactor} and ${lowFreqFactor}`;
    throw new RangeError(`Cannot use high_freq_factor and low_freq_factor as the first must be greater: ${found}`);
  }
  const name = "original_max_position_embeddings";
  const first = fields[name] ?? own[name] ?? fields.max_position_embeddings;
  const originalMaxPositionEmbeddings = count({ [name]: first }, name, 2048, LARGEST.nPositions);
  return { ropeType: kind, factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings };
}

/** By how much each of the pairs of a head of `size` numbers is turned from token to token, in radians, single precision. */
export function inverseFrequencies(
  size: number,
  { ropeTheta, ropeScaling, partialRotaryFactor }: RopeSettings,
): number[] {
  const turned = Math.trunc(size * partialRotaryFactor);
  return Array.from({ length: Math.ceil(turned / 2) }, (_, j) => {
    const own = Math.fround(1 / Math.fround(ropeTheta ** Math.fround(2 * j / turned)));
    return ropeScaling ? scaled(own, ropeScaling) : own;
  });
}

/** The most numbers of a head that are turned: the matrix that finds a number's partner has their square. */
const LARGEST_HEAD = 1024;

/**
 * Refuses heads of `size` numbers that cannot be turned: the part that is turned must come in pairs, and all of a head
 * where it must be `whole`.
 *
 * @throws {RangeError} With the numbers.
 */
export function expectTurnable(size: number, settings: RopeSettings, { whole = false } = {}): void {
  if (size > LARGEST_HEAD) {
    throw new RangeError(`Cannot turn heads of ${size} numbers as they must have at most ${LARGEST_HEAD}`);
  }
  const { partialRotaryFactor: part } = settings;
  const frequencies = inverseFrequencies(size, settings);
  const turned = 2 * frequencies.length;
  if (whole ? part !== 1 || turned !== size : turned === 0 || turned > size) {
    throw new RangeError(`Cannot turn ${part === 1 ? "all" : part} of a head of ${size} numbers in pairs`);
  }
  if (!frequencies.every((frequency) => frequency * LARGEST.nPositions < LARGEST_FLOAT)) {
    throw new RangeError(`Cannot turn heads by the angles of rope_theta ${settings.ropeTheta} as they are infinite`);
  }
}

const LARGEST_FLOAT = 3.4e38;

/**
 * After transformers' `modeling_rope_utils.py`. Each step is rounded to single precision, as PyTorch does it: a last digit
 * more or less is multiplied by the position.
 */
function scaled(frequency: number, scaling: RopeScaling): number {
  const round = Math.fround;
  const factor = round(scaling.factor);
  if (scaling.ropeType === "linear") return round(frequency / factor);
  const { lowFreqFactor: low, highFreqFactor: high, originalMaxPositionEmbeddings: first } = scaling;
  const over = (x: number, y: number) => round(round(1 / y) * round(x)); // as PyTorch divides a number by a tensor
  const wavelength = over(2 * Math.PI, frequency);
  if (wavelength > round(first / low)) return round(frequency / factor);
  if (wavelength < round(first / high)) return frequency;
  const smooth = round(round(over(first, wavelength) - round(low)) / round(high - low));
  return round(round(round(round(1 - smooth) * frequency) / factor) + round(smooth * frequency));
}

/**
 * Turns queries or keys of some heads, `[T, heads * size]`, by the positions of their tokens. What is not turned has the
 * angle 0.
 */
export function rotation(m: ModelBuilder, size: number, settings: RopeSettings): (x: Value, heads: number) => Value {
  const { g, inputs } = m;
  const frequencies = inverseFrequencies(size, settings);
  const kept = Array<number>(size - 2 * frequencies.length).fill(0);
  const positions = g.cast(g.unsqueeze(inputs.positions, -1), g.float); // [T, 1]
  const angles = g.mul(positions, g.floats([...frequencies, ...frequencies, ...kept], [1, size])); // [T, D]
  const [cos, sin] = [g.cos(angles), g.sin(angles)].map((x) => g.unsqueeze(x, 1)) as [Value, Value]; // [T, 1, D]
  const partners = g.floats(partnerMatrix(size, frequencies.length), [size, size]);
  return (x, heads) => {
    const byHead = g.reshape(x, ["T", heads, size]); // [T, heads, D]
    const turned = g.add(g.mul(byHead, cos), g.mul(g.matmul(byHead, partners), sin));
    return g.reshape(turned, ["T", heads * size]);
  };
}

/** The matrix that gives each number of a pair the other one, and the first of them a minus: `[D, D]`. */
function partnerMatrix(size: number, pairs: number): number[] {
  const matrix = Array<number>(size * size).fill(0);
  for (let j = 0; j < pairs; ++j) {
    matrix[(j + pairs) * size + j] = -1;
    matrix[j * size + j + pairs] = 1;
  }
  return matrix;
}
