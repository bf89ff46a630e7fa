/**
 * What somebody waits for, from the start of a process: a whole script, and the first view of a notebook. Each starts
 * anew every time; the first time, which brings files into the disk's cache, does not count.
 *
 *     deno run -A bench/waits/waits.ts TASK ours|transformers
 *
 * @module
 */
import { JUPYTER_ENV, prepareEnvironment } from "../../scripts/notebooks/environment.ts";
import { run } from "../process.ts";
import { PYTHON, ROOT } from "../programs.ts";
import { Recorder, WAIT_TEXT } from "../protocol.ts";

const LIMIT_S = 120;
const CELL = `
import { LanguageModel, saliencyView } from "${new URL("mod.ts", ROOT).href}";
const model = await LanguageModel.fromPretrained();
saliencyView(await model.saliency(await model.generate("${WAIT_TEXT}", { maxNewTokens: 8 })));
`;

/** The last line that a program prints, as JSON. */
async function answerOf(command: string, args: readonly string[], env = {}): Promise<unknown> {
  const { lines, failure } = await run(command, args, { seconds: LIMIT_S, env });
  if (failure !== undefined) throw new Error(failure);
  return JSON.parse(lines.at(-1) ?? "null");
}

async function script(recorder: Recorder, whose: string) {
  const { checkpoint, threads } = recorder.task;
  const told = [checkpoint, String(threads), WAIT_TEXT];
  const { last, seconds } = await recorder.times(() =>
    whose === "ours"
      ? answerOf(Deno.execPath(), ["run", "-A", "--quiet", "bench/waits/script.ts", ...told])
      : answerOf(PYTHON.oracle, ["bench/peers/script_peer.py", ...told])
  );
  return { seconds, answer: last as readonly number[] };
}

/** The kernel says itself how long it took, as the client in Python has to be started too. */
async function firstView(recorder: Recorder) {
  await prepareEnvironment(() => {});
  const seconds: number[] = [];
  await recorder.times(async () => {
    const shown = await answerOf(".venv/bin/python", ["bench/waits/first_view.py", CELL], JUPYTER_ENV);
    const { seconds: time, error } = shown as { readonly seconds: number; readonly error?: string };
    if (error !== undefined) throw new Error(error);
    seconds.push(time);
  });
  return { seconds: seconds.slice(1) };
}

const recorder = new Recorder();
const whose = Deno.args[1]!;
await recorder.measure("script", () => script(recorder, whose));
await recorder.measure("first view", () => firstView(recorder));
