/** What documents are in files of each format, and what is said about what is none. */
import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import { openSource, type SourceOptions } from "../../../src/corpus/sources/open.ts";
import { writeParquet } from "../../../src/corpus/parquet/write.ts";
import type { CorpusSource, SourceRecord } from "../../../src/corpus/types.ts";
import { bytesOf, PACKED, readFiles, recordsOf, told, withFiles } from "./support.ts";

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

type Case = [name: string, file: string, content: string | Uint8Array, options: SourceOptions, expected: string[]];
const CASES: Case[] = [
  ["JSON lines", "a.jsonl", '{"text":"one"}\n{"text":"two"}\n', {}, ['0 a.jsonl:1 "one"', '1 a.jsonl:2 "two"']],
  ["CR LF, a blank line and no end", "a.ndjson", '{"text":"one"}\r\n \r\n{"text":"two"}', {}, [
    ...['0 a.ndjson:1 "one"', '1 a.ndjson:3 "two"'],
  ]],
  ["fields", "a.jsonl", '{"body":"one","key":7}\n{"body":"two","key":"x"}', { field: "body", id: "key" }, [
    ...['0 7 "one"', '1 x "two"'],
  ]],
  ["an empty text", "a.jsonl", '{"text":""}', {}, ['0 a.jsonl:1 ""']],
  ["a NUL and a half of a pair", "a.jsonl", '{"text":"a\\u0000\\ud800"}', {}, ['0 a.jsonl:1 "a\\u0000\\ud800"']],
  ["the mark of UTF-8", "a.jsonl", joined(Uint8Array.of(0xef, 0xbb, 0xbf), bytesOf('{"text":"one"}')), {}, [
    '0 a.jsonl:1 "one"',
  ]],
  [
    "what is no document",
    "a.jsonl",
    '{"text":\n[1]\n3\n{"other":1}\n{"text":3}\n{"text":null}\n{"__proto__":1}\n',
    {},
    [
      "0 a.jsonl:1 ! it is no JSON",
      "1 a.jsonl:2 ! it is [1], no JSON object",
      "2 a.jsonl:3 ! it is 3, no JSON object",
      '3 a.jsonl:4 ! it has no field "text"',
      '4 a.jsonl:5 ! its field "text" is 3, which is no text',
      '5 a.jsonl:6 ! it has no field "text"',
      '6 a.jsonl:7 ! it has no field "text"',
    ],
  ],
  ["a field of the prototype", "a.jsonl", '{"text":"one"}', { field: "toString" }, [
    '0 a.jsonl:1 ! it has no field "toString"',
  ]],
  ["ids that are none", "a.jsonl", '{"text":"one"}\n{"text":"two","id":[1]}', { id: "id" }, [
    '0 a.jsonl:1 ! it has no field "id"',
    '1 a.jsonl:2 ! its field "id" is [1], which is no id',
  ]],
  [
    "broken UTF-8",
    "a.jsonl",
    joined(bytesOf('{"text":"'), Uint8Array.of(0xff, 0xc0), bytesOf('"}\n{"text":"two"}')),
    {},
    [
      ...["0 a.jsonl:1 ! it is no UTF-8", '1 a.jsonl:2 "two"'],
    ],
  ],
  ["lists in lists", "a.jsonl", `{"text":${"[".repeat(1e5)}\n{"text":"two"}`, {}, [
    ...["0 a.jsonl:1 ! it is nested deeper than 64 levels", '1 a.jsonl:2 "two"'],
  ]],
  ["a long line", "a.jsonl", `{"text":"${"x".repeat(200_000)}"}\n{"text":"two"}`, { longest: 1000 }, [
    ...["0 a.jsonl:1 ! it is longer than 1000 bytes", '1 a.jsonl:2 "two"'],
  ]],
  ["CSV", "a.csv", 'id,text\r\n1,one\r\n2,"two, ""quoted""\r\nlines"\r\n3,\r\n', {}, [
    ...['0 a.csv:2 "one"', '1 a.csv:3 "two, \\"quoted\\"\\r\\nlines"', '2 a.csv:5 ""'],
  ]],
  ["CSV with ids and no end", "a.csv", "id,text\n1,one\n\n2,two", { id: "id" }, ['0 1 "one"', '1 2 "two"']],
  ["tabs", "a.tsv", "text\tid\none, two\t1\n", {}, ['0 a.tsv:2 "one, two"']],
  ["semicolons", "a.csv", "text;id\none, two;1\n", { separator: ";" }, ['0 a.csv:2 "one, two"']],
  ["CSV that is none", "a.csv", 'text,id\na\nb,1,2\nc"d,3\n"e"f,4\ng,5\n', {}, [
    "0 a.csv:2 ! it has 1 fields where the first record has 2",
    "1 a.csv:3 ! it has 3 fields where the first record has 2",
    "2 a.csv:4 ! a quote stands within a field that does not begin with one",
    "3 a.csv:5 ! something stands behind a quote that closes",
    '4 a.csv:6 "g"',
  ]],
  ["an open quote", "a.csv", `text\none\n"two\n${"three\n".repeat(50)}four\n`, { longest: 100 }, [
    '0 a.csv:2 "one"',
    "1 a.csv:3 ! it is longer than 100 bytes, as the quote of line 3 or later is not closed",
    ...Array.from({ length: 34 }, (_, i) => `${i + 2} a.csv:${i + 20} "three"`),
    '36 a.csv:54 "four"',
  ]],
  ["an open quote at the end", "a.csv", 'text\n"one\n', {}, ["0 a.csv:2 ! its last quote is not closed"]],
  ["a long field", "a.csv", `text\n${"x".repeat(300)}\ntwo`, { longest: 100 }, [
    ...["0 a.csv:2 ! it is longer than 100 bytes", '1 a.csv:3 "two"'],
  ]],
  ["broken UTF-8 in CSV", "a.csv", joined(bytesOf("text\n"), Uint8Array.of(0xff, 0x0a)), {}, [
    "0 a.csv:2 ! it is no UTF-8",
  ]],
  ["a text", "a.txt", "one\n\ntwo\n", {}, ['0 a.txt "one\\n\\ntwo\\n"']],
  ["a long text", "a.txt", "x".repeat(2000), { longest: 1000 }, ["0 a.txt ! it is longer than 1000 bytes"]],
  ["a text that is none", "a.txt", Uint8Array.of(0xff), {}, ["0 a.txt ! it is no UTF-8"]],
  ["an empty text file", "a.txt", "", {}, ['0 a.txt ""']],
  ["lines", "a.txt", "one\n\n two \r\nthree", { format: "lines" }, [
    ...['0 a.txt:1 "one"', '1 a.txt:3 " two "', '2 a.txt:4 "three"'],
  ]],
  ["paragraphs", "a.txt", "\none\nmore\n\n \ntwo\r\nmore\n\n", { format: "paragraphs" }, [
    ...['0 a.txt:2 "one\\nmore"', '1 a.txt:6 "two\\nmore"'],
  ]],
  ["a long paragraph", "a.txt", `one\n${"more\n".repeat(40)}\ntwo`, { format: "paragraphs", longest: 100 }, [
    ...["0 a.txt:1 ! it is longer than 100 bytes", '1 a.txt:43 "two"'],
  ]],
  ["a long line of a paragraph", "a.txt", `one\n${"x".repeat(300)}\n\ntwo`, { format: "paragraphs", longest: 100 }, [
    ...["0 a.txt:1 ! it is longer than 100 bytes", '1 a.txt:4 "two"'],
  ]],
  ["nothing but NUL", "a.txt", new Uint8Array(5000), { format: "lines", longest: 1000 }, [
    "0 a.txt:1 ! it is longer than 1000 bytes",
  ]],
];

