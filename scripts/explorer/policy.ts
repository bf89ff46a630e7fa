/** Where models of the hub come from. */
export interface Hub {
  /** The address of the hub; empty for huggingface.co. */
  readonly endpoint: string;
  /** Other origins that it sends files from. */
  readonly origins: readonly string[];
}

/** The hub itself, and where it sends large files from. */
const HUGGING_FACE = ["https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co"];

/**
 * What the page may load: its own files, and models of the hub. Views have styles in their elements, which is why styles
 * may stand in the page; scripts may not.
 */
export function contentPolicy({ endpoint, origins }: Hub): string {
  const hubs = endpoint === "" ? HUGGING_FACE : [new URL(endpoint).origin, ...origins];
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `connect-src 'self' ${hubs.join(" ")}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** The headers of all files: the policy, and what lets the page compute in several threads. */
export function headersOf(hub: Hub): Readonly<Record<string, string>> {
  return {
    "content-security-policy": `${contentPolicy(hub)}; frame-ancestors 'self'`,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}
