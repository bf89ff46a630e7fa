/** What is used of hyparquet; loaded when the first file is opened. */
export { parquetMetadataAsync, parquetSchema } from "npm:hyparquet@1.33.0";
export { parquetReadColumn } from "npm:hyparquet@1.33.0/src/read.js";
export { parquetHeader } from "npm:hyparquet@1.33.0/src/column.js";
