/**
 * The Jupyter server that serves a page, as far as a view needs it.
 *
 * @module
 */
import type { KernelAddress } from "./kernel_address.ts";

/** Where a server is, and what it wants to know. */
export interface JupyterServer {
  /** The beginning of its addresses, with a slash at its end. */
  readonly base: URL;
  /** The token, where there is one; a hub knows a person by cookies. */
  readonly token: string;
  /** What a hub wants to see beside its cookies, so that it knows that its own page asks. */
  readonly xsrf: () => string;
}

/** The server of a page of JupyterLab or Notebook 7; none of other pages, whose views stay as they are. */
export function serverOf(page: Document): JupyterServer | undefined {
  const script = page.querySelector('script#jupyter-config-data[type="application/json"]');
  if (!script || script.closest(".jp-OutputArea")) return undefined;
  try {
    const { baseUrl, token } = JSON.parse(script.textContent ?? "") as Partial<Record<string, unknown>>;
    if (typeof baseUrl !== "string") return undefined;
    const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`, page.location.href);
    if (base.origin !== page.location.origin) return undefined; // a token is not for others
    const xsrf = () => decodeURIComponent(/(?:^|;\s*)_xsrf=([^;]*)/.exec(page.cookie)?.[1] ?? "");
    return { base, token: typeof token === "string" ? token : "", xsrf };
  } catch {
    return undefined;
  }
}

/** How a kernel was found: its id, none where the server has no such kernel, or not at all. */
export type FoundKernel = { readonly id: string } | "none" | "unreachable";

/** Looks a kernel up: by its id, or by the notebook that it was started for. */
export async function findKernel(server: JupyterServer, { kernel, notebook }: KernelAddress): Promise<FoundKernel> {
  const path = kernel === "" ? "api/sessions" : `api/kernels/${kernel}`;
  try {
    const answer = await fetch(new URL(path, server.base), {
      ...{ credentials: "same-origin", cache: "no-store" },
      headers: {
        ...server.token !== "" && { Authorization: `token ${server.token}` },
        ...server.xsrf() !== "" && { "X-XSRFToken": server.xsrf() },
      },
    });
    if (answer.status === 404) return "none";
    if (!answer.ok) return "unreachable";
    const found: unknown = await answer.json();
    if (kernel !== "") return { id: kernel };
    const session = Array.isArray(found) ? found.find((one) => one?.path === notebook) : undefined;
    const id: unknown = session?.kernel?.id;
    return typeof id === "string" ? { id } : "none";
  } catch {
    return "unreachable";
  }
}

/**
 * Calls `then` when this page has restarted a kernel. No view is told of that by the server, and what the new kernel says
 * first may reach no socket.
 *
 * @returns Ends the watching.
 */
export function watchRestarts({ base }: JupyterServer, id: string, then: () => void): () => void {
  const { pathname } = new URL(`api/kernels/${id}/restart`, base);
  const observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(({ name }) => new URL(name).pathname === pathname)) then();
  });
  observer.observe({ type: "resource" });
  return () => observer.disconnect();
}

/** The address of a socket of a kernel's messages. */
export function socketAddress({ base, token, xsrf }: JupyterServer, id: string, session: string): URL {
  const address = new URL(`api/kernels/${encodeURIComponent(id)}/channels`, base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.searchParams.set("session_id", session);
  if (token !== "") address.searchParams.set("token", token); // a socket has no headers
  if (xsrf() !== "") address.searchParams.set("_xsrf", xsrf());
  return address;
}
