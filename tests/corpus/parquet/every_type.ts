import type { TableRows } from "../../../src/corpus/types.ts";

/** Rows with all types of columns, and values that are likely to be lost; `scripts/oracles/parquet_file.ts` writes them. */
export const EVERY_TYPE: TableRows = {
  table: {
    name: "every_type",
    columns: [
      { name: "text", type: "string", about: "texts, also empty ones and ones beyond ASCII" },
      { name: "small", type: "int32", about: "whole numbers of 32 bits" },
      { name: "large", type: "int64", about: "whole numbers of 64 bits" },
      { name: "single", type: "float", about: "numbers of single precision" },
      { name: "double", type: "double", about: "numbers of double precision" },
      { name: "flag", type: "boolean", about: "yes or no" },
      { name: "numbers", type: "float[]", about: "lists of numbers" },
      { name: "ids", type: "int32[]", about: "lists of whole numbers" },
    ],
  },
  columns: {
    text: ["plain", "", '東京 😀 \u0000 "quoted"\n', null, "é"],
    small: [0, -(2 ** 31), 2 ** 31 - 1, null, 7],
    large: [0, -(2n ** 63n), 2n ** 63n - 1n, null, Number.MAX_SAFE_INTEGER],
    single: [0.5, -Infinity, NaN, null, Math.fround(0.1)],
    double: [0.1, Infinity, 5e-324, null, -1.7976931348623157e308],
    flag: [true, false, true, null, false],
    numbers: [[], [0.5], new Float32Array([1, 2, 3]), null, [NaN, -0.25]],
    ids: [[1, 2], [], Int32Array.of(-(2 ** 31), 2 ** 31 - 1), null, [0]],
  },
};

/** What stands in the metadata beside it. */
export const ABOUT = { model: { id: "a model", files: ["model.safetensors"] }, options: { overlap: 64 } };
