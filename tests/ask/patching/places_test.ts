import { deepEqual, equal, ok, rejects } from "@std/assert";
import { type ImportanceSite, LanguageModel, type LoadOptions, type PatchSite } from "../../../mod.ts";
import { counted } from "../../support/counted.ts";
import { checkpointCopy, folderOf, maxAbsDifference, openGoldenFile } from "../../support/goldens.ts";

/** Of the greatest number of an array, of values or of 1 where that is more. */
const BOUND = 1e-5;
const OWN = ["resid", "resid_mid", "attn_out", "mlp_out", "z"] as const satisfies readonly PatchSite[];
const WITH_SOURCE: readonly PatchSite[] = [
  ...OWN,
  ...OWN.map((at) => `source_${at}` as const),
  ...["resid_cross", "cross_out", "cross_z"] as const,
];
const BOTH = ["native", "wasm"] as const;
const METRICS = ["logitDifference", "logProb"] as const;

/** What patching_places.json holds. */
interface Texts {
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly cleanSource?: readonly number[];
  readonly corruptedSource?: readonly number[];
  readonly position: number;
  readonly target: number;
  readonly contrast: number;
  readonly metrics: Readonly<Record<string, readonly [number, number]>>;
}

/** A checkpoint with the two texts of `scripts/oracles/patching_places_goldens.py`. */
async function openPlaces(name: string, options: LoadOptions) {
  const directory = folderOf(name);
  const texts: Texts = JSON.parse(await Deno.readTextFile(new URL("patching_places.json", directory)));
  const copy = await checkpointCopy(name);
  const model = await LanguageModel.fromPretrained(copy.directory, options);
  const text = (ids: readonly number[], source?: readonly number[]) => model.sequence(ids, source ? { source } : {});
  const clean = text(texts.clean, texts.cleanSource);
  const corrupted = text(texts.corrupted, texts.corruptedSource);
  const file = new URL("patching_places.safetensors", directory);
  let compared = 0;
  const close = async (actual: { data: Float32Array; shape: readonly number[] }, key: string) => {
    const golden = await openGoldenFile(file, key);
    deepEqual(actual.shape, golden.shape, key);
    const greatest = Math.max(key.startsWith("values") ? 1 : 0, ...golden.data.map(Math.abs));
    const difference = maxAbsDifference(actual.data, golden.data);
    ok(difference <= BOUND * greatest, `${key}: ${difference} > ${BOUND} x ${greatest}`);
    ++compared;
  };
  const dispose = async () => {
    await model.dispose();
    await copy[Symbol.asyncDispose]();
  };
  return { model, texts, clean, corrupted, close, compared: () => compared, [Symbol.asyncDispose]: dispose };
}

const CASES = [
  ...["bart/bart", "marian/marian"].flatMap((name) => BOTH.map((backend) => ({ name, backend }))),
  { name: "twelve_layers", backend: "native" },
  { name: "llama/grouped", backend: "wasm" },
] as const;

for (const { name, backend } of counted(CASES, 6)) {
  Deno.test(`patch() and importance() of both stacks, at a position, equal PyTorch on ${backend}, on ${name}`, async () => {
    await using opened = await openPlaces(name, { backend });
    const { model, texts, clean, corrupted, close } = opened;
    const { position, target, contrast } = texts;
    const sites = texts.cleanSource ? WITH_SOURCE : OWN;
    // Where both backends are tried, wasm takes the metrics in turn: the graph is the same.
    const metricsOf = (i: number) => backend === "wasm" && texts.cleanSource ? [METRICS[i % 2]!] : METRICS;
    for (const [i, at] of sites.entries()) {
      for (const metric of metricsOf(i)) {
        const words = metric === "logProb" ? { target } : { target, contrast };
        const found = await model.patch(clean, corrupted, { at, metric, position, method: "both", ...words });
        await close(found.values!, `values/${at}/${metric}`);
        await close(found.estimate!, `estimate/${at}/${metric}`);
        equal(found.position, position);
        const [cleanValue, corruptedValue] = texts.metrics[metric]!;
        ok(Math.abs(found.cleanValue - cleanValue) <= BOUND * Math.max(1, Math.abs(cleanValue)));
        ok(Math.abs(found.corruptedValue - corruptedValue) <= BOUND * Math.max(1, Math.abs(corruptedValue)));
      }
    }
    const judged: readonly ImportanceSite[] = [
      ...sites,
      "neurons",
      ...texts.cleanSource ? ["source_neurons" as const] : [],
    ];
    for (const [i, at] of judged.entries()) {
      for (const metric of metricsOf(i)) {
        const words = metric === "logProb" ? { target } : { target, contrast };
        const found = await model.importance(clean, { at, metric, position, ...words });
        await close(found.scores, `importance/${at}/${metric}`);
      }
    }
    equal(opened.compared(), !texts.cleanSource ? 32 : backend === "wasm" ? 41 : 82);
  });
}

