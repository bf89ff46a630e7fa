/**
 * What is changed and judged inside of a model, and what it costs those who do not ask for it.
 *
 * @module
 */
import type { LanguageModel } from "../mod.ts";
import { writeText } from "./decode.ts";
import { BESIDE, corruptedOf, type Recorder, type Text, WORDS } from "./protocol.ts";

/** Patches every layer and position, and judges all heads and neurons. */
export async function lookInside(recorder: Recorder, model: LanguageModel, { tokenIds }: Text): Promise<void> {
  const [clean, corrupted] = [model.sequence(tokenIds), model.sequence(corruptedOf(tokenIds))];
  await recorder.measure("patch", async () => {
    const { last, seconds } = await recorder.times(() => model.patch(clean, corrupted, WORDS), true);
    return { seconds, answer: [...last.values!.data] };
  });
  await recorder.measure("attribute", async () => {
    const { last, seconds } = await recorder.times(() => model.importance(clean, { at: ["z", "neurons"], ...WORDS }));
    return { seconds, answer: last.flatMap(({ scores }) => [...scores.data]) };
  });
}

/** How often two models take turns for each time that a row is measured otherwise. */
const TURNS = 4;

/**
 * Decodes and explains with two models that nothing is changed in, in turn, so that both see the same disturbances: one
 * that was only loaded, and one that was asked about its inside and has a changed model beside it.
 */
export async function measureDefault(
  recorder: Recorder,
  plain: LanguageModel,
  { name, text, load }: { name: string; text: Text; load: () => Promise<LanguageModel> },
): Promise<void> {
  const explained = { promptLength: text.promptLength };
  const explain = async (model: LanguageModel) => {
    const sequence = model.sequence(text.tokenIds, explained);
    const start = performance.now();
    const { scores } = await model.saliency(sequence);
    return { seconds: [(performance.now() - start) / 1000], answer: [...scores.data] };
  };
  const rows = { "default decode": (model: LanguageModel) => writeText(model, text), "default explain": explain };
  for (const [row, work] of Object.entries(rows)) {
    await recorder.measure(row, async () => {
      await using asked = await load();
      await using changed = await asked.with([{ site: "z.0", heads: [0], scale: 0 }, {
        site: "mlp_out.3",
        scale: 0.5,
      }]);
      await work(changed);
      await asked.importance(asked.sequence(text.tokenIds), { at: "z", ...WORDS });
      const { seconds, answers } = await takeTurns([plain, asked], work, TURNS * recorder.task.repeat);
      recorder.print({ row, seconds: seconds[1]!, answer: answers[1]!, as: `${name}, ${BESIDE}` });
      return { seconds: seconds[0]!, answer: answers[0]! };
    });
  }
}

/** Explains in float32 and in int8, in turn. */
export async function measureInt8(recorder: Recorder, model: LanguageModel, name: string, text: Text): Promise<void> {
  const row = "int8 explain";
  await recorder.measure(row, async () => {
    const sequence = model.sequence(text.tokenIds, { promptLength: text.promptLength });
    const explain = async (precision: "float32" | "int8") => {
      const start = performance.now();
      const { scores } = await model.saliency(sequence, { precision });
      return { seconds: [(performance.now() - start) / 1000], answer: [...scores.data] };
    };
    const { seconds, answers } = await takeTurns(["float32", "int8"], explain, TURNS * recorder.task.repeat);
    recorder.print({ row, seconds: seconds[1]!, answer: answers[1]!, as: `${name}, int8` });
    return { seconds: seconds[0]!, answer: answers[0]! };
  });
}

/** What two models, or two ways to ask one, take and answer when they work in turn; who begins changes too. The first turns do not count. */
async function takeTurns<One>(
  models: readonly One[],
  work: (model: One) => Promise<{ seconds: number[]; answer: number[] }>,
  turns: number,
) {
  const seconds: number[][] = models.map(() => []);
  const answers: (readonly number[])[] = [];
  for (let turn = -1; turn < turns; ++turn) {
    for (const i of turn % 2 === 0 ? [0, 1] : [1, 0]) {
      const found = await work(models[i]!);
      answers[i] = found.answer;
      if (turn >= 0) seconds[i]!.push(...found.seconds);
    }
  }
  return { seconds, answers };
}
