/**
 * What the explorer's page asks, by name, and what it is answered: the same of a worker of the page and of a notebook's
 * kernel. Both ends check what comes field by field, as both may be of another version, or somebody else.
 *
 * @module
 */
import {
  type Check,
  choice,
  either,
  flag,
  list,
  newScope,
  number,
  record,
  text,
  textLike,
  whole,
  wholeFrom,
} from "../../src/analysis/results/checks.ts";

/** The name under which the explorer is asked where nobody chose another one. */
export const EXPLORER = "explorer";

/** The most characters of a text, and the most tokens after it. */
export const MOST_TEXT = 2 ** 20;
export const MOST_TOKENS = 2 ** 16;
/** How many layers, and heads of a layer, can be named. */
const MOST_PARTS = 1024;
/** How many next tokens are told with their words, and how many of them are offered. */
export const LISTED = 20;
export const OFFERED = 10;

/** A part of a layer that is turned off: a head by its number, all of attention, or the MLP. */
export interface Off {
  readonly layer: number;
  readonly part: "head" | "attention" | "mlp";
  /** The number of the head; 0 of other parts. */
  readonly head: number;
}

/** A text: as it was typed, and the tokens that were appended since, by their ids; and what is off in the model. */
export interface Written {
  readonly text: string;
  readonly then: readonly number[];
  readonly off: readonly Off[];
}

/** Which token is asked about. */
export interface Asked extends Written {
  /** Its place, from 1; as many as there are tokens is that of the next one. */
  readonly position: number;
  /** Its id where it is not the one that stands there, or not the likeliest of the next ones. */
  readonly target: number | null;
  /** The id of the token that might have stood there instead. */
  readonly contrast: number | null;
}

/** What can be seen of a token. */
export type Seen = "why" | "lens" | "attention" | "parts" | "surprise" | "model";

/** What can be saved: what is seen, and what changes when parts are off. */
export type Saveable = Seen | "whatif";