Deno.test("patch() and importance() at a position are those of the text that ends there, to the bit", async () => {
  await using opened = await openPlaces("twelve_layers", { backend: "native" });
  const { model, texts: { position }, clean, corrupted } = opened;
  const [short, other] = [clean, corrupted].map(({ tokenIds }) => model.sequence(tokenIds.slice(0, position)));
  for (const at of ["resid", "z"] as const) {
    const whole = await model.patch(clean, corrupted, { at, position, method: "both" });
    const own = await model.patch(short!, other!, { at, method: "both" });
    deepEqual([whole.values, whole.estimate, whole.metric], [own.values, own.estimate, own.metric]);
    deepEqual(whole.indices, own.indices);
  }
  const target = clean.tokenIds[position]!; // what stands there is asked about
  deepEqual(
    (await model.importance(clean, { position })).scores,
    (await model.importance(short!, { target })).scores,
  );
});

Deno.test("patch() and importance() report the runs of a text with a source that cost() has counted", async () => {
  await using opened = await openPlaces("bart/bart", { backend: "wasm" });
  const { model, clean, corrupted } = opened;
  const cases = [
    [{ at: "resid" }, 2 + 6], // one run for each position
    [{ at: "cross_z" }, 2 + 1],
    [{ at: "source_resid" }, 2 + 1], // 2 x 7 copies of 13 tokens
    [{ at: "source_z", method: "both" }, 2 + 1 + 1],
  ] as const;
  for (const [options, runs] of cases) {
    let seen = 0;
    await model.patch(clean, corrupted, { ...options, onProgress: () => ++seen });
    deepEqual([seen, model.cost.patch(clean, corrupted, options).runs], [runs, runs], options.at);
  }
});

Deno.test("patch() and importance() refuse positions and places that there are not", async () => {
  await using opened = await openPlaces("bart/bart", { backend: "wasm" });
  const { model, clean, corrupted, texts: { cleanSource } } = opened;
  const range = "as a sequence of 6 tokens has the positions 1 to 6, the last of which is the next token's";
  for (const position of [0, 7, 1.5]) {
    const refused = {
      name: "RangeError",
      message: `Cannot measure what is predicted for position ${position} ${range}`,
    };
    await rejects(() => model.patch(clean, corrupted, { position }), refused);
    await rejects(() => model.importance(clean, { position }), refused);
  }
  await rejects(() => model.patch(clean, corrupted, { position: 4, positions: [4] }), {
    name: "RangeError",
    message: "Cannot patch position 4 as there are the positions 0 to 3",
  });
  const other = model.sequence(corrupted.tokenIds, { source: cleanSource!.slice(1) });
  await rejects(() => model.patch(clean, other, { at: "source_resid" }), {
    name: "RangeError",
    message: "Cannot patch a source of 6 tokens with one of 7; change words for others of as many tokens",
  });
  equal((await model.patch(clean, other, { target: 5, contrast: 6 })).values!.shape[1], 6);
  await using decoder = await openPlaces("llama/grouped", { backend: "wasm" });
  for (const at of ["source_z", "cross_out"] as const) {
    const without = `"${at}" as Llama has no encoder; name resid, resid_mid, attn_out, mlp_out or z`;
    await rejects(() => decoder.model.patch(decoder.clean, decoder.corrupted, { at }), {
      name: "TypeError",
      message: `Cannot patch ${without}`,
    });
    await rejects(() => decoder.model.importance(decoder.clean, { at }), {
      name: "TypeError",
      message: `Cannot judge ${without}`,
    });
  }
});
