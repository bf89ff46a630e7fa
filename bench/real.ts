/**
 * A published model with its real weights, which some programs are measured on as well. It is left out where the cache
 * of the hub does not have it; `scripts/real_models/smollm2.py` puts it there.
 *
 * @module
 */
import { cacheFolder } from "../src/hub/settings.ts";
import { ROOT } from "./programs.ts";
import { FIRST, type Text, TEXTS } from "./protocol.ts";

/** What it is called, before the names of its rows too. */
export const REAL = "SmolLM2-135M";

/** Where it is, and what is written with it. */
export interface RealCheckpoint {
  /** The folder. */
  readonly checkpoint: string;
  /** The text that is decoded and explained, by the name that it has for all checkpoints. */
  readonly texts: Readonly<Record<string, Text>>;
  /** The size of the weights. */
  readonly bytes: number;
}

/** The row of a program when it is measured on the model. */
export const realRow = (row: string): string => `${REAL}: ${row}`;

/** The model in the cache of the hub; none where it is absent, or another revision. */
export async function findReal(): Promise<RealCheckpoint | undefined> {
  const golden = JSON.parse(await Deno.readTextFile(new URL("tests/goldens/real/smollm2.json", ROOT)));
  const folder = `${cacheFolder()}/models--${golden.model.replaceAll("/", "--")}`;
  const main = await Deno.readTextFile(`${folder}/refs/main`).catch(() => "");
  if (main.trim() !== golden.revision) return undefined;
  const checkpoint = `${folder}/snapshots/${golden.revision}`;
  const { size } = await Deno.stat(`${checkpoint}/model.safetensors`);
  return { checkpoint, texts: { [FIRST]: textOf(golden.prompts) }, bytes: size };
}

interface Written {
  readonly tokenIds: readonly number[];
  readonly written: readonly number[];
}

/** As many tokens as the text has for other checkpoints: greedy ones are written on from wherever the prompt ends. */
function textOf(prompts: readonly Written[]): Text {
  const { given, written } = TEXTS[FIRST]!;
  const whole = prompts.map(({ tokenIds, written }) => [...tokenIds, ...written]);
  const at = prompts.findIndex(({ tokenIds }, i) => tokenIds.length <= given && whole[i]!.length > given + written);
  if (at < 0) throw new Error(`Cannot find ${given + written} tokens in tests/goldens/real/smollm2.json`);
  return { tokenIds: whole[at]!.slice(0, given + written), promptLength: given };
}
