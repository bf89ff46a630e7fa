import { equal, throws } from "@std/assert";
import { type Css, cssJoined, cssPicture, cssString, cssText, styling } from "../../../widgets/kit/css.ts";
import {
  attributes,
  element,
  type Html,
  htmlText,
  joined,
  markup,
  script,
  stacked,
} from "../../../widgets/kit/html.ts";

const HOSTILE = `"><img src=x onerror='alert(1)'>&`;
const ESCAPED = "&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;";
const PIXEL = "data:image/png;base64,iVBORw0KGgo=";

Deno.test("markup escapes text and numbers in text and in attributes", () => {
  equal(htmlText(markup`<b>${HOSTILE}</b>`), `<b>${ESCAPED}</b>`);
  equal(htmlText(markup`<b title="a ${HOSTILE} b">${-1.5}</b>`), `<b title="a ${ESCAPED} b">-1.5</b>`);
  equal(htmlText(markup`<title>${HOSTILE}</title>`), `<title>${ESCAPED}</title>`);
});

Deno.test("markup puts pieces in as they are, lists one after another, and nothing for nothing", () => {
  const piece = markup`<i>${"<"}</i>`;
  equal(htmlText(markup`<b>${piece}${[piece, "<", [1]]}</b>`), "<b><i>&lt;</i><i>&lt;</i>&lt;1</b>");
  equal(htmlText(markup`${undefined}${null}${false}${""}`), "");
  equal(htmlText(stacked([piece, "&"])), "<i>&lt;</i>\n&amp;");
  equal(htmlText(joined(["a", piece], ", <")), "a, &lt;<i>&lt;</i>");
});

Deno.test("markup knows the place of a hole", () => {
  equal(
    htmlText(markup`<i style="${styling`--a:'"'`}" class="a b${3}"></i>`),
    `<i style="--a:'&quot;'" class="a b3"></i>`,
  );
  equal(htmlText(markup`<style>${styling`a>b{color:red}`}</style>`), "<style>a>b{color:red}</style>");
  equal(htmlText(markup`<script>${script`f(${"</script>"})`}</script>`), `<script>f("\\u003c/script>")</script>`);
  equal(
    htmlText(markup`<img src="${PIXEL}"${attributes({ alt: HOSTILE, hidden: true, width: undefined })}>`),
    `<img src="${PIXEL}" alt="${ESCAPED}" hidden>`,
  );
});

/** Values that do not fit the place where they stand, as plain data may have them in spite of its types. */
const REFUSED: readonly (readonly [place: string, draw: (value: never) => unknown, value: unknown])[] = [
  ["a style attribute", (value) => markup`<i style="${value}"></i>`, "a:b"],
  ["a part of a style attribute", (value) => markup`<i style="width:${value}px"></i>`, "1;background:url(//x)"],
  ["a class", (value) => markup`<i class="a${value}"></i>`, HOSTILE],
  ["an id", (value) => markup`<i id="${value}"></i>`, "a.b"],
  ["an address", (value) => markup`<img src="${value}">`, "https://x.invalid/a.png"],
  ["an address that is a program", (value) => markup`<a href="${value}"></a>`, "javascript:alert(1)"],
  ["an address that is a page", (value) => markup`<a href="${value}"></a>`, "data:text/html;base64,AAAA"],
  ["a tag", (value) => markup`<i ${value}></i>`, "onclick=alert(1)"],
  ["a style element", (value) => markup`<style>${value}</style>`, "</style>"],
  ["a script element", (value) => markup`<script>${value}</script>`, "alert(1)"],
  ["text", (value) => markup`<i>${value}</i>`, { toString: () => "<b>" }],
  ["text", (value) => markup`<i>${value}</i>`, true],
  ["an attribute", (value) => markup`<i title="${value}"></i>`, {}],
  ["a style", (value) => styling`width:${value}px`, "1px;}*{"],
  ["a style", (value) => styling`width:${value}px`, {}],
  ["a picture in a style", (value) => cssPicture(value), "data:image/png;base64,AA);}"],
  ["the HTML of a view", (value) => htmlText(value), "<b>"],
  ["the HTML of a view", (value) => htmlText(value), attributes({ a: 1 })],
  ["a style of its own", (value) => cssText(value), "a:b"],
];

for (const [place, draw, value] of REFUSED) {
  Deno.test(`${place} refuses ${JSON.stringify(value)}: ${draw}`, () => {
    throws(() => draw(value as never), { name: "TypeError", message: /^Cannot (write|use|show) / });
  });
}

/** Templates that nobody may write. */
const UNREADABLE: readonly (() => unknown)[] = [
  () => markup`<i title=${"a"}></i>`,
  () => markup`<i onclick="${"a"}"></i>`,
  () => markup`<i onclick="a"></i>`,
  () => markup`<!-- ${"a"} -->`,
  () => markup`<${"i"}>`,
  () => markup`<i title="${"a"}`,
  () => markup`a < b`,
  () => markup`<style>${styling`</style>`}</style>`,
  () => attributes({ onclick: "a" }),
  () => attributes({ "a b": "a" }),
  () => element("a b", [], []),
  () => element("g", [["onload", "a"]], []),
];

for (const draw of UNREADABLE) {
  Deno.test(`no template may be ${draw}`, () => {
    throws(draw, { name: "SyntaxError", message: /^Cannot (read|write) / });
  });
}

Deno.test("element() escapes, and takes no address but a picture", () => {
  equal(htmlText(element("g", [["a", HOSTILE]], [markup`${"<"}`])), `<g a="${ESCAPED}">&lt;</g>`);
  throws(() => element("image", [["href", "https://x.invalid/"]], []), { name: "TypeError" });
});

Deno.test("HTML and styles are no text outside of a template", () => {
  const [piece, style]: [Html, Css] = [markup`<b>1</b>`, styling`a:b`];
  throws(() => `${piece}`, { name: "TypeError", message: /^Cannot join HTML to text/ });
  throws(() => [piece].join(""), { name: "TypeError", message: /^Cannot join HTML to text/ });
  throws(() => `${style}`, { name: "TypeError", message: /^Cannot join a style to text/ });
});

Deno.test("styling takes numbers, plain names, parts and lists; strings are written by cssString()", () => {
  equal(
    cssText(styling`a:${1e30}px ${NaN} ${"left"} ${"#e8590c"} ${"0.50"};${[styling`b:c`]}${undefined}`),
    "a:1e+30px NaN left #e8590c 0.50;b:c",
  );
  equal(cssText(cssString(`');}\n</style>"\\&\u0000`)), `'\\27 );}\\a \\3c /style>\\22 \\5c \\26 \\0 '`);
  equal(cssText(cssJoined([styling`a:b`, styling`c:d`], ";")), "a:b;c:d");
});
