/**
 * How numbers and tables are written.
 *
 * @module
 */

/** Seconds, to three digits. */
export function formatTime(seconds: number): string {
  if (seconds >= 10) return `${seconds.toFixed(1)} s`;
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  return `${(1000 * seconds).toFixed(seconds >= 0.1 ? 0 : 1)} ms`;
}

/** A ratio, to two or three digits. */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(ratio >= 10 ? 1 : 2)}x`;
}

/** A table; numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map((_, i) => i === 0 ? "---" : "--:")), ...rows.map(line)].join("\n");
}

/** What there is to say of a row that has no result. */
export function failed(error: string): string {
  return `failed: ${error.length > 120 ? `${error.slice(0, 117)}...` : error}`;
}
