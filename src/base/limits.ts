/** Weights in more files are not loaded: each of them is asked for and opened. */
export const MOST_SHARDS = 1024;
