import { ask, estimate, expectAbility } from "../../ask/question.ts";
import { GENERATE_BATCH } from "../../ask/write/generate.ts";
import type { DecodeOptions } from "../../ask/write/options.ts";
import type { ReadDocument } from "../reading/windows.ts";
import type { TableSchema } from "../types.ts";
import { adding, type AskContext, type CorpusAsk, DOCUMENT_COLUMNS, Rows, type ShardWork } from "./ask.ts";

const TABLE: TableSchema = {
  name: "generated",
  columns: [
    ...DOCUMENT_COLUMNS,
    { name: "text", type: "string", about: "what the model wrote after the document; null where its context is full" },
    { name: "tokenIds", type: "int32[]", about: "its tokens" },
  ],
};

/** How many texts are written together. */
const TOGETHER = 16;

/** What the model writes after each document: `model.generateBatch()`. */
export const GENERATED_ASK: CorpusAsk = {
  name: "generated",
  tables: [TABLE],
  totals: [],
  needs: {},
  expect(model, { generate }) {
    expectAbility("ask for generated text", "next token", model.runner);
    estimate(model, GENERATE_BATCH, [[0]], generate); // a prompt of any token
  },
  begin,
  merge: adding,
};

function begin(context: AskContext): ShardWork {
  const rows = new Rows(TABLE);
  const sums = { written: 0, full: 0 };
  let waiting: ReadDocument[] = [];
  const write = async () => {
    const written = await writeAfter(context, waiting.filter(({ tokenIds }) => hasRoom(context, tokenIds)));
    for (const document of waiting) {
      const { index, id } = document;
      const found = written.get(document);
      rows.push({ document: index, id, ...found });
      sums.written += found?.tokenIds.length ?? 0;
      sums.full += found ? 0 : 1;
    }
    waiting = [];
  };
  return {
    async finish(document) {
      waiting.push(document);
      if (waiting.length === TOGETHER) await write();
    },
    async end() {
      await write();
      return { tables: [rows.rows()], sums };
    },
  };
}

function hasRoom({ model }: AskContext, tokenIds: readonly number[]): boolean {
  return tokenIds.length < model.runner.config.nPositions;
}

async function writeAfter({ model, settings, signal }: AskContext, documents: readonly ReadDocument[]) {
  if (documents.length === 0) return new Map<ReadDocument, { text: string; tokenIds: readonly number[] }>();
  const prompts = documents.map(({ tokenIds }) => tokenIds);
  const options: DecodeOptions = { ...settings.generate, progress: false, signal };
  const sequences = await ask(model, GENERATE_BATCH, prompts, options);
  return new Map(documents.map((document, i) => {
    const tokenIds = sequences[i]!.tokenIds.slice(prompts[i]!.length);
    return [document, { text: model.reader.spell(tokenIds), tokenIds }];
  }));
}
