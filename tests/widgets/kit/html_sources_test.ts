import { deepEqual, equal, ok } from "@std/assert";
import { otherWays } from "./html_sources.ts";

const WIDGETS = new URL("../../../widgets/", import.meta.url);
const FILES = [...sourcesOf("")].sort();
const readFile = (name: string) => Deno.readTextFileSync(new URL(name, WIDGETS));

/** The paths of all sources below a folder of `widgets`. */
function* sourcesOf(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, WIDGETS))) {
    if (isDirectory) yield* sourcesOf(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

Deno.test("widgets write HTML by its templates only", () => {
  ok(FILES.length > 70, `only ${FILES.length} files`);
  deepEqual(FILES.flatMap((name) => otherWays(name, readFile(name))), []);
});

Deno.test("what makes HTML out of text stays inside of html.ts and css.ts", () => {
  const exported = (name: string) =>
    Array.from(readFile(name).matchAll(/^export (?:function|const|class|let) (\w+)/gm), ([, one]) => one).sort();
  deepEqual(exported("kit/html.ts"), [
    "attributes",
    "committed",
    "element",
    "htmlText",
    "joined",
    "labelled",
    "markup",
    "script",
    "stacked",
  ]);
  deepEqual(exported("kit/css.ts"), [
    "cssJoined",
    "cssPicture",
    "cssString",
    "cssText",
    "isPicture",
    "nameText",
    "shownValue",
    "styling",
  ]);
});

/** Each of these writes data into HTML past the templates. */
const PLANTED: readonly (readonly [source: string, found: RegExp])[] = [
  ["const row = `<td>${name}</td>`;", /a tag outside of a template/],
  ["const row = `${name}</td>`;", /a tag outside of a template/],
  ["const row = markup`<b>${`<i>${name}</i>`}</b>`;", /a tag outside of a template/],
  ["const row = other`<td>${name}</td>`;", /a tag outside of a template/],
  ['const row = "<td>" + name;', /a tag in a string/],
  ["const row = '</td>';", /a tag in a string/],
  ['const space = "&nbsp;";', /a tag in a string/],
  ['import { escapeHtml } from "./escape.ts";', /escapeHtml is named/],
  ['import { element } from "./html.ts";', /element is named/],
  ["node.innerHTML = name;", /innerHTML reads text as HTML/],
  ["node['innerHTML'] = name; node.insertAdjacentHTML('beforeend', name);", /insertAdjacentHTML reads/],
  ['show({ "text/html": name });', /text\/html is named/],
  ["const row = markup(Object.assign([name], { raw: [name] }));", /markup is called/],
  ["const row = new (markup``.constructor)('html', name);", /a constructor is taken/],
  ["const row = name as unknown as Html;", /a cast to Html/],
  ["const look = name as unknown as Css;", /a cast to Css/],
  ["const markup = String.raw;", /markup is another one/],
  ["const row = ui`<td>${name}</td>`;", /a tag outside of a template/],
  ["const ui = String.raw;", /ui is another one/],
  ['import { raw as markup } from "../raw.ts";', /markup is another one/],
];

for (const [source, found] of PLANTED) {
  Deno.test(`otherWays() finds ${source}`, () => {
    const ways = otherWays("planted_view.ts", source);
    ok(ways.some((way) => found.test(way)), ways.join("\n") || "nothing is found");
  });
}

Deno.test("otherWays() lets templates and plain text be", () => {
  const source = 'const a = markup`<td title="${b}">${c}</td>`; const d = "<0.01%"; const e = `a < ${b} && c`; // <td>';
  deepEqual(otherWays("planted_view.ts", source), []);
  deepEqual(otherWays("explorer/ui/row.ts", "const row = ui`<td>${name}</td>`;"), []);
  equal(PLANTED.length, 20);
});
