/**
 * A corpus in an S3-like store: each file is an object, which a PUT writes whole or not at all.
 *
 * @module
 */
import type { AwsClient } from "npm:aws4fetch@1.0.20";
import { expectOptions, type OptionTable } from "../../base/options.ts";
import { messageOf } from "../../base/words.ts";
import { addressProblem, shownAddress } from "../../hub/address.ts";
import type { CorpusStore } from "../types.ts";
import { checkName, checkRange } from "./names.ts";

/** Where a store is, and who asks. */
export interface S3StoreOptions {
  /** The address of the service, as in `https://s3.eu-central-1.amazonaws.com` or `http://minio:9000`. */
  readonly endpoint: string;
  /** The bucket. */
  readonly bucket: string;
  /**
   * What stands before the names of all files, as a folder does.
   *
   * @default {""}
   */
  readonly prefix?: string;
  /**
   * The region that requests are signed for.
   *
   * @default {"us-east-1"}
   */
  readonly region?: string;
  /**
   * The id of the access key.
   *
   * @default The variable `AWS_ACCESS_KEY_ID`.
   */
  readonly accessKeyId?: string;
  /**
   * The secret of the access key.
   *
   * @default The variable `AWS_SECRET_ACCESS_KEY`.
   */
  readonly secretAccessKey?: string;
  /**
   * The token of a session.
   *
   * @default The variable `AWS_SESSION_TOKEN`; none where it is not set.
   */
  readonly sessionToken?: string;
}

const OPTIONS: OptionTable<S3StoreOptions> = {
  task: "open a store",
  kinds: {
    endpoint: "a text",
    bucket: "a text",
    prefix: "a text",
    region: "a text",
    accessKeyId: "a text",
    secretAccessKey: "a text",
    sessionToken: "a text",
  },
  required: ["endpoint", "bucket"],
};

/** Answers that another try may change. */
const TRANSIENT = [408, 429, 500, 502, 503, 504];
const RETRIES = 4;

/**
 * Opens a part of a bucket as the place of a corpus: `out` of {@linkcode explainCorpus}, and what {@linkcode openCorpus}
 * opens. Paths have the bucket in them, as every such service understands. Nothing is asked yet.
 *
 * @param options Where it is, and who asks; a key that is not given is read from the environment.
 * @returns The store; a PUT is tried again where the service is busy, which changes nothing as it writes the same.
 * @throws {TypeError} When there is no key, or the address is none.
 *
 * @example
 * ```ts
 * import { s3Store } from "@looking-glass/looking-glass";
 *
 * const key = { accessKeyId: "key", secretAccessKey: "secret" };
 * const out = s3Store({ endpoint: "http://127.0.0.1:9000", bucket: "corpora", prefix: "tales/", ...key });
 * console.log(out.name); // s3://corpora/tales/
 * ```
 */
export function s3Store(options: S3StoreOptions): CorpusStore {
  const { endpoint, bucket, prefix = "", region = "us-east-1", ...given } = expectOptions(options, OPTIONS);
  if (!URL.canParse(endpoint)) throw new TypeError(`Cannot open a store at "${endpoint}" as it is no address`);
  const url = new URL(endpoint);
  const problem = addressProblem(url);
  if (problem !== undefined) throw new TypeError(`Cannot open a store at ${shownAddress(url)} as ${problem}`);
  if (!/^[\w.-]+$/.test(bucket)) throw new TypeError(`Cannot open a store in "${bucket}" as it is no name of a bucket`);
  if (prefix !== "") checkName("open", prefix.replace(/\/$/, ""));
  const accessKeyId = given.accessKeyId ?? Deno.env.get("AWS_ACCESS_KEY_ID");
  const secretAccessKey = given.secretAccessKey ?? Deno.env.get("AWS_SECRET_ACCESS_KEY");
  const sessionToken = given.sessionToken ?? Deno.env.get("AWS_SESSION_TOKEN");
  if (!accessKeyId || !secretAccessKey) {
    throw new TypeError(
      "Cannot open a store without a key; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or pass them",
    );
  }
  const key = { accessKeyId, secretAccessKey, ...sessionToken !== undefined && { sessionToken } };
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const base = `${url.href.replace(/\/*$/, "")}/${bucket}`;
  return new S3Store(`s3://${bucket}/${folder}`, base, folder, { ...key, region, service: "s3", retries: RETRIES });
}

