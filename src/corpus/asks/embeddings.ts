import { pooled, type PoolingOptions, unit } from "../../ask/encode/pooling.ts";
import { expectAbility } from "../../ask/question.ts";
import type { ModelConfig } from "../../models/config.ts";
import type { TableSchema } from "../types.ts";
import { adding, type CorpusAsk, DOCUMENT_COLUMNS, Rows, type ShardWork } from "./ask.ts";

const TABLE: TableSchema = {
  name: "embeddings",
  columns: [...DOCUMENT_COLUMNS, { name: "vector", type: "float[]", about: "the vector of the document" }],
};

/** A vector for each document, by an encoder: `model.encode()`; of a longer one, the mean of those of its windows. */
export const EMBEDDINGS_ASK: CorpusAsk = {
  name: "embeddings",
  tables: [TABLE],
  totals: [],
  needs: { stream: true },
  expect: ({ runner }) => expectAbility("ask for embeddings", "whole text", runner),
  begin: ({ model, settings }) => begin(model.runner.config, settings.embed),
  merge: adding,
};

function begin({ nEmbd: C }: ModelConfig, { pooling = "mean", normalize = true }: PoolingOptions): ShardWork {
  const rows = new Rows(TABLE);
  const sums = { vectors: 0 };
  let sum = new Float64Array(C);
  return {
    take({ windows, piece }) {
      for (const { window, offset } of windows) { // an encoder reads a window as a whole
        const T = window.tokenIds.length;
        const start = offset - piece.start;
        const vector = pooled(piece.stream!.subarray(start * C, (start + T) * C), T, pooling);
        sum = sum.map((x, c) => x + vector[c]!);
      }
    },
    finish({ index, id, windows }) {
      const mean = sum.map((x) => x / windows.length);
      rows.push({ document: index, id, vector: Float32Array.from(normalize ? unit(mean) : mean) });
      sums.vectors += 1;
      sum = new Float64Array(C);
    },
    end: () => ({ tables: [rows.rows()], sums }),
  };
}
