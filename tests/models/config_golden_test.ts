/** What transformers reads in the settings of published models, and of files that are unusual. */
import { deepEqual, equal } from "@std/assert";
import type { ModelConfig } from "../../src/models/config.ts";
import { parseConfig } from "../../src/models/families.ts";
import golden from "../goldens/configs.json" with { type: "json" };

interface Read {
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | readonly number[] | null;
  readonly positions: number;
  readonly slidingWindow?: number | null;
  readonly padTokenId?: number;
  readonly rope?: Readonly<Record<string, number | string>>;
  readonly attentionBias?: boolean;
  readonly headDim?: number;
}

/** What `parseConfig()` makes of what transformers reads. */
function expected(modelType: string, read: Read): Record<string, unknown> {
  const { bosTokenId, eosTokenId, positions, slidingWindow, padTokenId, rope, attentionBias, ...same } = read;
  const first = modelType === "roberta" ? padTokenId! + 1 : 0;
  return {
    ...same,
    ...(bosTokenId === null ? {} : { bosTokenId }),
    eosTokenIds: eosTokenId === null ? [] : [eosTokenId].flat(),
    nPositions: Math.min(positions, slidingWindow ?? positions) - first,
    ...(modelType === "llama" ? { attentionBias: attentionBias ? "all" : "none" } : {}),
    ...(modelType === "mistral" ? { attentionBias: "none", mlpBias: false } : {}),
    ...(modelType === "qwen2" ? { attentionBias: "qkv", mlpBias: false } : {}),
    ...(modelType === "gpt_neox" ? { attentionBias } : {}),
    ...(rope ? ropeOf(rope) : {}),
  };
}

function ropeOf(rope: NonNullable<Read["rope"]>): Record<string, unknown> {
  const factor = { ropeType: rope.rope_type, factor: rope.factor };
  const llama3 = {
    ...factor,
    lowFreqFactor: rope.low_freq_factor,
    highFreqFactor: rope.high_freq_factor,
    originalMaxPositionEmbeddings: rope.original_max_position_embeddings,
  };
  return {
    ropeTheta: rope.rope_theta,
    partialRotaryFactor: rope.partial_rotary_factor ?? 1,
    ropeScaling: { default: undefined, linear: factor, llama3 }[rope.rope_type as "default" | "linear" | "llama3"],
  };
}

for (const { name, config, read } of golden.configs) {
  Deno.test(`parseConfig() reads what transformers reads, ${name}`, () => {
    const found: Record<string, unknown> = { ...parseConfig(config) as ModelConfig };
    const wanted = expected(config.model_type, read as Read);
    for (const [field, value] of Object.entries(wanted)) deepEqual(found[field], value, field);
  });
}

Deno.test("the goldens of settings are of every family", () => {
  equal(golden.configs.length, 46);
  equal(new Set(golden.configs.map(({ config }) => config.model_type)).size, 8);
});

const FORMER = ["llama/linear_rope", "llama/llama3_rope", "gpt_neox/parallel", "gpt_neox/sequential"];

for (const name of FORMER) {
  Deno.test(`parseConfig() reads ${name} as version 4 of transformers wrote it`, async () => {
    const read = async (file: string) => {
      const url = new URL(`../goldens/${name}/${file}`, import.meta.url);
      return parseConfig(JSON.parse(await Deno.readTextFile(url)));
    };
    deepEqual(await read("config_v4.json"), await read("config.json"));
  });
}
