/**
 * A store on the loopback that answers as S3 does: it checks the signature of each request by itself, keeps objects whole,
 * lists them in pages and can be told to be busy. Signatures: AWS Signature Version 4, by node:crypto.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";

/** The key that requests must be signed with. */
export const KEY = { accessKeyId: "AKIATEST", secretAccessKey: "a/secret+key" };

/** A store that runs until its scope ends. */
export class S3Server implements AsyncDisposable {
  /** The objects of all buckets, by `bucket/key`. */
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  /** All requests: method and path. */
  readonly seen: string[] = [];
  /** What a test does about requests. */
  intervene: (request: Request) => Response | undefined = () => undefined;
  /** How many names a page has. */
  pageSize = 1000;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => this.#answer(request));
  }

  /** Its address. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    this.seen.push(`${request.method} ${pathname}`);
    const body = new Uint8Array(await request.arrayBuffer());
    const said = this.intervene(request);
    if (said) return said;
    if (!isSigned(request)) return problem(403, "The request signature we calculated does not match");
    const name = decodeURIComponent(pathname.slice(1));
    if (!name.startsWith("bucket")) return problem(404, "The specified bucket does not exist");
    if (name === "bucket") return this.#list(searchParams);
    if (request.method === "PUT") {
      this.objects.set(name, body);
      return new Response(null);
    }
    const bytes = this.objects.get(name);
    if (!bytes) return problem(404, "The specified key does not exist.");
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
    const part = start === undefined ? bytes : bytes.slice(Number(start), Number(end) + 1);
    const headers = { "content-length": String(part.length) };
    return new Response(request.method === "HEAD" ? null : part, { status: start === undefined ? 200 : 206, headers });
  }

  #list(query: URLSearchParams): Response {
    const prefix = `bucket/${query.get("prefix")}`;
    const after = query.get("continuation-token") ?? "";
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
    const page = names.slice(0, this.pageSize);
    const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const keys = page.map((name) => `<Contents><Key>${escaped(name.slice("bucket/".length))}</Key></Contents>`).join(
      "",
    );
    const more = names.length > page.length
      ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>`
      : "";
    return new Response(`<?xml version="1.0"?><ListBucketResult>${keys}${more}</ListBucketResult>`);
  }
}

function problem(status: number, message: string): Response {
  return new Response(`<Error><Message>${message}</Message></Error>`, { status });
}

/** Whether a request has the signature that its key gives it. */
function isSigned(request: Request): boolean {
  const authorization = request.headers.get("authorization") ?? "";
  const [, id, date, region, signed = "", signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/
      .exec(authorization) ?? [];
  const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  const { pathname, search } = new URL(request.url);
  const query = search.slice(1).split("&").filter(Boolean).sort().map((part) => part.includes("=") ? part : `${part}=`);
  const headers = signed.split(";").map((name) => `${name}:${request.headers.get(name)?.trim()}\n`).join("");
  const hash = request.headers.get("x-amz-content-sha256");
  const path = pathname.split("/").map((part) => encodeURIComponent(decodeURIComponent(part))).join("/");
  const canonical = [request.method, path, query.join("&"), headers, signed, hash].join("\n");
  const scope = `${date}/${region}/s3/aws4_request`;
  const digest = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", request.headers.get("x-amz-date"), scope, digest].join("\n");
  const key = ["s3", "aws4_request"].reduce(hmac, hmac(hmac(`AWS4${KEY.secretAccessKey}`, date ?? ""), region ?? ""));
  return id === KEY.accessKeyId && hmac(key, text).toString("hex") === signature;
}
