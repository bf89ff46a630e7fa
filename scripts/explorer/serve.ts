/**
 * Serves the explorer's page to this machine.
 *
 * @module
 */
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".safetensors": "application/octet-stream",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** How a folder is served. */
export interface ServeOptions {
  /** The port; 0 for any that is free. */
  readonly port?: number;
  /** The headers of all answers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The path below which the folder stands, as on a host of many; `/` by default. */
  readonly path?: string;
}

/** Serves the files of a folder on the loopback, and nothing else. */
export function serveExplorer(
  folder: string,
  { port = 0, headers = {}, path = "/" }: ServeOptions = {},
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
    const name = pathname.startsWith(path) ? pathname.slice(path.length) || "index.html" : "";
    if (!/^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/.test(name)) return new Response(null, { status: 404, headers });
    const file = await Deno.open(join(folder, name)).catch(() => undefined);
    if (!file) return new Response(null, { status: 404, headers });
    const { size } = await file.stat();
    const own = { ...headers, "content-type": TYPES[extname(name)] ?? "", "content-length": String(size) };
    return new Response(file.readable, { headers: { ...own, "cache-control": "no-cache" } });
  });
}
