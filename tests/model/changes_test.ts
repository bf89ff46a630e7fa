/** What goes for every change: nothing is nothing, changes add up, and a changed model is a model. */
import { deepEqual, equal, notDeepEqual, ok, rejects, throws } from "@std/assert";
import type { Change, LanguageModel, Sequence } from "../../mod.ts";
import {
  caseOf,
  CHANGED,
  type ChangeGolden,
  logitsOf,
  openChanges,
  relativeDifference,
  scoresOf,
} from "../support/change_goldens.ts";
import { counted } from "../support/counted.ts";
import { maxAbsDifference } from "../support/goldens.ts";

const BACKENDS = ["native", "wasm"] as const;
const FEW = counted(CHANGED.filter(([name]) => /f32|grouped|parallel|bert|bart/.test(name)), 5);

/** Logits, scores and the text that is written. */
async function everything(model: LanguageModel, sequence: Sequence, { positions, tokenIds, sourceIds }: ChangeGolden) {
  const isEncoder = model.config.modelType === "bert";
  const prompt = sourceIds ?? tokenIds;
  return {
    logits: await logitsOf(model, sequence),
    scores: await scoresOf(model, sequence, positions),
    written: isEncoder ? [] : (await model.generate(prompt, { maxNewTokens: 8 })).tokenIds,
  };
}

