/**
 * Which addresses are asked, and where an answer may send a request. A hub says where its files are; it is not to be
 * believed more than that: a redirect to `file:` would make a file of this machine the file of a model.
 *
 * @module
 */

/** What is wrong with an address that a user names; undefined when it can be asked. */
export function addressProblem(url: URL): string | undefined {
  if (url.protocol !== "https:" && url.protocol !== "http:") return `it is ${url.protocol} rather than https: or http:`;
  // Addresses stand in errors and in the results that a model is named in.
  if (url.username !== "" || url.password !== "") return "a name or a password stands in it, which would be shown";
  return undefined;
}

/**
 * What is wrong with a redirect; undefined when it may be followed. Nobody else's server leads to a service of this
 * machine, and nothing that is asked for over https comes without it, but from this machine itself.
 */
export function redirectProblem(from: URL, to: URL): string | undefined {
  const problem = addressProblem(to);
  if (problem !== undefined) return problem;
  if (isLoopback(to)) return isLoopback(from) ? undefined : "it leads to this machine";
  return from.protocol === "https:" && to.protocol === "http:" ? "it goes from https: down to http:" : undefined;
}

/** Whether an address is one of this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:(7f[0-9a-f]{2}:[0-9a-f]+|0:0)\])\.?$/
    .test(hostname);
}

/** An address without what nobody should read: a name, a password, and what a query may have signed. */
export function shownAddress(url: URL): string {
  return /^https?:$/.test(url.protocol) ? `${url.origin}${url.pathname}`.slice(0, 200) : `${url.protocol}…`;
}