/** A token as it is shown. */
export interface ShownToken {
  readonly id: number;
  /** With glyphs for what cannot be seen. */
  readonly label: string;
  /** In words. */
  readonly spoken: string;
  /** Where it stands in the text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

/** A token that may come next. */
export interface Candidate {
  readonly id: number;
  readonly label: string;
  readonly spoken: string;
  readonly logit: number;
  /** The model's own, before all settings. */
  readonly probability: number;
  readonly rank: number;
}

/** What a model is. */
export interface About {
  readonly id: string;
  readonly family: string;
  readonly layers: number;
  readonly heads: number;
  readonly context: number;
  readonly vocabulary: number;
  readonly parameters: number;
  readonly backend: string;
  /** Why it runs there. */
  readonly reason: string;
  /** What its weights take in memory, in bytes. */
  readonly bytes: number;
  /** Which parts can be turned off. */
  readonly parts: readonly ("head" | "attention" | "mlp")[];
}

/** A text that was read, and what may come next. */
export interface Reading {
  /** The tokens, with those that stand before every text. */
  readonly tokens: readonly ShownToken[];
  /** What the text is now, without what stands before every text. */
  readonly shown: string;
  /** Where `shown` begins in the text that the places of tokens point into; -1 where they cannot be shown in it. */
  readonly offset: number;
  /** The likeliest next tokens, best first. */
  readonly candidates: readonly Candidate[];
  /** Of the whole vocabulary, `[V]` as base64 of little-endian floats. */
  readonly logits: string;
  /** In nats. */
  readonly entropy: number;
  /** How many tokens were computed for it, and how many were known from before. */
  readonly computed: number;
  readonly reused: number;
}

/** What led to a token, as numbers for the text. */
export interface Why {
  /** Which token is explained. */
  readonly target: ShownToken;
  readonly contrast: ShownToken | null;
  /** One for each token before it; the shares of their sum, or signed where there is a contrast. */
  readonly scores: readonly number[];
}

/** A view. */
export interface View {
  readonly html: string;
  readonly title: string;
}

/** A view as a file. */
export interface ViewFile {
  readonly name: string;
  readonly content: string;
}

/** How a view is saved. */
export type FileFormat = "svg" | "html" | "json";

/** All questions: what is sent with each, and what is answered. */
export interface Questions {
  readonly about: { readonly data: Record<never, never>; readonly answer: About };
  readonly read: { readonly data: Written; readonly answer: Reading };
  readonly why: { readonly data: Asked; readonly answer: Why };
  readonly view: { readonly data: Asked & { readonly view: Seen }; readonly answer: View };
  readonly file: {
    readonly data: Asked & { readonly view: Saveable; readonly format: FileFormat };
    readonly answer: ViewFile;
  };
  readonly word: { readonly data: Written & { readonly word: string }; readonly answer: Candidate };
  readonly load: { readonly data: Load; readonly answer: About };
}

/** Which model is loaded; a kernel has one already and refuses it. */
export interface Load {
  /** The id of a model of a hub, empty for the bundled one or for a folder that was sent. */
  readonly id: string;
  /** Whether it is that of the folder that was sent before. */
  readonly folder: boolean;
  /** Where it runs. */
  readonly backend: "wasm" | "webgpu";
  /** The address of the hub; empty for huggingface.co. */
  readonly endpoint: string;
  /** The access token for the hub; empty for none. */
  readonly token: string;
}

/** The name of a question. */
export type QuestionName = keyof Questions;

/** A value and a bound. */
function bounded<Value extends { readonly length: number }>(check: Check<Value>, most: number): Check<Value> {
  return (value, path, scope) => {
    const length = (value as Partial<Value> | null)?.length;
    if (typeof length === "number" && length > most) return `${path} has a length of ${length}, more than ${most}`;
    return check(value, path, scope);
  };
}

/** Nothing, said as JSON says it. */
const nothing: Check<null> = (value, path) => value === null ? undefined : `${path} is not null`;
const wholeOrNone: Check<number> = (value, path, scope) => value === -1 ? undefined : whole(value, path, scope);
const PARTS = choice({ head: true, attention: true, mlp: true });
const EACH = { why: true, lens: true, attention: true, parts: true, surprise: true, model: true } as const;
const SEEN = choice<Seen>(EACH);
const SAVEABLE = choice<Saveable>({ ...EACH, whatif: true });
const FORMAT = choice<FileFormat>({ svg: true, html: true, json: true });
const small = wholeFrom(0, MOST_PARTS);
const id = wholeFrom(0, 2 ** 31);

const WRITTEN = {
  text: bounded(text, MOST_TEXT),
  then: bounded(list(id), MOST_TOKENS),
  off: bounded(list(record<Off>({ layer: small, part: PARTS, head: small })), MOST_PARTS),
};
const ASKED = {
  ...WRITTEN,
  position: wholeFrom(1, MOST_TOKENS),
  target: either(id, nothing),
  contrast: either(id, nothing),
};

const shownToken = record<ShownToken>({ id, label: text, spoken: text, start: whole, end: whole });
const candidate = record<Candidate>({
  id,
  label: text,
  spoken: text,
  logit: number,
  probability: number,
  rank: whole,
});
const about = record<About>({
  id: text,
  family: text,
  layers: whole,
  heads: whole,
  context: whole,
  vocabulary: whole,
  parameters: whole,
  backend: text,
  reason: text,
  bytes: whole,
  parts: list(PARTS),
});

/** The checks of what is sent and of what is answered. */
const CHECKS: {
  readonly [Name in QuestionName]: {
    readonly data: Check<Questions[Name]["data"]>;
    readonly answer: Check<Questions[Name]["answer"]>;
  };
} = {
  about: { data: record<Record<never, never>>({}), answer: about },
  read: {
    data: record<Written>(WRITTEN),
    answer: record<Reading>({
      tokens: list(shownToken),
      shown: text,
      offset: wholeOrNone,
      candidates: list(candidate),
      logits: textLike(/^[\w+/]*={0,2}$/, "base64"),
      entropy: number,
      computed: whole,
      reused: whole,
    }),
  },
  why: {
    data: record<Asked>(ASKED),
    answer: record<Why>({ target: shownToken, contrast: either(shownToken, nothing), scores: list(number) }),
  },
  view: {
    data: record<Questions["view"]["data"]>({ ...ASKED, view: SEEN }),
    answer: record<View>({ html: text, title: text }),
  },
  file: {
    data: record<Questions["file"]["data"]>({ ...ASKED, view: SAVEABLE, format: FORMAT }),
    answer: record<ViewFile>({ name: text, content: text }),
  },
  word: { data: record<Questions["word"]["data"]>({ ...WRITTEN, word: bounded(text, 200) }), answer: candidate },
  load: {
    data: record<Load>({
      id: bounded(text, 2048),
      folder: flag,
      backend: choice({ wasm: true, webgpu: true }),
      endpoint: bounded(text, 2048),
      token: bounded(text, 2048),
    }),
    answer: about,
  },
};

/** Whether there is such a question. */
export function isQuestion(name: string): name is QuestionName {
  return Object.hasOwn(CHECKS, name);
}

/**
 * What was sent with a question, checked.
 *
 * @throws {TypeError} When it is anything else; the message says which field is.
 */
export function expectData<Name extends QuestionName>(name: Name, data: unknown): Questions[Name]["data"] {
  const problem = CHECKS[name].data(data, name, newScope());
  if (problem !== undefined) throw new TypeError(`Cannot answer as ${problem}; reload the page`);
  return data as Questions[Name]["data"];
}

/**
 * What was answered, checked.
 *
 * @throws {TypeError} When it is anything else.
 */
export function expectAnswer<Name extends QuestionName>(name: Name, answer: unknown): Questions[Name]["answer"] {
  const problem = CHECKS[name].answer(answer, name, newScope());
  if (problem !== undefined) throw new TypeError(`Cannot show the answer as ${problem}; reload the page`);
  return answer as Questions[Name]["answer"];
}

/** One number of what is off, as a short name: `L2H3`, `L2 attention`, `L2 MLP`. */
export function offName({ layer, part, head }: Off): string {
  return part === "head" ? `L${layer}H${head}` : `L${layer} ${part === "mlp" ? "MLP" : "attention"}`;
}

/** The same two parts. */
export function isSameOff(a: Off, b: Off): boolean {
  return a.layer === b.layer && a.part === b.part && a.head === b.head;
}
