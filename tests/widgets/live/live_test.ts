/** What the kernel answers to the fields of live views. */
import { deepEqual, equal, match, ok, throws } from "@std/assert";
import {
  attentionView,
  LanguageModel,
  layerPredictionsView,
  lensView,
  saliencyView,
  treeView,
  type View,
} from "../../../mod.ts";
import { LiveHost } from "../../../src/live/host.ts";
import type { ToPage } from "../../../src/live/protocol.ts";
import { liveAttention } from "../../../widgets/attention/live.ts";
import { htmlText, markup } from "../../../widgets/kit/html.ts";
import { liveCell, type LiveDrawing } from "../../../widgets/kit/live.ts";
import { liveLens } from "../../../widgets/layer_predictions/live.ts";
import { liveWholeLens } from "../../../widgets/lens/live.ts";
import { liveSaliency } from "../../../widgets/saliency/live.ts";
import { liveTree } from "../../../widgets/tree/live.ts";
import { openSourceModel } from "../../support/sources.ts";

const model = await LanguageModel.fromPretrained(); // for all tests of this file
const TEXT = "The keys to the cabinet";
const WATCH = { signal: new AbortController().signal, onProgress: () => {} };
const sequence = model.sequence(TEXT);
const entry = `lookingGlass_${"0".repeat(32)}`;
const valuesOf = ({ fields }: LiveDrawing) => Object.fromEntries(fields.map(({ name, value }) => [name, value]));

/** Each live view, what its fields say, and the view that the kernel should draw of that. */
async function drawings(): Promise<readonly (readonly [LiveDrawing, Readonly<Record<string, string>>, View])[]> {
  const map = await model.saliency(sequence, { preset: "captum" });
  const saliency = liveSaliency(model, map, (map, position) => saliencyView(map, { position }));
  const trace = await model.trace(sequence, { capture: ["attention"], layers: [1, 2] });
  const layers = await model.layerPredictions(sequence, { topK: 3, halves: true });
  const tree = await model.tree(TEXT, { maxNewTokens: 2 });
  const other = model.sequence("The dog");
  const forked = await model.tree("The dog", { maxNewTokens: 2 });
  await forked.fork(forked.data.prompt.tokenIds.length, " is", { maxNewTokens: 2 });
  const last = other.tokenIds.length;
  const captum = { preset: "captum" } as const;
  const lens = { topK: 3, halves: true, position: 2 };
  return [
    [
      saliency,
      { text: "The dog", next: "", contrast: "" },
      saliencyView(await model.saliency(other, captum), { position: last - 1 }),
    ],
    [
      saliency,
      { text: "The dog", next: " is", contrast: " are" },
      saliencyView(await model.saliency(other, { ...captum, next: " is", contrast: " are" }), { position: last }),
    ],
    [
      liveAttention(model, trace, (trace) => attentionView(trace)),
      { text: "The dog" },
      attentionView(await model.trace(other, { capture: ["attention"], layers: [1, 2] })),
    ],
    [
      liveLens(model, layers, (next) => layerPredictionsView(next)),
      { text: "The dog", position: " 2 " },
      layerPredictionsView(await model.layerPredictions(other, lens)),
    ],
    [
      liveWholeLens(model, await model.lens(sequence, { norm: "none" }), (next) => lensView(next, { colour: "rank" })),
      { text: "The dog" },
      lensView(await model.lens(other, { norm: "none" }), { colour: "rank" }),
    ],
    [liveTree(model, tree.data, (tree) => treeView(tree)), { text: "The dog", other: " is" }, treeView(forked)],
  ];
}

Deno.test("live views draw what the fields say, as their own calls do, and begin with the text that they have", async () => {
  let cases = 0;
  for (const [drawing, values, expected] of await drawings()) {
    equal((await drawing.draw(values, WATCH)).html, expected.html);
    equal(valuesOf(drawing).text, TEXT);
    ++cases;
  }
  equal(cases, 6);
});

Deno.test("liveCell() brings the view, its program and its names, and checks what its fields send", async () => {
  const channel = { host: new LiveHost(), address: { kernel: "k", notebook: "", entry } };
  const map = await model.saliency(sequence, { preset: "captum" });
  const drawing = liveSaliency(model, map, (map, position) => saliencyView(map, { position }));
  const cell = liveCell(drawing, channel)!;
  match(cell.name, /^view\.[0-9a-f]{32}$/);
  const html = htmlText(cell.html(markup`<b>the view</b>`));
  ok(html.includes("<b>the view</b>") && html.includes(cell.name) && html.includes(entry));
  equal(html.split("<script>").length, 2);
  equal(liveCell(drawing), undefined); // outside of a notebook
  equal(saliencyView(map, { live: model }).html, saliencyView(map).html);
  const said: ToPage[] = [];
  const ask = async (data: unknown, subject = cell.name) => {
    const request = { kind: "request", protocol: 1, id: "a", subject, question: "draw", data };
    await channel.host.receive(request, (message) => said.push(message));
    const message = said.splice(0).at(-1)!;
    return message.kind === "error" ? `${message.name}: ${message.message}` : message.kind;
  };
  const good = { text: "The dog", next: "", contrast: "" };
  equal(await ask(good), "result");
  const refused = [
    await ask({ ...good, text: 5 }),
    await ask({ ...good, code: "1" }),
    await ask(null),
    await ask({ ...good, text: "x".repeat(100_001) }),
    await ask({ ...good, next: "two words" }),
    await ask({ ...good, text: "" }),
    await ask(good, `view.${"0".repeat(32)}`),
  ];
  deepEqual(
    refused.map((words) => words.slice(0, 40)),
    [
      "TypeError: Cannot draw with text 5 as it ",
      'TypeError: Cannot draw with a field "code',
      "TypeError: Cannot draw with text undefine",
      "RangeError: Cannot draw with text of 1000",
      'RangeError: Cannot explain "two words" as',
      "RangeError: Cannot explain a sequence of ",
      "NotFoundError: Cannot answer as this view",
    ].map((words) => words.slice(0, 40)),
  );
});

Deno.test("live views refuse what cannot be edited as one text", async () => {
  await using golden = await openSourceModel("bart/bart");
  const whole = golden.sequenceOf(golden.pairs.long!);
  const map = await golden.model.saliency(whole);
  throws(() => saliencyView(map, { live: golden.model }), { name: "TypeError", message: /with a source as one text/ });
  const layers = await golden.model.layerPredictions(whole, { topK: 2 });
  throws(() => layerPredictionsView(layers, { live: golden.model }), { name: "TypeError", message: /with a source/ });
});
