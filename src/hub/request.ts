/**
 * Requests that follow redirects by the rules of `address.ts`. Every request of this package is made here.
 *
 * @module
 */
import { inPage } from "../base/platform.ts";
import { addressProblem, redirectProblem, shownAddress } from "./address.ts";

/** What is asked, and what is done on the way. */
export interface Asked {
  /** Whether the bytes are wanted too. */
  readonly method: "HEAD" | "GET";
  /** Headers for every server on the way. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The access token, for the origin that is asked first. */
  readonly token?: string | undefined;
  /** Whether a browser may store the answer, or has it stored. */
  readonly cache?: RequestCache;
  /** Stops at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each answer on the way. */
  readonly onAnswer?: () => void;
  /** Whether the headers say enough, so that a redirect is not followed. */
  readonly enough?: (hops: readonly Headers[]) => boolean;
  /** Makes the error for a redirect that is not followed, of what happened. */
  readonly refused: (reason: string) => Error;
}

/** An answer, and the headers that the stations on the way to it gave, the first one first. */
export interface Reply {
  /** The answer. */
  readonly response: Response;
  /** The headers. */
  readonly hops: readonly Headers[];
  /** Whether the server that answered was told the token, if there is one. */
  readonly trusted: boolean;
}

const MOST_REDIRECTS = 10;

/**
 * Sends a request and follows redirects to https: and http: alone. The token is sent to the origin that is asked first,
 * and no more once a redirect has left it: whoever sent the request back would choose what is asked for with it.
 *
 * @throws What `fetch` does, and what `refused` makes of a redirect that is not followed.
 */
export async function request(from: URL, asked: Asked): Promise<Reply> {
  const problem = addressProblem(from);
  if (problem !== undefined) throw asked.refused(`cannot be asked for at ${shownAddress(from)} as ${problem}`);
  return await (inPage ? requestInPage(from, asked) : requestHere(from, asked));
}

/** Under Deno redirects are followed here: its own `fetch` reads `file:` too. */
async function requestHere(from: URL, asked: Asked): Promise<Reply> {
  let url = from;
  let trusted = true;
  const hops: Headers[] = [];
  for (;;) {
    const response: Response = await fetch(url, { ...init(asked, trusted), redirect: "manual" });
    asked.onAnswer?.();
    hops.push(response.headers);
    const location = response.headers.get("location");
    const redirects = response.status >= 300 && response.status < 400 && location !== null;
    if (!redirects || asked.enough?.(hops)) return { response, hops, trusted };
    await response.body?.cancel();
    if (!URL.canParse(location, url)) throw asked.refused("was redirected to what is no address");
    const next: URL = new URL(location, url);
    const problem = redirectProblem(url, next);
    if (problem !== undefined) throw asked.refused(`was redirected to ${shownAddress(next)}, and ${problem}`);
    if (hops.length > MOST_REDIRECTS) {
      throw asked.refused(`was redirected ${hops.length} times, at last to ${shownAddress(next)}`);
    }
    trusted &&= next.origin === from.origin;
    url = next;
  }
}

/**
 * A browser follows redirects itself, to https: and http: alone, and takes the token away where they leave the origin.
 * What it says is where the answer came from in the end.
 */
async function requestInPage(from: URL, asked: Asked): Promise<Reply> {
  const response = await fetch(from, { ...init(asked, true), redirect: "follow", credentials: "omit" });
  asked.onAnswer?.();
  const last = new URL(response.url);
  const problem = response.redirected ? redirectProblem(from, last) : undefined;
  if (problem !== undefined) {
    await response.body?.cancel();
    throw asked.refused(`was redirected to ${shownAddress(last)}, and ${problem}`);
  }
  return { response, hops: [response.headers], trusted: last.origin === from.origin };
}

function init({ method, headers = {}, token, cache, signal }: Asked, trusted: boolean): RequestInit {
  const authorization = token !== undefined && trusted ? { authorization: `Bearer ${token}` } : {};
  return {
    method,
    headers: { ...headers, ...authorization },
    signal: signal ?? null,
    ...inPage && cache !== undefined && { cache },
  };
}
