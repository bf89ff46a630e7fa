/**
 * A published Llama with its real weights, held to transformers. Left out where the weights are absent:
 *
 *     python3 -m venv .out/real_models && .out/real_models/bin/pip install -r scripts/real_models/requirements.txt
 *     .out/real_models/bin/python scripts/real_models/smollm2.py
 */
import { deepEqual, equal, ok } from "@std/assert";
import type { ChatMessage, LanguageModel, SaliencyDefinition } from "../../mod.ts";
import { counted } from "../support/counted.ts";
import { maxAbsDifference } from "../support/goldens.ts";
import { RealModel } from "../support/real_models.ts";

interface Prompt {
  readonly text: string;
  readonly tokenIds: readonly number[];
  readonly top: readonly { readonly id: number; readonly logit: number }[];
  readonly written: readonly number[];
  readonly writtenText: string;
}

interface Golden {
  readonly prompts: readonly Prompt[];
  readonly saliency: readonly {
    readonly position: number;
    readonly tokenIds: readonly number[];
    readonly scores: Readonly<Record<string, readonly number[]>>;
  }[];
  readonly chat: readonly {
    readonly messages: readonly ChatMessage[];
    readonly addGenerationPrompt: boolean;
    readonly text: string;
  }[];
  readonly texts: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly offsets: readonly number[];
  }[];
}

const SMOLLM2 = new RealModel<Golden>("smollm2");
const { prompts, saliency, chat, texts } = SMOLLM2.golden;
counted([...prompts, ...saliency, ...chat, ...texts], 3 + 2 + 3 + 48);

/** Of the greatest number; float32 alone is 1.7e-5 of a logit and 8.5e-5 of a score away from the golden's float64. */
const BOUND = { logits: 1e-4, scores: 3e-4 };

function close(actual: ArrayLike<number>, golden: readonly number[], bound: number, what: string): void {
  const difference = maxAbsDifference(actual, golden);
  const scale = Math.max(...golden.map(Math.abs));
  ok(difference <= bound * scale, `${what}: ${difference} > ${bound} x ${scale}`);
}

/** The first logits, and the whole greedy text. */
async function expectPrompt(model: LanguageModel, { text, tokenIds, top, written, writtenText }: Prompt) {
  const sequence = model.sequence(text);
  deepEqual(sequence.tokenIds, tokenIds);
  const { logits } = await model.trace(sequence, { capture: ["logits"] });
  const last = logits!.data.subarray(-model.config.vocabSize);
  const order = Array.from(last.keys()).sort((a, b) => last[b]! - last[a]!);
  deepEqual(order.slice(0, 10), counted(top, 10).map(({ id }) => id));
  close(top.map(({ id }) => last[id]!), top.map(({ logit }) => logit), BOUND.logits, `logits of ${text}`);
  const generated = await model.generate(text, { maxNewTokens: 40 });
  deepEqual(generated.tokenIds, [...tokenIds, ...written]);
  equal(generated.text, text + writtenText);
}

Deno.test(SMOLLM2.test("LanguageModel on native equals transformers"), async (t) => {
  await using model = await SMOLLM2.load({ backend: "native" });
  for (const prompt of prompts) {
    await t.step(`logits and greedy text of ${JSON.stringify(prompt.text.slice(0, 30))}`, () => {
      return expectPrompt(model, prompt);
    });
  }
  for (const { position, tokenIds, scores } of saliency) {
    for (const [definition, golden] of counted(Object.entries(scores), 6)) {
      await t.step(`${definition} of token ${position}`, async () => {
        const [scalar, method, reduce] = definition.split("/") as [
          SaliencyDefinition["of"],
          SaliencyDefinition["method"],
          SaliencyDefinition["reduce"],
        ];
        const options = { of: scalar, method, reduce, normalize: false, positions: [position] };
        const map = await model.saliency(model.sequence(tokenIds), options);
        close(map.scores.data.subarray(0, position), golden, BOUND.scores, definition);
      });
    }
  }
  await t.step("tokens and their places", () => {
    for (const { text, ids, offsets } of texts) {
      const read = model.tokenizer.read(text);
      deepEqual(read.tokenIds, ids, JSON.stringify(text));
      deepEqual(read.tokens.flatMap(({ start, end }) => [start, end]), offsets, JSON.stringify(text));
    }
  });
  await t.step("conversations", () => {
    for (const { messages, addGenerationPrompt, text } of chat) {
      equal(model.tokenizer.applyChatTemplate(messages, { addGenerationPrompt }), text);
    }
  });
});

Deno.test(SMOLLM2.test("LanguageModel on wasm equals transformers"), async () => {
  await using model = await SMOLLM2.load({ backend: "wasm" });
  await expectPrompt(model, prompts[0]!);
});
