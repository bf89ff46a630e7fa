/**
 * Keeps the page: after the first visit it works without the network. What it answers with has the headers that let
 * the page compute in several threads, which a host of files cannot be told to send.
 *
 * @module
 */

/** What stands before this program: see `scripts/explorer/build.ts`. */
interface Kept {
  /** Another one when any file is another one. */
  readonly version: string;
  /** The files that are kept at the first visit, and those that are kept when they are first used. */
  readonly now: readonly string[];
  readonly later: readonly string[];
  /** The headers of all answers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the compiler does not know of a service worker. */
interface Scope extends EventTarget {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

interface Extendable extends Event {
  waitUntil(promise: Promise<unknown>): void;
}

interface Fetching extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const scope = globalThis as unknown as Scope;
const kept: Kept = Reflect.get(globalThis, "EXPLORER_FILES");
const PREFIX = "looking-glass-explorer-";
const NAME = `${PREFIX}${kept.version}`;

/** The file of the page that a request is for; none of what is elsewhere. */
function fileOf({ method, url }: Request): string | undefined {
  const base = scope.registration.scope;
  if (method !== "GET" || !url.startsWith(base)) return undefined;
  const name = new URL(url).pathname.slice(new URL(base).pathname.length) || "index.html";
  return [...kept.now, ...kept.later].includes(name) ? name : undefined;
}

/** The same answer with the headers of the page. */
function withHeaders(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(kept.headers)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function answer(name: string): Promise<Response> {
  const cache = await caches.open(NAME);
  const address = new URL(name, scope.registration.scope).href;
  const found = await cache.match(address);
  if (found) return withHeaders(found);
  const response = await fetch(address);
  if (response.ok) await cache.put(address, response.clone());
  return withHeaders(response);
}

async function keepAll(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll(kept.now.map((name) => new URL(name, scope.registration.scope).href));
  await scope.skipWaiting();
}

async function takeOver(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

scope.addEventListener("install", (event) => (event as Extendable).waitUntil(keepAll()));
scope.addEventListener("activate", (event) => (event as Extendable).waitUntil(takeOver()));
scope.addEventListener("fetch", (event) => {
  const fetching = event as Fetching;
  const name = fileOf(fetching.request);
  if (name !== undefined) fetching.respondWith(answer(name));
});
