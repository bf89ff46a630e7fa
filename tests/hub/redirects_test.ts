/** Where a hub and the server of a directory may send a request, and who hears the token. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { LanguageModel } from "../../mod.ts";
import { addressProblem, isLoopback, redirectProblem, shownAddress } from "../../src/hub/address.ts";
import { readSettings } from "../../src/hub/settings.ts";
import { listing, modelFiles, temporaryCache } from "../support/hub_model.ts";
import { COMMIT, gitHash, HubServer, repository, sha256 } from "../support/hub_server.ts";
import { hasProgram } from "../support/program.ts";

const FILES = await modelFiles();
const WEIGHTS = FILES["model.safetensors"]!;
const NOWHERE = [
  ["data:application/octet-stream,secret", "it is data: rather than https: or http:"],
  ["blob:null/0", "it is blob: rather than https: or http:"],
  ["ftp://127.0.0.1/x", "it is ftp: rather than https: or http:"],
  ["javascript:0", "it is javascript: rather than https: or http:"],
  ["http://me:hf_secret@127.0.0.1/x", "a name or a password stands in it, which would be shown"],
] as const;

const redirect = (location: string, headers: Record<string, string> = {}) =>
  new Response(null, { status: 302, headers: { ...headers, location } });

/** A file that nobody is to find in a cache. */
async function secretFile(bytes: Uint8Array) {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, bytes);
  return { url: `file://${path}`, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** What is in the blobs of a cache. */
async function blobs(cache: string): Promise<string[]> {
  return (await listing(cache)).filter((path) => path.includes("/blobs/"));
}

for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) {
  for (const described of [false, true]) {
    const way = described ? "with its hash" : "without a word about it";
    Deno.test(`fromPretrained() does not follow a hub that sends ${name} to a local file, ${way}`, async () => {
      const bytes = FILES[name]!;
      await using secret = await secretFile(bytes);
      await using hub = new HubServer({ "owner/tiny": repository(FILES) });
      await using cache = await temporaryCache();
      const headers: Record<string, string> = described
        ? { "x-repo-commit": COMMIT, "x-linked-etag": `"${sha256(bytes)}"`, "x-linked-size": String(bytes.length) }
        : {};
      for (const [to, problem] of [[secret.url, "it is file: rather than https: or http:"] as const, ...NOWHERE]) {
        hub.intervene = ({ path }) => path.endsWith(name) ? redirect(to, headers) : undefined;
        const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
        await rejects(LanguageModel.fromPretrained("owner/tiny", options), ({ message }: Error) => {
          ok(message.startsWith(`Cannot load "owner/tiny" as ${name} was redirected to `), message);
          ok(message.endsWith(`, and ${problem}; check the address of the hub`), message);
          return !message.includes("secret");
        });
      }
      const hash = name === "model.safetensors" || described ? sha256(bytes) : gitHash(bytes);
      ok((await blobs(cache.path)).every((path) => !path.endsWith(hash)), "the file is in the cache");
    });
  }
}

Deno.test("fromPretrained() does not follow a redirect to a local file behind others, nor in circles", async () => {
  await using secret = await secretFile(FILES["config.json"]!);
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  hub.intervene = ({ path }) => {
    const station = Number(/^\/station\/(\d)$/.exec(path)?.[1] ?? 0);
    return redirect(station < 3 ? `/station/${station + 1}` : secret.url);
  };
  await rejects(LanguageModel.fromPretrained("owner/tiny", options), /was redirected to file:…, and it is file:/);
  equal(hub.seen.length, 4);
  hub.seen.length = 0;
  hub.intervene = ({ path }) => redirect(path);
  await rejects(LanguageModel.fromPretrained("owner/tiny", options), /was redirected 11 times, at last to http:/);
  equal(hub.seen.length, 11);
  deepEqual(await blobs(cache.path), []);
});

Deno.test("fromPretrained() follows no directory of a web server to a local file", async () => {
  await using secret = await secretFile(WEIGHTS);
  for (const name of ["config.json", "tokenizer.json", "model.safetensors", "model.safetensors.index.json"]) {
    for (const [to, problem] of [[secret.url, "it is file: rather than https: or http:"] as const, ...NOWHERE]) {
      const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
      await using server = Deno.serve(options, (request) => {
        const asked = new URL(request.url).pathname.slice(1);
        if (asked === name) return redirect(to);
        const there = FILES[asked] && !(name.endsWith("index.json") && asked === "model.safetensors");
        return there ? new Response(FILES[asked]!) : new Response(null, { status: 404 });
      });
      const base = `http://127.0.0.1:${server.addr.port}/`;
      await rejects(LanguageModel.fromPretrained(base, { backend: "wasm" }), ({ message }: Error) => {
        ok(message.startsWith(`Cannot download ${base}${name}: it was redirected to `), message);
        return message.endsWith(`, and ${problem}`);
      });
    }
  }
});

