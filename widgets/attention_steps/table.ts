/**
 * The steps of one query as a table, in HTML and as plain text.
 *
 * @module
 */
import { dataTable, textTable } from "../kit/chips.ts";
import type { Html } from "../kit/html.ts";
import { numberText } from "../kit/numbers.ts";
import { probabilityText } from "../kit/quantities.ts";
import { numberedToken } from "../kit/token_text.ts";
import { drawnTokens, earlierWeight, sees, type StepsShown } from "./data.ts";

const NAMES = ["key", "query · key", "scaled", "masked", "weight", "length of value"];

const lengthOf = (vector: Float32Array) => Math.hypot(...vector);

function rowsOf(shown: StepsShown): string[][] {
  const { sequence, position, score, scale, weight, value, start } = shown;
  const rows = drawnTokens(shown).map((key) => {
    const scaled = numberText(scale * score(position, key), 4);
    return [
      ...[numberedToken(sequence, key), numberText(score(position, key), 4), scaled],
      ...[sees(shown, position, key) ? scaled : "−∞", probabilityText(weight(position, key))],
      numberText(lengthOf(value(key)), 4),
    ];
  });
  if (start === 0) return rows;
  return [[`0–${start - 1} together`, "", "", "", probabilityText(earlierWeight(shown, position)), ""], ...rows];
}

/** As HTML. */
export function stepsTable(shown: StepsShown): Html {
  return dataTable(NAMES, rowsOf(shown), { isNumber: (column) => column > 0 });
}

/** As plain text. */
export function stepsText(shown: StepsShown): string {
  const { layer, head, heads, size, position, sequence, merged, output } = shown;
  const sum = merged(position).subarray(head * size, (head + 1) * size);
  return `Layer ${layer}, head ${head} (of ${heads}): what ${numberedToken(sequence, position)} takes from the others
${textTable([NAMES, ...rowsOf(shown)])}
The sum of the values has the length ${numberText(lengthOf(sum), 4)}; all heads side by side ${
    numberText(lengthOf(merged(position)), 4)
  }; projected, what is added to the token ${numberText(lengthOf(output(position)), 4)}`;
}