for (const backend of BACKENDS) {
  for (const [name, count] of FEW) {
    Deno.test(`with([]), and scales of 1 at every place, give the same bits as the model itself on ${name}, ${backend}`, async () => {
      await using opened = await openChanges(name, count, { backend });
      const { golden, model, sequence } = opened;
      const own = await everything(model, sequence, golden);
      await using unchanged = await model.with([]);
      deepEqual(await everything(unchanged, sequence, golden), own);
      deepEqual(unchanged.changes, []);
      const sites = model.siteNames.filter((site) => !site.includes("pattern."));
      ok(sites.length >= 14, `${sites}`);
      await using scaled = await model.with(sites.map((site) => ({ site, scale: 1 })));
      deepEqual(await everything(scaled, sequence, golden), own);
    });

    Deno.test(`states and patterns of the text itself, put back, leave ${name} as it is on ${backend}`, async () => {
      await using opened = await openChanges(name, count, { backend });
      const { golden, model, sequence } = opened;
      const own = await logitsOf(model, sequence);
      const { hiddenStates, attention } = await model.trace(sequence, { capture: ["hiddenStates", "attention"] });
      const [layers, T, C] = hiddenStates!.shape as [number, number, number];
      const H = attention!.shape[1]!;
      const positions = [...Array(T).keys()];
      const part = (data: Float32Array, i: number, size: number) => data.slice(i * size, (i + 1) * size);
      const changes = Array.from({ length: layers }, (_, i): Change => {
        return { site: `resid.${i}`, positions, set: { data: part(hiddenStates!.data, i, T * C), shape: [T, C] } };
      });
      const patterns = Array.from({ length: layers - 1 }, (_, i): Change => {
        return { site: `pattern.${i}`, set: { data: part(attention!.data, i, H * T * T), shape: [H, T, T] } };
      });
      equal(golden.tokenIds.length, T);
      for (const change of [...changes, ...patterns]) {
        await using changed = await model.with([change]);
        const difference = relativeDifference(await logitsOf(changed, sequence), own);
        ok(difference <= 1e-6, `${change.site}: ${difference}`);
      }
    });
  }

  Deno.test(`changes of a changed model come after its own, on ${backend}`, async () => {
    let pairs = 0;
    for (const [name, count] of FEW) {
      await using opened = await openChanges(name, count, { backend });
      const { golden, model, sequence } = opened;
      for (
        const [a, b] of [["one after the other", "everywhere"], ["everywhere", "a pattern of another text"]] as const
      ) {
        const [first, second] = [caseOf(golden, a).changes, caseOf(golden, b).changes];
        await using changed = await model.with(first);
        await using twice = await changed.with(second);
        await using both = await model.with([...first, ...second]);
        deepEqual(twice.changes, both.changes);
        equal(twice.changes.length, first.length + second.length);
        const logits = await logitsOf(both, sequence);
        deepEqual(await logitsOf(twice, sequence), logits);
        notDeepEqual(await logitsOf(changed, sequence), logits);
        pairs += 1;
      }
    }
    equal(pairs, 10);
  });

  Deno.test(`a changed model in a worker gives the same bits, on ${backend}`, async () => {
    for (const [name, count] of FEW) {
      await using here = await openChanges(name, count, { backend });
      await using there = await openChanges(name, count, { backend, worker: true });
      const { changes } = caseOf(here.golden, "everywhere");
      await using own = await here.model.with(changes);
      await using other = await there.model.with(changes);
      deepEqual(
        await everything(other, there.sequence, there.golden),
        await everything(own, here.sequence, here.golden),
        name,
      );
    }
  });

  Deno.test(`generateBatch() and beams() of a changed model write what it writes alone, on ${backend}`, async () => {
    const cases = ["heads scaled at positions", "vectors added at positions", "one after the other"];
    let texts = 0;
    for (const [name, count] of FEW.filter(([name]) => !name.startsWith("bert/"))) {
      await using opened = await openChanges(name, count, { backend });
      const { golden, model } = opened;
      const prompt = golden.sourceIds ?? golden.tokenIds;
      const prompts = [prompt, prompt.slice(0, 2), prompt.slice(1)];
      for (const one of cases) {
        await using changed = await model.with(caseOf(golden, one).changes);
        const alone: Sequence[] = [];
        for (const prompt of prompts) alone.push(await changed.generate(prompt, { maxNewTokens: 8 }));
        deepEqual(await changed.generateBatch(prompts, { maxNewTokens: 8 }), alone);
        const { branches } = await changed.beams(prompt, { maxNewTokens: 5, beams: 3 });
        for (const { sequence, logProb } of counted(branches, 3)) {
          const written = sequence.tokenIds.keys().drop(sequence.promptLength).toArray();
          const { logProbs } = await changed.surprise(sequence, { positions: written });
          const sum = logProbs.data.reduce((a, b) => a + b, 0);
          ok(Math.abs(sum - logProb) < 1e-4, `${name}, ${one}: ${sum}, ${logProb}`);
          texts += 1;
        }
      }
    }
    equal(texts, 4 * 3 * 3);
  });

  Deno.test(`several texts side by side are refused where a pattern is set, on ${backend}`, async () => {
    const message = "Cannot read several texts side by side with a pattern that is set; ask about one at a time";
    for (const [name, count] of FEW) {
      await using opened = await openChanges(name, count, { backend });
      const { golden, model } = opened;
      await using changed = await model.with(caseOf(golden, "a pattern of another text").changes);
      const prompt = golden.sourceIds ?? golden.tokenIds;
      const refused = { name: "RangeError", message };
      if (name.startsWith("bert/")) {
        await rejects(changed.encode([prompt, prompt.slice(1)]), refused);
        equal((await changed.encode([prompt])).vectors.shape[0], 1);
        continue;
      }
      await rejects(changed.generateBatch([prompt, prompt.slice(1)], { maxNewTokens: 2 }), refused);
      await rejects(changed.beams(prompt, { maxNewTokens: 3, beams: 2 }), refused);
      equal((await changed.generate(prompt, { maxNewTokens: 2 })).tokenIds.length > 0, true);
    }
  });
}

