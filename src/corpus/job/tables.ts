/**
 * The tables that every job has.
 *
 * @module
 */
import { DOCUMENT_COLUMNS } from "../asks/ask.ts";
import type { TableSchema } from "../types.ts";

/** What was read. */
export const DOCUMENTS: TableSchema = {
  name: "documents",
  columns: [
    ...DOCUMENT_COLUMNS,
    { name: "text", type: "string", about: "the text" },
    { name: "tokens", type: "int32", about: "how many tokens it has, with those that the model expects around it" },
    { name: "windows", type: "int32", about: "how many pieces it was read in" },
    { name: "tokenIds", type: "int32[]", about: "its tokens; a position is an index here" },
    { name: "starts", type: "int32[]", about: "where each begins in the text, in UTF-16 code units" },
  ],
};

/** What was not. */
export const PROBLEMS: TableSchema = {
  name: "problems",
  columns: [...DOCUMENT_COLUMNS, {
    name: "problem",
    type: "string",
    about: 'what is wrong, after "Cannot explain ... as"',
  }],
};
