/** Which files a source has, how it is told from another, and what is refused. */
import { deepEqual, equal, notEqual, rejects } from "@std/assert";
import { openSource, type SourceOptions } from "../../../src/corpus/sources/open.ts";
import { readFiles, recordsOf, told, withFiles } from "./support.ts";

const FILES = {
  "b.jsonl": '{"text":"b"}',
  "a/one.jsonl": '{"text":"a1"}',
  "a/two.txt": "a2",
  "a/deep/three.csv": "text\na3\n",
  ".hidden/x.txt": "never",
  "a/.hidden.txt": "never",
};

Deno.test("openSource() reads folders and patterns, sorted by name, and nothing hidden", async () => {
  const all = ['0 a/deep/three.csv:2 "a3"', '1 a/one.jsonl:1 "a1"', '2 a/two.txt "a2"', '3 b.jsonl:1 "b"'];
  deepEqual(await readFiles(FILES, {}, { input: "" }), all);
  deepEqual(await readFiles(FILES, {}, { input: "a" }), [
    ...['0 deep/three.csv:2 "a3"', '1 one.jsonl:1 "a1"', '2 two.txt "a2"'],
  ]);
  deepEqual(await readFiles(FILES, {}, { input: "**/*.jsonl" }), ['0 a/one.jsonl:1 "a1"', '1 b.jsonl:1 "b"']);
  deepEqual(await readFiles(FILES, {}, { input: "a/*.{txt,jsonl}" }), ['0 one.jsonl:1 "a1"', '1 two.txt "a2"']);
  deepEqual(await readFiles(FILES, { format: "lines" }, { input: "a/t?o.txt" }), ['0 two.txt:1 "a2"']);
});

Deno.test("openSource() takes a relative path and the URL of a file", () =>
  withFiles({ "a b%.txt": "one" }, async (folder) => {
    const url = new URL("file:///");
    url.pathname = `${folder}/a b%25.txt`;
    deepEqual(told(await recordsOf(await openSource(url))), ['0 a b%.txt "one"']);
    const before = Deno.cwd();
    Deno.chdir(folder);
    try {
      deepEqual(told(await recordsOf(await openSource("a b%.txt"))), ['0 a b%.txt "one"']);
      deepEqual(told(await recordsOf(await openSource("*.txt"))), ['0 a b%.txt "one"']);
    } finally {
      Deno.chdir(before);
    }
  }));

Deno.test("fingerprint() tells other bytes, names and settings apart, and not another place or time", async () => {
  const of_ = (files: Record<string, string>, options: SourceOptions = {}) =>
    withFiles(files, async (folder) => await (await openSource(`${folder}/`, options)).fingerprint());
  const first = await of_({ "a.txt": "one", "b.txt": "two" });
  equal(await of_({ "a.txt": "one", "b.txt": "two" }), first);
  const others = [
    await of_({ "a.txt": "one", "b.txt": "twO" }),
    await of_({ "a.txt": "one", "c.txt": "two" }),
    await of_({ "a.txt": "onet", "b.txt": "wo" }),
    await of_({ "a.txt": "one" }),
    await of_({ "a.txt": "one", "b.txt": "two" }, { format: "lines" }),
    await of_({ "a.txt": "one", "b.txt": "two" }, { longest: 100 }),
  ];
  equal(new Set([first, ...others]).size, 7);
  const memory = await (await openSource(["one", "two"])).fingerprint();
  equal(await (await openSource(["one", "two"])).fingerprint(), memory);
  notEqual(await (await openSource(["one", { id: 2, text: "two" }])).fingerprint(), memory);
});

const REFUSED: [name: string, input: unknown, options: unknown, error: string, message: RegExp][] = [
  ["nothing", undefined, {}, "TypeError", /^Cannot read undefined as a corpus; pass a path, an address or an array/],
  [
    "a file that is not there",
    "/no/such/file.txt",
    {},
    "Error",
    /^Cannot read .* there is no such file or folder; check/,
  ],
  [
    "a pattern that nothing fits",
    "src/corpus/*.jsonl",
    {},
    "Error",
    /^Cannot read src\/corpus\/\*\.jsonl as there are no/,
  ],
  ["a device", "/dev/null", {}, "Error", /^Cannot read \/dev\/null as it is no file and no folder; pass "-" for stdin/],
  [
    "a name that says nothing",
    "LICENSE",
    {},
    "TypeError",
    /^Cannot read LICENSE as its name does not tell its format \(\.jsonl/,
  ],
  ["stdin of what", "-", {}, "TypeError", /^Cannot read stdin without a format; pass one, as in format: "jsonl"$/],
  ["another format", "LICENSE", { format: "xml" }, "TypeError", /with format "xml" as it must be "jsonl" or "csv" or/],
  [
    "another option",
    "LICENSE",
    { column: "x" },
    "TypeError",
    /^Cannot read a corpus with "column" as there is no such/,
  ],
  ["no bound", "LICENSE", { longest: Infinity }, "RangeError", /with longest Infinity; pass a whole number from 1 to/],
  ["two separators", "a.csv", { separator: "||" }, "RangeError", /with separator "\|\|"; pass one ASCII character/],
  ["a quote between", "a.csv", { separator: '"' }, "RangeError", /pass one ASCII character, no quote$/],
  [
    "fields of texts",
    ["one"],
    { field: "x" },
    "TypeError",
    /^Cannot read texts in memory with field as it is for files/,
  ],
  ["a revision of a file", "LICENSE", { revision: "main" }, "TypeError", /with revision as it is no data set of a hub/],
  ["a model of a hub", "hf://gpt2/config.json", {}, "TypeError", /as it is no data set of a hub; pass hf:\/\/datasets/],
  ["a way out of a hub", "hf://datasets/a/b/../x", {}, "TypeError", /as it is no data set of a hub/],
];
Deno.test("openSource() refuses what it cannot read", async (t) => {
  equal(REFUSED.length, 15);
  for (const [name, input, options, error, message] of REFUSED) {
    await t.step(name, () => rejects(openSource(input as string, options as SourceOptions), { name: error, message }));
  }
});

Deno.test("openSource() reads stdin, which is put aside and removed", async () => {
  const script = `
    import { openSource } from "${new URL("../../../src/corpus/sources/open.ts", import.meta.url)}";
    const source = await openSource("-", { format: "lines" });
    const read = async (start) => (await Array.fromAsync(source.records(start, new AbortController().signal)));
    console.log(JSON.stringify([await read(0), await read(1), await source.fingerprint()]));
    await source.close();
    await source.close();
    console.log((await Array.fromAsync(Deno.readDir(Deno.env.get("TMPDIR")))).length);`;
  await withFiles({ "x.txt": "" }, async (folder) => {
    await Deno.mkdir(`${folder}/tmp`);
    await Deno.writeTextFile(`${folder}/read.ts`, script);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", `${folder}/read.ts`],
      env: { TMPDIR: `${folder}/tmp` },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("one\ntwo\n"));
    await writer.close();
    const [result, left] = new TextDecoder().decode((await child.output()).stdout).trim().split("\n");
    const [all, second, fingerprint] = JSON.parse(result!);
    deepEqual(told(all), ['0 stdin:1 "one"', '1 stdin:2 "two"']);
    deepEqual(told(second), ['1 stdin:2 "two"']);
    equal(fingerprint.length, 64);
    equal(left, "0");
  });
});
