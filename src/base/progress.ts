/** What a long call has done so far. */
export interface Progress {
  /** What is being done. */
  readonly task:
    | "download"
    | "load"
    | "identity"
    | "decode"
    | "candidates"
    | "trace"
    | "saliency"
    | "faithfulness"
    | "patch"
    | "edges"
    | "importance"
    | "rankings"
    | "lens"
    | "surprise"
    | "logitAttribution"
    | "encode"
    | "fillMask"
    | "classifier"
    | "factors"
    | "clusters"
    | "rollout"
    | "headScores"
    | "similarity"
    | "agreement"
    | "corpus"
    | "save";
  /** How many units are done; bytes, for a download, an identity and what is saved. */
  readonly completed: number;
  /** How many units there are; for `"decode"`, at most. */
  readonly total: number;
  /** A sentence for human eyes. */
  readonly message: string;
  /** The speed of a download, once it is known. */
  readonly bytesPerSecond?: number;
  /** How long a download will still take at this speed, once it is known. */
  readonly secondsLeft?: number;
}