Deno.test("a changed model ends with the model that it was made of, at the latest", async () => {
  for (const backend of BACKENDS) {
    await using opened = await openChanges("gpt2/f32", 18, { backend });
    const { model, sequence } = opened;
    const own = await logitsOf(model, sequence);
    const first = await model.with([{ site: "z.0", scale: 0 }]);
    const second = await model.with([{ site: "z.1", scale: 0 }]);
    const third = await second.with([{ site: "mlp_out.0", scale: 0 }]);
    await first.dispose();
    await first.dispose();
    deepEqual(await logitsOf(model, sequence), own);
    await logitsOf(third, sequence);
    const message = `Cannot use ${model.id} as it is disposed; load it again`;
    await rejects(logitsOf(first, sequence), { name: "Error", message });
    await model.dispose();
    for (const one of [model, second, third]) {
      await rejects(logitsOf(one, sequence), { name: "Error", message });
      await rejects(one.with([]), { name: "Error", message });
      throws(() => one.cost.saliency(sequence), { name: "Error", message });
    }
  }
});

Deno.test("a model that is disposed while a changed one is made disposes of that too", async () => {
  for (const backend of BACKENDS) {
    await using opened = await openChanges("gpt2/f32", 18, { backend });
    const making = opened.model.with([{ site: "z.0", scale: 0 }]);
    const disposed = opened.model.dispose();
    await rejects(making, { message: `Cannot use ${opened.model.id} as it is disposed; load it again` });
    await disposed;
  }
});

Deno.test("what is asked of changes later does not depend on the arrays that they were made of", async () => {
  await using opened = await openChanges("gpt2/f32", 18);
  const { model, sequence } = opened;
  const heads = [0];
  const add = new Float32Array(16).fill(0.5);
  await using changed = await model.with([{ site: "z.0", heads, scale: 0 }, { site: "resid.1", add }]);
  const before = await logitsOf(changed, sequence);
  heads[0] = 1;
  add.fill(7);
  deepEqual(changed.changes.map(({ heads }) => heads), [[0], undefined]);
  await using again = await changed.with([]);
  deepEqual(await logitsOf(again, sequence), before);
});

Deno.test("a model of 8-bit weights can be changed, and explains itself", async () => {
  const folder = await Deno.makeTempDir({ prefix: "looking-glass-" });
  try {
    await using float = await openChanges("gpt2/f32", 18, {});
    await using opened = await openChanges("gpt2/f32", 18, { dtype: "q8", cacheDir: `${folder}/hub` });
    const { golden, model, sequence } = opened;
    const own = await logitsOf(model, sequence);
    await using unchanged = await model.with([]);
    deepEqual(await logitsOf(unchanged, sequence), own);
    for (const { name, changes, logits } of golden.cases) {
      await using changed = await model.with(changes);
      const found = await logitsOf(changed, sequence);
      const [away, moved] = [maxAbsDifference(found, logits), maxAbsDifference(found, own)];
      // 0.14 at most where the unchanged model is 0.11 away; the changes move logits by 0.4 to 5.6.
      ok(away < 0.2 && moved > 2 * away, `${name}: ${away} from float32, ${moved} from the unchanged`);
      equal((await changed.generate(golden.tokenIds, { maxNewTokens: 2 })).promptLength, golden.tokenIds.length);
      await using exact = await float.model.with(changes);
      const { scores } = await changed.saliency(sequence);
      const difference = maxAbsDifference(scores.data, (await exact.saliency(sequence)).scores.data);
      ok(difference < 0.1, `${name}: a share is ${difference} from that of float32`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("with() takes the changes of a model that went through JSON, and gives the same bits", async () => {
  await using opened = await openChanges(...FEW[0]!, { backend: "wasm" });
  const { golden, model, sequence } = opened;
  const width = model.config.nEmbd;
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1) / 3);
  await using changed = await model.with([
    { site: "resid.1", add: numbers(width) },
    { site: "z.0", positions: [1, 2], set: { data: numbers(2 * width), shape: [2, width] } },
  ]);
  const written: readonly Change[] = JSON.parse(JSON.stringify(changed.changes));
  await using again = await model.with(written);
  deepEqual(again.changes, changed.changes);
  const [own, other] = [await everything(changed, sequence, golden), await everything(again, sequence, golden)];
  deepEqual(other, own);
  notDeepEqual(other.logits, (await everything(model, sequence, golden)).logits);
});
