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
    return { base, token: typeof token === "string" ? token : "" };
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
    const answer = await fetch(addressOf(server, path), { credentials: "same-origin", cache: "no-store" });
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

/** The address of a socket of a kernel's messages. */
export function socketAddress(server: JupyterServer, id: string, session: string): URL {
  const address = addressOf(server, `api/kernels/${encodeURIComponent(id)}/channels`);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.searchParams.set("session_id", session);
  return address;
}

function addressOf({ base, token }: JupyterServer, path: string): URL {
  const address = new URL(path, base);
  if (token !== "") address.searchParams.set("token", token);
  return address;
}
