/**
 * The special tokens that a model expects around a text, or around two. As the Rust tokenizers put them:
 * https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/processors
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { isId, type Json, list, record, sequenceParts } from "./json_parts.ts";

/** A place in a template: special tokens, or one of the texts; its tokens have a type, 0 or 1 for BERT. */
export interface TemplatePart {
  /** The ids of special tokens, or which text. */
  readonly content: readonly number[] | "first" | "second";
  /** The type of the tokens. */
  readonly typeId: number;
}

/** What the model reads for one text, and for two. */
export interface Template {
  /** Around one text. */
  readonly single: readonly TemplatePart[];
  /** Around two; none where the file does not say. */
  readonly pair: readonly TemplatePart[];
}

/** What the model reads: one text or two with the special tokens around them. */
export interface FramedText {
  /** All ids, in reading order. */
  readonly tokenIds: readonly number[];
  /** The type of each token. */
  readonly typeIds: readonly number[];
}

/** Whether an id is in the vocabulary. */
type Knows = (id: number) => boolean;

const FIRST: TemplatePart = { content: "first", typeId: 0 };
const PLAIN: Template = { single: [FIRST], pair: [FIRST, { content: "second", typeId: 1 }] };

/**
 * Reads the post-processor.
 *
 * @param json The `post_processor` of tokenizer.json.
 * @param isKnown Whether an id is in the vocabulary.
 * @returns The template.
 * @throws {TypeError} If a part is of the wrong type.
 * @throws {RangeError} If a special token is not in the vocabulary.
 * @throws {Error} If a part is not known.
 */
export function readTemplate(json: unknown, isKnown: Knows): Template {
  if (json === null || json === undefined) return PLAIN;
  const parts = sequenceParts("post_processor", "processors", record("post_processor", json));
  const templates = parts.flatMap((part) => {
    if (part.type === "ByteLevel") return []; // it is about offsets
    if (part.type === "TemplateProcessing") return [readTemplateProcessing(part, isKnown)];
    if (part.type === "BertProcessing" || part.type === "RobertaProcessing") return [readBert(part, isKnown)];
    throw new Error(
      "Cannot read post_processor of tokenizer.json as ByteLevel, TemplateProcessing, BertProcessing, " +
        `RobertaProcessing or a Sequence of them: ${shown(part.type)}`,
    );
  });
  if (templates.length > 1) {
    throw new Error(
      `Cannot put special tokens around a text by ${templates.length} post-processors, one after another`,
    );
  }
  return templates[0] ?? PLAIN;
}

function readTemplateProcessing({ single, pair, special_tokens: specials }: Json, isKnown: Knows): Template {
  if (!Array.isArray(single)) throw new TypeError(`Cannot read the post_processor as its single is ${shown(single)}`);
  const idsOf = (name: unknown): readonly number[] => {
    const token = typeof name === "string" ? record("special_tokens", specials)[name] : undefined;
    const { ids } = record("special token", token);
    if (Array.isArray(ids) && ids.every((id) => isId(id) && isKnown(id))) return ids;
    throw new RangeError(`Cannot start a text with ${shown(name)} as its ids are not in the vocabulary: ${shown(ids)}`);
  };
  const read = (json: unknown): TemplatePart => {
    const { Sequence: text, SpecialToken: special } = record("a part of a template", json);
    const { id, type_id: typeId = 0 } = record("a part of a template", text ?? special);
    if (!isId(typeId)) throw new RangeError(`Cannot read type_id of a template as an index: ${shown(typeId)}`);
    if (text === undefined) return { content: idsOf(id), typeId };
    if (id === "A" || id === "B") return { content: id === "A" ? "first" : "second", typeId };
    throw new RangeError(`Cannot read ${shown(id)} as one of the texts of a template, "A" and "B"`);
  };
  const template = { single: single.map(read), pair: Array.isArray(pair) ? pair.map(read) : [] };
  const texts = template.single.filter(({ content }) => content === "first" || content === "second");
  if (texts.length === 1 && texts[0]?.content === "first") return template;
  throw new Error(`Cannot read the post_processor as its single does not hold the text once: ${shown(single)}`);
}

/** `[CLS] A [SEP] B [SEP]` with types, or `<s> A </s></s> B </s>` without. */
function readBert({ type, cls, sep }: Json, isKnown: Knows): Template {
  const [start, end] = [cls, sep].map((json) => {
    const [content, id] = list("a special token of the post_processor", json);
    if (isId(id) && isKnown(id)) return id;
    throw new RangeError(`Cannot put ${shown(content)} beside a text as its id is not in the vocabulary: ${shown(id)}`);
  });
  const special = (ids: readonly (number | undefined)[], typeId = 0): TemplatePart => ({
    content: ids.filter((id) => id !== undefined),
    typeId,
  });
  const single = [special([start]), FIRST, special([end])];
  return type === "BertProcessing"
    ? { single, pair: [...single, { content: "second", typeId: 1 }, special([end], 1)] }
    : {
      single,
      pair: [special([start]), FIRST, special([end, end]), { content: "second", typeId: 0 }, special([end])],
    };
}

/** The special tokens before a text, and those after it. */
export function around({ single }: Template): readonly [start: readonly number[], end: readonly number[]] {
  const text = single.findIndex(({ content }) => content === "first");
  const idsOf = (parts: readonly TemplatePart[]) =>
    parts.flatMap(({ content }) => typeof content === "string" ? [] : content);
  return [idsOf(single.slice(0, text)), idsOf(single.slice(text + 1))];
}

/**
 * Puts special tokens around one text, or two.
 *
 * @throws {Error} If there are two, and the template is for one only.
 */
export function fill({ single, pair }: Template, first: readonly number[], second?: readonly number[]): FramedText {
  if (second !== undefined && pair.length === 0) {
    throw new Error("Cannot put two texts together as the post_processor of tokenizer.json says nothing about pairs");
  }
  const parts = (second === undefined ? single : pair).map(({ content, typeId }) => ({
    ids: content === "first" ? first : content === "second" ? second ?? [] : content,
    typeId,
  }));
  return {
    tokenIds: parts.flatMap(({ ids }) => ids),
    typeIds: parts.flatMap(({ ids, typeId }) => ids.map(() => typeId)),
  };
}