Deno.test("openSource() finds the documents of files, packed or not", async (t) => {
  equal(CASES.length, 30);
  for (const [name, file, content, options, expected] of CASES) {
    await t.step(name, async () => {
      const bytes = typeof content === "string" ? bytesOf(content) : content;
      for (const [ending, pack] of Object.entries(PACKED)) {
        const found = await readFiles({ [file + ending]: pack(bytes) }, options);
        deepEqual(found, expected.map((line) => line.replaceAll(file, file + ending)));
      }
    });
  }
});

Deno.test("openSource() finds the rows of Parquet", async () => {
  const columns = { text: ["one", null, "two"], key: [10, 11, null] };
  const table = {
    name: "t",
    columns: [{ name: "text", type: "string", about: "" }, { name: "key", type: "int64", about: "" }],
  } as const;
  const bytes = await writeParquet({ table, columns });
  deepEqual(await readFiles({ "a.parquet": bytes }), [
    ...['0 a.parquet#0 "one"', '1 a.parquet#1 ! it has no field "text"', '2 a.parquet#2 "two"'],
  ]);
  deepEqual(await readFiles({ "a.parquet": bytes }, { id: "key" }, { start: 1 }), [
    ...['1 11 ! it has no field "text"', '2 a.parquet#2 ! it has no field "key"'],
  ]);
  await rejects(readFiles({ "a.parquet": bytes }, { field: "body" }), {
    name: "RangeError",
    message: 'Cannot read a.parquet as it has no column "body"; its columns are "text", "key": pass one as field or id',
  });
  deepEqual(await readFiles({ "a.parquet": bytes.subarray(0, 90) }), [
    "0 a.parquet ! the rest of the file could not be read: it does not end in PAR1",
  ]);
});

Deno.test("openSource() names a column that is not there", async () => {
  await rejects(readFiles({ "a.csv": "title,body\n1,2\n" }), {
    name: "RangeError",
    message: 'Cannot read a.csv as it has no column "text"; its columns are "title", "body": pass one as field or id',
  });
});

