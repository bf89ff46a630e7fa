/**
 * What a map is: whole, of tokens or of groups of them, of single targets or of all together. Every function that takes
 * a map asks here first.
 *
 * @module
 */
import { shown } from "../../base/words.ts";
import type { Saliency, SaliencyDefinition } from "./definition.ts";

/** What the columns of a map stand for. */
export type MapUnit = "token" | NonNullable<SaliencyDefinition["by"]>;

/** What each column of a map stands for. */
export function unitOf({ options }: Saliency): MapUnit {
  return options.by ?? "token";
}

/**
 * Refuses what is no map, and a map whose parts do not belong together, as when its positions alone were filtered.
 *
 * @param task What is attempted, to complete "Cannot ...".
 * @throws {TypeError} When it is none.
 * @throws {RangeError} When its scores have another shape than its text and positions ask for, or a position is not in it.
 */
export function expectMap(task: string, map: Saliency): void {
  expectFields(map);
  const { sequence, positions, scores, options } = map;
  const T = sequence.tokenIds.length;
  const rows = options.together ? 1 : positions.length;
  if (`${scores.shape}` !== `${[rows, T]}` || scores.data.length !== rows * T) {
    throw new RangeError(
      `Cannot ${task} a map of the shape [${scores.shape.join(", ")}]; its rows need [${rows}, ${T}]`,
    );
  }
  const least = options.by ? 0 : 1; // the first word may have explained tokens, the first token has none before it
  const wrong = positions.find((position) => !Number.isInteger(position) || position < least || position >= T);
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot ${task} a map of position ${wrong} as its text has the positions ${least} to ${T - 1}`,
    );
  }
  expectGrouping(task, map);
}

function expectFields(map: Saliency): void {
  const fields = (map ?? {}) as Partial<Record<keyof Saliency | "groups", unknown>>;
  const { sequence, positions, scores, options } = fields as Partial<Saliency>;
  if (Array.isArray(fields.groups) && !options) {
    throw new TypeError("Cannot use what groupScores() returned as a map; pass groupSaliency(map, by)");
  }
  const isWhole = Array.isArray(sequence?.tokenIds) && Array.isArray(positions) && Array.isArray(scores?.shape) &&
    scores.data instanceof Float32Array && typeof options === "object" && options !== null;
  if (isWhole) return;
  const found = map instanceof Promise ? "a promise" : map === null || typeof map !== "object" ? shown(map) : "this";
  throw new TypeError(`Cannot use ${found} as a map; pass what await saliency() returned`);
}

/** The groups of a map by groups are as many as its columns, one after the other, and hold all tokens. */
function expectGrouping(task: string, { sequence, options, grouping }: Saliency): void {
  if (!grouping) return;
  const { groups, sequence: { tokenIds } } = grouping;
  const ends = groups.map(({ end }) => end);
  const follow = groups.every(({ start, end }, g) => start === (ends[g - 1] ?? 0) && end > start);
  if (options.by && follow && ends.at(-1) === tokenIds.length && groups.length === sequence.tokenIds.length) return;
  const found = `${groups.length} groups of ${tokenIds.length} tokens`;
  throw new RangeError(`Cannot ${task} a map of ${sequence.tokenIds.length} columns that has ${found}`);
}
