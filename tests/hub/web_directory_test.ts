/** Models in a directory of any web server. */
import { deepEqual, equal, rejects } from "@std/assert";
import { LanguageModel, type Progress } from "../../mod.ts";
import { openGolden } from "../support/goldens.ts";
import { modelFiles } from "../support/hub_model.ts";
import { cut } from "../support/hub_server.ts";
import { split } from "../support/shards.ts";

const FILES: Record<string, Uint8Array<ArrayBuffer>> = await modelFiles();
const { "model.safetensors": WEIGHTS, ...OTHERS } = FILES;
const IDS = (await openGolden("f32")).prompts.long!.tokenIds;

/** Serves files below `/tiny/`. */
function serve(
  files: typeof FILES,
  change: (name: string, answer: Response) => Response | Promise<Response> = (_, a) => a,
) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response() },
    async (request) => {
      const name = new URL(request.url).pathname.slice("/tiny/".length);
      const headers = { "content-length": String(files[name]?.length) };
      return await change(
        name,
        files[name] ? new Response(files[name], { headers }) : new Response(null, { status: 404 }),
      );
    },
  );
  return {
    url: new URL(`http://127.0.0.1:${server.addr.port}/tiny`),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

for (const [how, files] of [["one file", FILES], ["several files", { ...OTHERS, ...split(WEIGHTS!, 2) }]] as const) {
  Deno.test(`fromPretrained() loads a directory of a web server with its weights in ${how}`, async () => {
    await using server = serve(files);
    for (const id of [server.url, `${server.url}/`]) {
      await using model = await LanguageModel.fromPretrained(id as URL, { backend: "wasm" });
      deepEqual((await model.generate(IDS.slice(0, 20), { maxNewTokens: 8 })).tokenIds, IDS);
      equal(model.id, String(id));
    }
  });
}

Deno.test("fromPretrained() says what is wrong with a directory of a web server", async () => {
  const refuses = async (server: ReturnType<typeof serve>, name: string, message: RegExp) => {
    await using _server = server;
    await rejects(LanguageModel.fromPretrained(server.url, { backend: "wasm" }), { name, message });
  };
  await refuses(serve({}), "Error", /as config\.json is missing from http:.*\/tiny\/; it must be there$/);
  await refuses(serve(OTHERS), "Error", /as model\.safetensors is missing from http:.*; weights of another kind/);
  await refuses(
    serve(FILES, (name, answer) => name === "config.json" ? new Response(null, { status: 503 }) : answer),
    "Error",
    /^Cannot download http:.*\/tiny\/config\.json as the server answered 503$/,
  );
  await refuses(
    serve(FILES, (name, answer) => name === "model.safetensors" ? cut(answer, { after: 1000 }) : answer),
    "Error",
    /^Cannot download http:.*\/tiny\/model\.safetensors to its end: /,
  );
  await refuses(
    serve(FILES, () => new Response("<html>Log in</html>")),
    "SyntaxError",
    /^Cannot read config\.json of "http:.*" as it is not JSON/,
  );
});

Deno.test("fromPretrained() tells how far the weights of a web server are, and stops when it is told to", async () => {
  await using server = serve(FILES, async (name, answer) => {
    return name === "model.safetensors" ? await cut(answer, { pause: 20, part: 300_000 }) : answer;
  });
  const seen: Progress[] = [];
  const options = { backend: "wasm", onProgress: (progress: Progress) => void seen.push(progress) } as const;
  await using _model = await LanguageModel.fromPretrained(server.url, options);
  const downloads = seen.filter(({ task }) => task === "download");
  const { completed, total } = downloads.at(-1)!;
  deepEqual([completed, total], [WEIGHTS!.length, WEIGHTS!.length]);
  const controller = new AbortController();
  const reason = new Error("enough");
  await rejects(
    LanguageModel.fromPretrained(server.url, {
      backend: "wasm",
      signal: controller.signal,
      onProgress: ({ task }) => task === "download" && controller.abort(reason),
    }),
    reason,
  );
});
