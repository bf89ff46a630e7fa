/**
 * Answers what the explorer's page asks, with a model: the same in a worker of the page and in a notebook's kernel.
 *
 * @module
 */
import type { ReadCandidates, TextReading } from "../../src/ask/reading/types.ts";
import { logSumExp, rankOf } from "../../src/base/numbers.ts";
import { shown } from "../../src/base/words.ts";
import type { LanguageModel } from "../../src/language_model.ts";
import type { Sequence } from "../../src/model/sequence.ts";
import { familyOf } from "../../src/models/families.ts";
import { readsWhole } from "../../src/models/family.ts";
import { modelSummary } from "../../src/models/summary.ts";
import type { Token } from "../../src/tokenizer/token.ts";
import { spelled, spelledPredictions } from "../kit/characters.ts";
import { glyphText, spokenToken } from "../kit/glyphs.ts";
import { type View, viewFile } from "../kit/view.ts";
import { changesOf } from "./changes.ts";
import { explain, lookAt, sequenceAt, TITLES, type Watching } from "./looking.ts";
import {
  type About,
  type Candidate,
  expectData,
  isQuestion,
  LISTED,
  type Off,
  type QuestionName,
  type Questions,
  type Reading,
  type ShownToken,
  type Written,
} from "./questions.ts";
import { whatIfView } from "./what_if_view.ts";

/** One who answers. */
export interface Explorer {
  /**
   * Answers a question by its name.
   *
   * @throws {TypeError} When there is no such question, or its data is anything else.
   */
  answer(question: string, data: unknown, watching: Watching): Promise<Questions[QuestionName]["answer"]>;
  /** Frees what was made for the answers; the model stays. */
  dispose(): Promise<void>;
}

type Answers = {
  readonly [Name in Exclude<QuestionName, "load">]: (
    data: Questions[Name]["data"],
    watching: Watching,
  ) => Promise<Questions[Name]["answer"]>;
};

/**
 * Answers about a model.
 *
 * @throws {TypeError} When the model has no next token to be asked for, as an encoder, or needs a source.
 */
export function explorerOf(model: LanguageModel): Explorer {
  expectWriting(model);
  const models = new Models(model);
  const answers = answersOf(model, models);
  return {
    async answer(question, data, watching) {
      if (!isQuestion(question) || question === "load") {
        throw new TypeError(`Cannot answer ${shown(question)} as there is no such question about ${model.id}`);
      }
      return await answerOne(answers, question, data, watching);
    },
    dispose: () => models.dispose(),
  };
}

async function answerOne<Name extends Exclude<QuestionName, "load">>(
  answers: Answers,
  name: Name,
  data: unknown,
  watching: Watching,
): Promise<Questions[Name]["answer"]> {
  return await answers[name](expectData(name, data), watching);
}

function expectWriting({ id, config }: LanguageModel): void {
  const family = familyOf(config);
  const advice = "load a model that continues texts";
  if (family.hasSource) throw new TypeError(`Cannot explore ${id} as it writes after a source; ${advice}`);
  if (readsWhole(family)) throw new TypeError(`Cannot explore ${id} as it is an encoder and writes nothing; ${advice}`);
}

/** A model, and what it has read last. */
interface ReadModel {
  readonly model: LanguageModel;
  readonly reading: TextReading;
}

/** The model, and one with parts turned off, of which one is kept: each holds a program. */
class Models {
  readonly #own: ReadModel;
  #key = "";
  #made: Promise<ReadModel> | undefined;

  constructor(model: LanguageModel) {
    this.#own = { model, reading: model.reading() };
  }

  /** The model with these parts off. */
  async with(off: readonly Off[]): Promise<ReadModel> {
    if (off.length === 0) return this.#own;
    const changes = changesOf(off);
    const key = JSON.stringify(changes);
    if (key !== this.#key || !this.#made) {
      const before = this.#drop();
      this.#key = key;
      this.#made = before.then(() => this.#own.model.with(changes)).then((model) => ({
        model,
        reading: model.reading(),
      }));
    }
    const made = this.#made;
    return await made.catch((error) => {
      if (this.#made === made) this.#made = undefined;
      throw error;
    });
  }

  async #drop(): Promise<void> {
    const made = this.#made;
    this.#made = undefined;
    await made?.then(({ model, reading }) => (reading.dispose(), model.dispose()), () => {});
  }

  async dispose(): Promise<void> {
    this.#own.reading.dispose();
    await this.#drop();
  }
}

