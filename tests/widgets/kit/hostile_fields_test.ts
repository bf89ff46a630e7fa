import { deepEqual, equal, ok } from "@std/assert";
import type { View } from "../../../widgets/mod.ts";
import { outlineBundle } from "../../../widgets/result_view.ts";
import { all, isWellFormed, parse } from "../page.ts";
import {
  CONTROLS,
  fieldsOf,
  MARK,
  MARKUP,
  NUMBERS,
  type Planted,
  plantings,
  replaced,
  type Subject,
  SUBJECTS,
} from "./hostile_fields.ts";

/** Rules and declarations without their strings, in which a text does no harm. */
function withoutStrings(style: string): string {
  return style.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "");
}

/** What of the planted text became more than text. */
function harmOf(body: HTMLElement): string[] {
  const elements = all(body, "*");
  const attributes = elements.flatMap((one) =>
    one.getAttributeNames().map((name) => ({ name, value: one.getAttribute(name) ?? "" }))
  );
  return [
    ...all(body, `${MARK},img:not([src^="data:image/"]),a,iframe,object,embed,link,base,meta`).map((one) =>
      one.outerHTML
    ),
    ...attributes.filter(({ name }) => name.startsWith("on") || name.includes(MARK)).map(({ name }) => name),
    ...attributes.filter(({ name, value }) =>
      /^(src|href|action)$/.test(name) && !/^data:(?:image|audio)\//.test(value)
    )
      .map(({ value }) => value),
    ...attributes.filter(({ name, value }) => name === "style" && withoutStrings(value).includes(MARK))
      .map(({ value }) => value),
    ...attributes.filter(({ name, value }) => /^(class|id|name|for|type)$/.test(name) && value.includes(MARK))
      .map(({ value }) => value),
    ...all(body, "style,script").map((one) => one.textContent ?? "").filter((text) =>
      withoutStrings(text).includes(MARK)
    ),
  ];
}

// deno-lint-ignore no-control-regex -- these are what is looked for
const UNSAFE = /[\x00-\x09\x0B-\x1F\x7F-\x9F\u202A-\u202E\u2066\u2067]/;

function isHarmless(view: View, name: string): void {
  if (view.html.includes(MARK)) deepEqual(harmOf(parse(view.html)), [], name);
  ok(!UNSAFE.test(view.text), `${name}: a terminal would obey ${JSON.stringify(view.text)}`);
  equal(Deno.inspect(view), view.text);
}

/** Whether it was drawn; else it was refused by an error that is about what was given. */
async function draws({ name, draw }: Planted, check: (view: View, name: string) => void): Promise<boolean> {
  let view;
  try {
    view = await draw();
  } catch (error) {
    ok(error instanceof Error && !/call stack|array length|out of memory/i.test(error.message), `${name}: ${error}`);
    return false;
  }
  check(view, name);
  return true;
}

async function countDrawn(plants: Iterable<Planted>, check: (view: View, name: string) => void) {
  const count = { drawn: 0, refused: 0 };
  for (const planted of plants) ++count[await draws(planted, check) ? "drawn" : "refused"];
  return count;
}

function tryAll(subject: Subject): void {
  Deno.test(`no field makes HTML, styles or terminal codes of its own: ${subject.name}`, async () => {
    const { drawn, refused } = await countDrawn(plantings(subject, [...MARKUP, CONTROLS], NUMBERS), isHarmless);
    ok(drawn > 20, `${drawn} drawn, ${refused} refused`);
  });
  Deno.test(`no field makes elements in the image: ${subject.name}`, async () => {
    const plants = plantings(subject, [`${MARKUP[0]}${CONTROLS}`], []);
    const { drawn } = await countDrawn(plants, ({ svg }) => {
      isWellFormed(svg);
      ok(!svg.includes(`<${MARK}`) && !/\son\w+="/.test(svg));
      ok(!UNSAFE.test(svg.replaceAll("\t", "").replace(/[\x80-\x9F\u202A-\u202E]/g, "")), "no XML");
    });
    ok(drawn > 3, `${drawn} drawn`);
  });
}

SUBJECTS.forEach(tryAll);

Deno.test("no field makes HTML or terminal codes of its own in the table of a result", () => {
  const names = ["tokens", "steps", "attention of some layers", "factors", "layer predictions, halves"];
  let shown = 0;
  for (const { name, data: [given] } of SUBJECTS.filter((one) => names.includes(one.name))) {
    for (const { path } of fieldsOf(given)) {
      for (const planted of [...MARKUP, CONTROLS]) {
        const bundle = outlineBundle(`result ${planted}`, Object(replaced(given, path, planted)));
        deepEqual(harmOf(parse(bundle["text/html"])), [], `${name}: ${path.join(".")}`);
        ok(!UNSAFE.test(bundle["text/plain"]), JSON.stringify(bundle["text/plain"]));
        ++shown;
      }
    }
  }
  ok(shown > 1000, `${shown} cases`);
});

Deno.test("every field of every view is tried", () => {
  const count = (texts: readonly string[], numbers: readonly number[]) =>
    SUBJECTS.reduce((sum, subject) => sum + Array.from(plantings(subject, texts, numbers)).length, 0);
  equal(SUBJECTS.length, 51);
  ok(count(["x"], []) > 1000, `${count(["x"], [])} fields`);
  ok(count([...MARKUP, CONTROLS], NUMBERS) > 11000, `${count([...MARKUP, CONTROLS], NUMBERS)} cases`);
});