Deno.test("redirects lead to http: and https: alone, never down to http:, and to this machine from itself", () => {
  const problem = (from: string, to: string) => redirectProblem(new URL(from), new URL(to));
  const followed = [
    ["https://hub.example/a", "https://cdn.example/b"],
    ["http://hub.example/a", "https://hub.example/a"],
    ["http://hub.example/a", "http://cdn.example/b"],
    ["http://127.0.0.1:1/a", "http://127.0.0.1:2/a"],
    ["https://localhost:1/a", "http://localhost:2/a"],
    ["http://localhost:1/a", "https://hub.example/a"],
  ] as const;
  const refused = [
    ["https://hub.example/a", "http://hub.example/a", "it goes from https: down to http:"],
    ["https://localhost/a", "http://hub.example/a", "it goes from https: down to http:"],
    ["https://hub.example/a", "http://127.0.0.1/a", "it leads to this machine"],
    ["https://hub.example/a", "https://localhost/a", "it leads to this machine"],
    ["http://hub.example/a", "http://[::1]:8080/a", "it leads to this machine"],
    ["http://hub.example/a", "http://0x7f.1/a", "it leads to this machine"],
    ["http://127.0.0.1/a", "file:///etc/hostname", "it is file: rather than https: or http:"],
  ] as const;
  for (const [from, to] of followed) equal(problem(from, to), undefined, `${from} -> ${to}`);
  for (const [from, to, expected] of refused) equal(problem(from, to), expected, `${from} -> ${to}`);
  const here = ["localhost", "localhost.", "a.localhost", "127.0.0.1", "127.1.2.3", "2130706433", "0.0.0.0", "[::1]"];
  const mapped = ["[::]", "[::ffff:127.0.0.1]", "[::ffff:0.0.0.0]"];
  for (const host of [...here, ...mapped]) ok(isLoopback(new URL(`http://${host}/`)), host);
  for (const host of ["localhost.example", "128.0.0.1", "127.0.0.1.example", "[::2]", "[::ffff:8.8.8.8]", "hub"]) {
    ok(!isLoopback(new URL(`http://${host}/`)), host);
  }
  equal(addressProblem(new URL("https://hub.example/")), undefined);
  equal(shownAddress(new URL("https://me:word@hub.example/a?signature=b#c")), "https://hub.example/a");
});

/** It makes the certificate of a server. */
const ignore = !await hasProgram("openssl", "version");

Deno.test("fromPretrained() does not go on over http: where it began over https:", { ignore }, async () => {
  await using folder = await temporaryCache();
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => `${folder.path}/${name}`) as [string, string];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "1"];
  const made = await new Deno.Command("openssl", { args: [...args, ...subject], stderr: "null" }).output();
  ok(made.success, "openssl is needed to make a certificate");
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  const tls = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  const seen: string[] = [];
  const listen = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve({ ...listen, ...tls }, (request) => {
    const { pathname } = new URL(request.url);
    seen.push(`${pathname} ${request.headers.get("authorization")}`);
    const [, host, path] = /^\/(here|away)(\/.*)$/.exec(pathname) ?? [];
    return redirect(host === "here" ? `${hub.endpoint}${path}` : `http://hub.example${path}`);
  });
  const code = `import { LanguageModel } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
    const [endpoint, cacheDir] = Deno.args;
    await using model = await LanguageModel.fromPretrained("owner/tiny", { endpoint, cacheDir, token: "hf_right", backend: "wasm" });
    console.log(model.id);`;
  await Deno.writeTextFile(`${folder.path}/script.ts`, code);
  const load = async (way: string) => {
    const endpoint = `https://localhost:${server.addr.port}/${way}`;
    const args = [
      "run",
      "-A",
      "--no-check",
      "--unsafely-ignore-certificate-errors=localhost",
      `${folder.path}/script.ts`,
      endpoint,
      `${folder.path}/${way}`,
    ];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { "NO_COLOR": "1" } }).output();
    return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
  };
  const away = await load("away");
  ok(/was redirected to http:\/\/hub\.example\/.*config\.json, and it goes from https: down to http:/.test(away), away);
  const here = await load("here");
  equal(here.trim(), "owner/tiny");
  ok(seen.length > 3 && seen.every((request) => request.endsWith(" Bearer hf_right")));
  ok(hub.seen.length > 3 && hub.seen.every(({ authorization }) => authorization === null), "the token left its origin");
});