Deno.test("openSource() reads packed files of several parts", async () => {
  for (const [ending, pack] of Object.entries(PACKED)) {
    const parts = ["one\ntw", "o\nthree\n"].map((part) => pack(bytesOf(part)));
    deepEqual(await readFiles({ [`a.txt${ending}`]: joined(...parts) }, { format: "lines" }), [
      ...[`0 a.txt${ending}:1 "one"`, `1 a.txt${ending}:2 "two"`, `2 a.txt${ending}:3 "three"`],
    ]);
  }
});

Deno.test("openSource() names what a packed file that is cut off or damaged lacks, and goes on with the next", async () => {
  const text = Array.from({ length: 40_000 }, (_, i) => `line ${i * i % 9973}\n`).join("");
  for (const ending of [".gz", ".zst"]) {
    const whole = PACKED[ending]!(bytesOf(text));
    for (const bytes of [whole.subarray(0, whole.length - 20), bytesOf("no such thing at all, and long enough")]) {
      const files = { [`a.txt${ending}`]: bytes, "b.txt": "next" };
      const found = await readFiles(files, { format: "lines" }, { input: "" });
      match(
        found.at(-2)!,
        /^\d+ a\.txt\.\w+ ! the rest of the file could not be read: it cannot be unpacked any further: ./,
      );
      match(found.at(-1)!, /^\d+ b\.txt:1 "next"$/);
      deepEqual(found.map((line) => parseInt(line)), [...found.keys()]);
      deepEqual(await readFiles(files, { format: "lines" }, { input: "" }), found, "it is another one each time");
    }
  }
});

Deno.test("openSource() answers a packed bomb by a record, in the memory of a line", async () => {
  const zeros = new Uint8Array(2 ** 26);
  for (const ending of [".gz", ".zst"]) {
    const bomb = PACKED[ending]!(zeros);
    ok(bomb.length < 2 ** 17, `${bomb.length} bytes`);
    const many = joined(...Array.from({ length: 2 }, () => bomb), PACKED[ending]!(bytesOf("\nlast\n")));
    const before = Deno.memoryUsage().rss;
    deepEqual(await readFiles({ [`a.txt${ending}`]: many }, { format: "lines", longest: 1000 }), [
      `0 a.txt${ending}:1 ! it is longer than 1000 bytes`,
      `1 a.txt${ending}:2 "last"`,
    ]);
    const grown = Deno.memoryUsage().rss - before;
    ok(grown < 2 ** 27, `${grown} bytes more are resident after 128 MiB were passed over`);
  }
});

Deno.test("openSource() reads texts in memory", async () => {
  const given = ["one", { id: "x", text: "two" }, { id: 7, text: "" }, { text: "four" }];
  const source = await openSource(given);
  deepEqual(told(await recordsOf(source)), ['0 0 "one"', '1 x "two"', '2 7 ""', '3 3 "four"']);
  deepEqual(told(await recordsOf(source, 3)), ['3 3 "four"']);
  deepEqual(source.progress(), { read: 4, total: 4 });
  const wrong = [null, { text: 3 }] as unknown as string[];
  deepEqual(told(await recordsOf(await openSource(wrong))), [
    "0 0 ! it is null, no text and no object with one",
    "1 1 ! its text is 3, no text",
  ]);
});

/** Some records of a source, after which nobody reads on. */
async function firstOf(source: CorpusSource, start: number, most: number): Promise<SourceRecord[]> {
  const found: SourceRecord[] = [];
  for await (const record of source.records(start, new AbortController().signal)) {
    found.push(record);
    if (found.length === most) break;
  }
  return found;
}

Deno.test("openSource() goes on from any record, after all were read and before", async () => {
  const lines = Array.from({ length: 5000 }, (_, i) => i % 7 === 0 ? "\n" : `{"text":"${i}"}\n`).join("");
  const csv = `text\n${Array.from({ length: 3000 }, (_, i) => `"${i}\n"\n`).join("")}`;
  const rows = await writeParquet({
    table: { name: "t", columns: [{ name: "text", type: "string", about: "" }] },
    columns: { text: Array.from({ length: 70_000 }, (_, i) => String(i)) },
  });
  const files = {
    "a.jsonl": lines,
    "b.csv": csv,
    "c.parquet": rows,
    "d.txt": "one",
    "e.jsonl.gz": PACKED[".gz"]!(bytesOf(lines)),
  };
  await withFiles(files, async (folder) => {
    const all = told(await recordsOf(await openSource(folder)));
    equal(all.length, 4285 + 3000 + 70_000 + 1 + 4285);
    const once = await openSource(folder);
    for (const start of [0, 1, 1024, 4284, 4285, 6000, 7285, 73_000, 77_284, 77_286, 81_570, 81_571, 90_000]) {
      for (const source of [await openSource(folder), once]) {
        const found = await firstOf(source, start, 3);
        deepEqual(told(found), all.slice(start, start + 3), `from ${start}`);
      }
    }
    deepEqual(told(await recordsOf(once, 70_000)), all.slice(70_000));
    const { read, total } = once.progress()!;
    ok(read > 0.99 * total && read <= total, `${read} of ${total}`);
  });
});