function answersOf(model: LanguageModel, models: Models): Answers {
  const changed = async (off: readonly Off[]) => (await models.with(off)).model;
  return {
    about: () => Promise.resolve(aboutOf(model)),
    read: async (written, watching) => await read(await models.with(written.off), written, watching),
    why: async (asked, watching) => {
      const { saliency, target, contrast } = await explain(await changed(asked.off), asked, watching);
      const scores = Array.from(saliency.scores.data.subarray(0, asked.position));
      return { target: shownToken(target), contrast: contrast ? shownToken(contrast) : null, scores };
    },
    view: async (asked, watching) => {
      const views = await lookAt(await changed(asked.off), asked, watching);
      return { html: views.map(({ html }) => html).join("\n"), title: TITLES[asked.view] };
    },
    file: async (asked, watching) => {
      const view = asked.view === "whatif"
        ? await whatIf(models, asked, watching)
        : (await lookAt(await changed(asked.off), { ...asked, view: asked.view }, watching))[0]!;
      return { name: `${asked.view}.${asked.format}`, content: viewFile(view, asked.format) };
    },
    word: async (asked, watching) => {
      const one = await models.with(asked.off);
      const [tokenId] = wordIds(one.model, asked.word);
      const { logits } = await candidatesOf(one, asked, watching);
      return candidateOf(one.model, logits.data, tokenId!);
    },
  };
}

/** The next token with everything on, and with what is off. */
async function whatIf(models: Models, asked: Written, watching: Watching): Promise<View> {
  const before = await candidatesOf(await models.with([]), asked, watching);
  return whatIfView(before, await candidatesOf(await models.with(asked.off), asked, watching), asked.off);
}

/** The ids of a word as it stands. */
function wordIds({ tokenizer }: LanguageModel, word: string): readonly number[] {
  const ids = tokenizer.read(word).tokenIds;
  if (ids.length === 0) throw new RangeError("Cannot look an empty word up; type one, with the space before it");
  return ids;
}

function aboutOf({ id, config, backend, backendReason, siteNames }: LanguageModel): About {
  const { parameters } = modelSummary(config);
  const has = (site: string) => siteNames.includes(`${site}.0`);
  return {
    id,
    family: familyOf(config).name,
    layers: config.nLayer,
    heads: config.nHead,
    context: config.nPositions,
    vocabulary: config.vocabSize,
    parameters,
    backend,
    reason: backendReason,
    bytes: 4 * parameters,
    parts: [
      ...has("z") ? ["head" as const] : [],
      ...has("attn_out") ? ["attention" as const] : [],
      ...has("mlp_out") ? ["mlp" as const] : [],
    ],
  };
}

/** A token as it is shown. */
function shownToken(token: Token): ShownToken {
  return { id: token.id, label: glyphText(token), spoken: spokenToken(token), start: token.start, end: token.end };
}

/** Reads a text, of which the beginning may be known from before. */
async function candidatesOf(
  { model, reading }: ReadModel,
  written: Written,
  { signal, onProgress }: Watching,
): Promise<ReadCandidates> {
  const options = { topK: Math.min(LISTED, model.config.vocabSize), signal, progress: false };
  return await reading.candidates(sequenceAt(model, written), { ...options, ...onProgress && { onProgress } });
}

async function read(read: ReadModel, written: Written, watching: Watching): Promise<Reading> {
  const { model } = read;
  const found = await candidatesOf(read, written, watching);
  return {
    tokens: spelled(found.sequence).tokens.map(shownToken),
    ...placeOf(model, written, found.sequence),
    candidates: spelledPredictions(found.sequence, found.sequence.tokens.length, found.predictions).map((
      { tokenId, token, logit, probability, rank },
    ) => (
      { id: tokenId, label: glyphText(token), spoken: spokenToken(token), logit, probability, rank }
    )),
    logits: new Uint8Array(found.logits.data.slice().buffer).toBase64(),
    entropy: found.entropy,
    ...found.read,
  };
}

/** What is shown of a text, and where that begins. */
function placeOf(model: LanguageModel, { text, then }: Written, sequence: Sequence) {
  const typed = then.length === 0 ? sequence.text : model.sequence(text).text;
  const begins = typed.endsWith(text);
  const offset = begins ? typed.length - text.length : 0;
  if (then.length === 0) return { shown: text, offset: begins ? offset : -1 };
  return { shown: sequence.text.slice(offset), offset };
}

function candidateOf(model: LanguageModel, logits: Float32Array, tokenId: number): Candidate {
  const [token] = model.tokenizer.tokens([tokenId]);
  const logit = logits[tokenId]!;
  return {
    id: tokenId,
    label: glyphText(token!),
    spoken: spokenToken(token!),
    logit,
    probability: Math.exp(logit - logSumExp(logits)),
    rank: rankOf(logits, tokenId),
  };
}