Deno.test("the token is sent to the origin of the endpoint alone: no other port, no other name, and no way back", async () => {
  await using hub = new HubServer({ "owner/gated": repository(FILES, { token: "hf_right" }) });
  await using cache = await temporaryCache();
  const { port } = new URL(hub.endpoint);
  const listen = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const heard: (string | null)[] = [];
  await using other = Deno.serve(listen, (request) => {
    heard.push(request.headers.get("authorization"));
    return redirect(`${hub.endpoint}${new URL(request.url).pathname}`);
  });
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, token: "hf_right", backend: "wasm" } as const;
  const sendsTo = (host: string) => {
    hub.seen.length = 0;
    hub.intervene = ({ path, authorization }) => {
      return authorization === null ? undefined : redirect(`http://${host}${path}`);
    };
    return rejects(LanguageModel.fromPretrained("owner/gated", options), ({ message }: Error) => {
      ok(message.startsWith('Cannot load "owner/gated" as config.json was refused by http://'), message);
      return message.endsWith("alone; pass that address as the endpoint if the token is for it");
    });
  };
  await sendsTo(`127.0.0.1:${other.addr.port}`);
  deepEqual(heard, [null]);
  deepEqual(hub.seen.map(({ authorization }) => authorization), ["Bearer hf_right", null]);
  await sendsTo(`localhost:${port}`);
  deepEqual(hub.seen.map(({ authorization }) => authorization), ["Bearer hf_right", null]);
  hub.intervene = ({ path }) => path.startsWith("/old/") ? redirect(path.slice("/old".length)) : undefined;
  await using _model = await LanguageModel.fromPretrained("owner/gated", {
    ...options,
    endpoint: `${hub.endpoint}/old`,
  });
});

Deno.test("an endpoint and the address of a directory are http or https, and have no password in them", async () => {
  const refused = [
    ["file:///etc/", "Cannot use file:… as the address of a hub as it is file: rather than https: or http:"],
    ["ftp://hub.example", "Cannot use ftp:… as the address of a hub as it is ftp: rather than https: or http:"],
    [
      "https://me:hf_secret@hub.example/",
      "Cannot use https://hub.example/ as the address of a hub as a name or a password stands in it, which would be shown",
    ],
    [
      "https://hub.example/?a=1",
      "Cannot use https://hub.example/ as the address of a hub as names of models are put at its end",
    ],
  ] as const;
  for (const [endpoint, reason] of refused) {
    const message = `${reason}; pass an http or https URL, as in https://huggingface.co`;
    await rejects(readSettings({ endpoint }), { name: "TypeError", message });
  }
  equal((await readSettings({ endpoint: " HTTPS://Hub.Example/mirror// " })).endpoint, "https://hub.example/mirror");
  await rejects(LanguageModel.fromPretrained("https://me:hf_secret@hub.example/model"), {
    name: "TypeError",
    message: "Cannot load a model from https://hub.example/model/ as a name or a password stands in it, which would " +
      "be shown; serve the directory where no password is needed, or download it",
  });
  for (const id of ["ftp://hub.example/model", "data:,x", "blob:null/0"]) {
    await rejects(LanguageModel.fromPretrained(id), /as there is no such directory/);
  }
});

Deno.test("a hub whose sizes, hashes and commits cannot be is refused", async () => {
  await using hub = new HubServer({ "owner/tiny": repository(FILES) });
  await using cache = await temporaryCache();
  const options = { endpoint: hub.endpoint, cacheDir: cache.path, backend: "wasm" } as const;
  const cases = [
    ["x-linked-size", "-5", /came with -5 as its size; try another hub$/],
    ["x-linked-size", "1e40", /came with 1e\+40 as its size/],
    ["x-linked-size", "much", /came with NaN as its size/],
    ["x-linked-etag", "../../../../evil", /came without a usable X-Repo-Commit and ETag/],
    ["x-linked-etag", "..", /came without a usable/],
    ["x-linked-etag", "C:\\evil", /came without a usable/],
    ["x-repo-commit", "../../evil", /came without a usable/],
    ["x-repo-commit", "/evil", /came without a usable/],
  ] as const;
  for (const [header, value, message] of cases) {
    hub.intervene = (_, answer) => {
      const response = answer();
      response.headers.set(header, value);
      return response;
    };
    await rejects(LanguageModel.fromPretrained("owner/tiny", options), { name: "Error", message });
    deepEqual((await listing(cache.path)).filter((path) => path.includes("evil")), [], value);
  }
});
