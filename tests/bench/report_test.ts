import { deepEqual, equal, match } from "@std/assert";
import type { Measurement } from "../../bench/protocol.ts";
import { REAL, realRow } from "../../bench/real.ts";
import { differing, markdown } from "../../bench/report.ts";
import type { Results } from "../../bench/results.ts";

const TEXT = { tokenIds: [1, 2, 3], promptLength: 1 };

/** What two programs found on a published model, and how far apart their maps are. */
function results(apart: number, tokenIds = TEXT.tokenIds): Results {
  const rows = (scale: number): Record<string, Measurement[]> => {
    const measured: Measurement[] = [
      { row: realRow("decode"), seconds: [0.01 * scale], answer: scale === 1 ? TEXT.tokenIds : tokenIds },
      {
        row: realRow("explain 20 after 23"),
        seconds: [0.1 * scale],
        answer: scale === 1 ? [1, 0.5] : [1, 0.5 + apart],
      },
      { row: realRow("load"), seconds: [0.2 * scale] },
      { row: realRow("memory"), bytes: { loaded: 1e8 * scale, worked: 2e8 * scale, peak: 3e8 * scale } },
    ];
    return Object.fromEntries(measured.map((one) => [one.row, [one]]));
  };
  return {
    ...{ date: "2026-11-29", cpu: "a processor", cores: 2, runtimes: [], threads: 2, load: 0, rounds: 1, repeat: 1 },
    ...{ quick: true, minutes: 1, weightBytes: 4e8, realBytes: 5e8 },
    texts: { [realRow("20 after 23")]: TEXT, "16 of 512": TEXT },
    measured: {
      native: rows(1),
      transformers: rows(2),
      limit: { bandwidth: [{ row: "bandwidth", seconds: [0.004] }] },
    },
  };
}

Deno.test("markdown() has the rows of a published model, beside its own limits and size", () => {
  const text = markdown(results(2e-4));
  const lines = text.split("\n").map((line) => line.replaceAll(/ +/g, " "));
  const after = (title: string) => {
    const start = lines.findIndex((line) => line.startsWith(`**${REAL}`) && line.includes(title));
    return lines.slice(start + 4, start + 6).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  };
  // 5e8 bytes at 1e11 bytes a second
  match(text, /one decode step \(of 19, after 23 \+ 1 tokens\)\*\* \(limit 5\.0 ms\)/);
  deepEqual(after("one decode step").map(([name, , , , , ...cells]) => [name, ...cells]), [
    ["ours, native", "2.00x", "same tokens"],
    ["transformers", "4.00x", "same tokens"],
  ]);
  deepEqual(after("explain the last 20").map((cells) => cells.at(-1)), [
    "what others are compared with",
    "within 2e-4",
  ]);
  deepEqual(after("load the model").map((cells) => cells[4]), ["1.00x", "2.00x"]);
  deepEqual(after("Resident memory").map((cells) => cells[2]), ["200 MB, 0.40x", "400 MB, 0.80x"]);
  deepEqual(differing(results(2e-4)), []);
});

Deno.test("differing() names rows of a published model whose numbers are others", () => {
  deepEqual(differing(results(4e-3)), [`transformers, ${realRow("explain 20 after 23")}`]);
  deepEqual(differing(results(0, [1, 2, 4])), [`transformers, ${realRow("decode")}`]);
});

Deno.test("markdown() says that the published model was absent", () => {
  const { realBytes: _, ...absent } = results(0);
  const text = markdown({ ...absent, measured: {} });
  match(text, new RegExp(`\n${REAL} was not in the cache of the hub, so it was not measured`));
  equal(text.includes(`**${REAL}`), false);
});

Deno.test("markdown() of what is judged inside has its rows alone, with a peer that was stopped and equal numbers named", () => {
  const own = { row: "default explain", seconds: [0.5, 0.7], answer: [1, 0.25] };
  const inside: Results = {
    ...results(0),
    inside: true,
    texts: { "20 after 23": TEXT, "16 of 512": TEXT },
    measured: {
      native: {
        patch: [{ row: "patch", seconds: [2], answer: [4, -2] }],
        "default decode": [{ row: "default decode", seconds: [0.02], answer: TEXT.tokenIds }],
        "default explain": [own],
      },
      "native, beside a changed model": {
        "default decode": [{ row: "default decode", seconds: [0.021], answer: TEXT.tokenIds }],
        "default explain": [{ ...own, seconds: [0.6], answer: [...own.answer] }],
      },
      transformers: { patch: [{ row: "patch", seconds: [5], answer: [4, -2.00008] }] },
      TransformerLens: { patch: [{ row: "patch", error: "stopped after 400 s" }] },
    },
  };
  const text = markdown(inside);
  const rows = text.split("\n").filter((line) => /^\| (ours|trans|Trans)/.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  deepEqual(rows.map(([name, median, , , ofNative, , numbers]) => [name, median, ofNative, numbers]), [
    ["ours, native", "2.00 s", "1.00x", "what others are compared with"],
    ["transformers", "5.00 s", "2.50x", "within 2e-5"],
    ["TransformerLens", "failed: stopped after 400 s", "", ""],
    ["ours, native", "20.0 ms", "1.00x", "same tokens"],
    ["ours, native, beside a changed model", "21.0 ms", "1.05x", "same tokens"],
    ["ours, native", "600 ms", "1.00x", "what others are compared with"],
    ["ours, native, beside a changed model", "600 ms", "1.00x", "the same numbers"],
  ]);
  equal(/Resident memory|goal|Load/.test(text), false);
  deepEqual(differing(inside), []);
  const other = {
    ...inside.measured,
    "native, beside a changed model": { "default explain": [{ ...own, answer: [1, 0.3] }] },
  };
  deepEqual(differing({ ...inside, measured: other }), ["native, beside a changed model, default explain"]);
});

Deno.test("differing() names whole scripts that write other tokens, however near their ids are", () => {
  const scripts = (tokenIds: readonly number[]): Results => ({
    ...results(0),
    measured: {
      native: { script: [{ row: "script", seconds: [1], answer: [464, 8251, 11] }] },
      transformers: { script: [{ row: "script", seconds: [4], answer: tokenIds }] },
    },
  });
  deepEqual(differing(scripts([464, 8251, 11])), []);
  deepEqual(differing(scripts([464, 8251, 12])), ["transformers, script"]);
  const [, ...lines] = markdown(scripts([464, 8251, 11])).split("A whole script")[1]!.split("\n").slice(3, 6);
  deepEqual(lines.map((line) => line.split("|").slice(1, 6).map((cell) => cell.trim())), [
    ["ours, native", "1.00 s", "1.00 s", "1", "1.00x"],
    ["transformers", "4.00 s", "4.00 s", "1", "4.00x"],
  ]);
});
