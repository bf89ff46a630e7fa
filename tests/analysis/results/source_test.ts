/** Results of models with an encoder: texts with their sources, attention to those, and maps of both. */
import { deepEqual, equal, match, ok, rejects, throws } from "@std/assert";
import { decodeResults, diffResults, encodeResults } from "../../../src/analysis/mod.ts";
import type { Saliency, Sequence, Trace } from "../../../mod.ts";
import { withSource } from "../../../src/model/sequence.ts";
import { counted } from "../../support/counted.ts";
import { CAPTUM, saliencyOf, sequenceOf } from "../../widgets/fixtures.ts";
import { floats } from "./fixtures.ts";
import { fileOf, partsOf } from "./raw_file.ts";

const SOURCE = sequenceOf(["the", " third", " of", " May"], 4);
const SEQUENCE: Sequence = { ...sequenceOf(["<s>", "05", "-03"], 1), source: SOURCE };
const TRACE: Trace = {
  sequence: SEQUENCE,
  layers: [0, 2],
  attention: floats(2, 3, 3, 3),
  crossAttention: floats(2, 3, 3, 4),
  sourceAttention: floats(1, 5, 4, 4),
};
const SALIENCY: Saliency = saliencyOf(withSource(SEQUENCE), CAPTUM);

type Json = Record<string, unknown>;

Deno.test("decodeResults() reads texts with a source, attention to it and maps of both as they were written", async () => {
  const { crossAttention, sourceAttention } = TRACE;
  const given = {
    sequence: SEQUENCE,
    trace: TRACE,
    cross: { sequence: SEQUENCE, crossAttention },
    own: { sequence: SEQUENCE, sourceAttention },
    saliency: SALIENCY,
  };
  equal(SALIENCY.sequence.sourceLength, 4);
  const { results, kinds } = await decodeResults(await encodeResults(given));
  deepEqual(results, given);
  deepEqual(kinds, { sequence: "sequence", trace: "trace", cross: "trace", own: "trace", saliency: "saliency" });
  const loaded: Readonly<Record<string, unknown>> = results;
  for (const [name, result] of Object.entries(given)) equal(diffResults(loaded[name], result).equal, true, name);
});

Deno.test("decodeResults() refuses sources and attention to them that fit nothing", async () => {
  const cases: readonly (readonly [unknown, (x: Json, source: Json) => void, RegExp])[] = [
    [SEQUENCE, (x) => x.source = 5, /x\.source is 5, not an object/],
    [SEQUENCE, (x) => x.source = null, /x\.source is null, not an object/],
    [SEQUENCE, (x) => x.source = { text: "<img>" }, /x\.source has no tokenIds/],
    [SEQUENCE, (_, source) => source.promptLength = 5, /source\.promptLength is 5, and T is 4/],
    [SEQUENCE, (_, source) => source.tokenIds = [1, 2, 3, 4], /source\.tokens\.0\.id is 100, not 1/],
    [SEQUENCE, (_, source) => source.source = { ...source }, /source\.source is the source of a source/],
    [SEQUENCE, (x) => x.sourceLength = 5, /x\.sourceLength is 5, and T is 3/],
    [SEQUENCE, (x) => x.sourceLength = "<img>", /x\.sourceLength is "<img>", and T is 3/],
    [TRACE, (x) => x.crossAttention = "<img>", /tensor "x\.crossAttention" belongs to no result/],
    [TRACE, (x) => delete (x.sequence as Json).source, /x has attention to a source, and x\.sequence has none/],
  ];
  for (const [result, change, problem] of counted(cases, 10)) {
    const { document, tensors } = await partsOf(await encodeResults({ x: result }));
    const whole = JSON.parse(document);
    const x = whole.results.x;
    change(x, (x.source ?? {}) as Json);
    const found = await decodeResults(fileOf(whole, tensors)).then(() => "nothing", ({ message }) => message as string);
    match(found, problem);
  }
});

Deno.test("encodeResults() refuses attention to a source whose shape does not fit the texts", async () => {
  const cases: readonly (readonly [Partial<Trace>, RegExp])[] = [
    [{ crossAttention: floats(2, 3, 4, 3) }, /x\.crossAttention has shape \[2,3,4,3\], not \[K,H,T,E\], as T is 3/],
    [{ crossAttention: floats(2, 1, 3, 4) }, /, as H is 3/],
    [{ crossAttention: floats(1, 3, 3, 4) }, /, as K is 2/],
    [{ crossAttention: floats(2, 3, 3, 5) }, /, as E is 4/],
    [{ sourceAttention: floats(1, 5, 3, 3) }, /x\.sourceAttention has shape \[1,5,3,3\], not .*, as E is 4/],
  ];
  for (const [change, message] of counted(cases, 5)) {
    await rejects(encodeResults({ x: { ...TRACE, ...change } }), { name: "TypeError", message });
  }
});

Deno.test("diffResults() compares attention to sources, and no texts of different sources", () => {
  const data = TRACE.crossAttention!.data.slice();
  data[7]! += 0.25;
  const other = { ...TRACE, crossAttention: { ...TRACE.crossAttention!, data } };
  const { differences } = diffResults(TRACE, other);
  deepEqual(differences.map(({ path, index }) => [path, index]), [["trace.crossAttention", [0, 0, 1, 3]]]);
  const another = { ...TRACE, sequence: { ...SEQUENCE, source: sequenceOf(["the", " first", " of", " May"], 4) } };
  throws(() => diffResults(TRACE, another), (error: Error) => {
    ok(error instanceof RangeError);
    match(error.message, /^Cannot compare trace of different texts: /);
    return true;
  });
});