class S3Store implements CorpusStore {
  readonly name: string;
  readonly #base: string;
  readonly #folder: string;
  readonly #settings: ConstructorParameters<typeof AwsClient>[0];
  #client: Promise<AwsClient> | undefined;

  constructor(name: string, base: string, folder: string, settings: ConstructorParameters<typeof AwsClient>[0]) {
    this.name = name;
    this.#base = base;
    this.#folder = folder;
    this.#settings = settings;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const response = await this.#ask("read", name, { method: "GET" });
    return response && new Uint8Array(await response.arrayBuffer());
  }

  async readRange(name: string, start: number, end: number): Promise<Uint8Array> {
    checkRange(name, start, end);
    if (start === end) return new Uint8Array(0);
    const response = await this.#ask("read", name, { method: "GET", headers: { range: `bytes=${start}-${end - 1}` } });
    const bytes = response && new Uint8Array(await response.arrayBuffer());
    if (bytes === undefined) throw this.#error("read", name, "there is no such file");
    const part = response?.status === 206 ? bytes : bytes.slice(start, end);
    if (part.length === end - start) return part;
    throw new RangeError(`Cannot read bytes ${start} to ${end} of ${name} as it has ${start + part.length} bytes`);
  }

  async size(name: string): Promise<number | undefined> {
    const response = await this.#ask("read", name, { method: "HEAD" });
    const length = response?.headers.get("content-length");
    if (response && !length) throw this.#error("read", name, "the service does not say how long it is");
    return response && Number(length);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const response = await this.#ask("write", name, { method: "PUT", body: new Uint8Array(bytes) });
    if (response === undefined) throw this.#error("write", name, "there is no such bucket");
    await response.body?.cancel();
  }

  async list(folder: string): Promise<readonly string[]> {
    const prefix = `${this.#folder}${checkName("list", folder)}/`;
    const names: string[] = [];
    for (let token: string | undefined = "";;) {
      const query = new URLSearchParams({ "list-type": "2", prefix, ...token && { "continuation-token": token } });
      const response = await this.#send("list", folder, `${this.#base}?${query}`, { method: "GET" });
      if (response === undefined) throw this.#error("list", folder, "there is no such bucket");
      const answer = await response.text();
      names.push(...all(answer, "Key").map((key) => key.slice(this.#folder.length)));
      [token] = all(answer, "NextContinuationToken");
      if (token === undefined) return names.sort();
    }
  }

  #ask(task: string, name: string, init: RequestInit): Promise<Response | undefined> {
    return this.#send(task, name, `${this.#base}/${this.#folder}${checkName(task, name)}`, init);
  }

  /** Sends a signed request; undefined where there is nothing. */
  async #send(task: string, name: string, url: string, init: RequestInit): Promise<Response | undefined> {
    this.#client ??= import("npm:aws4fetch@1.0.20").then(({ AwsClient }) => new AwsClient(this.#settings));
    const client = await this.#client;
    const response = await client.fetch(url, { redirect: "error", ...init }).catch((error) => {
      throw this.#error(task, name, messageOf(error));
    });
    if (response.ok) return response;
    const said = init.method === "HEAD" ? [] : all(await response.text(), "Message");
    await response.body?.cancel().catch(() => {}); // read already
    if (response.status === 404) return undefined;
    const advice = TRANSIENT.includes(response.status) ? "try again later" : "check the key, the bucket and the region";
    const because = said[0] === undefined ? "" : ` ("${said[0].slice(0, 200)}")`;
    throw this.#error(task, name, `the service answered ${response.status}${because}; ${advice}`);
  }

  #error(task: string, name: string, reason: string): Error {
    return new Error(`Cannot ${task} ${name} in ${this.name} as ${reason}`);
  }
}

/** What stands in the elements of a name, in an answer of the service. */
function all(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"));
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
  return [...found].map(([, text]) => text!.replaceAll(/&(lt|gt|amp|quot|apos);/g, (_, entity) => entities[entity]!));
}
