/**
 * How a model writes a conversation as one text, read from the files of its tokenizer. As transformers does it:
 * https://huggingface.co/docs/transformers/chat_templating
 *
 * @module
 */
import { expectOptions, type OptionTable } from "../base/options.ts";
import { shown } from "../base/words.ts";
import { readJinja, TemplateRefusal } from "./jinja.ts";
import { type Json, parsed, record } from "./json_parts.ts";

/** What somebody said. */
export interface ChatMessage {
  /** Who: mostly `system`, `user` or `assistant`; the template decides. */
  readonly role: string;
  /** What was said. */
  readonly content: string;
}

/** How a conversation is written. */
export interface ChatOptions {
  /**
   * Whether the text ends where the model's answer begins.
   *
   * @default {false}
   */
  readonly addGenerationPrompt?: boolean;
}

const OPTIONS: OptionTable<ChatOptions> = {
  task: "write a conversation",
  kinds: { addGenerationPrompt: "true or false" },
};

/** The files beside tokenizer_config.json that may hold the template. */
export interface ChatTemplateFiles {
  /** chat_template.jinja. */
  readonly jinja?: string | undefined;
  /** chat_template.json, parsed or as text. */
  readonly json?: unknown;
}

/** The tokens that a template may name. */
const NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/**
 * Puts a template that stands in a file of its own into tokenizer_config.json, where {@linkcode readChatTemplate} looks.
 * chat_template.jinja counts most, as in transformers.
 *
 * @param config tokenizer_config.json, parsed or as text; undefined where there is none.
 * @param files The other files.
 * @returns The settings, with the template.
 */
export function withChatTemplate(config: unknown, { jinja, json }: ChatTemplateFiles): Json {
  const settings = record("tokenizer_config.json", parsed("tokenizer_config.json", config ?? {}));
  if (jinja !== undefined) return { ...settings, "chat_template": jinja };
  if (json === undefined) return settings;
  const file = record("chat_template.json", parsed("chat_template.json", json));
  return { ...settings, "chat_template": file["chat_template"] };
}

/**
 * The `chat_template` of tokenizer_config.json: a text, or a list of named ones, of which `default` counts.
 *
 * @returns The template, or undefined when there is none.
 * @throws {TypeError} If it is neither.
 */
export function readChatTemplate(settings: Json): string | undefined {
  const { chat_template: json } = settings;
  if (json === undefined || json === null || typeof json === "string") return json ?? undefined;
  if (!Array.isArray(json)) throw new TypeError(`Cannot read chat_template as a text or a list: ${shown(json)}`);
  const named = json.map((entry) => record("a chat_template", entry));
  const { template } = named.find(({ name }) => name === "default") ?? {};
  if (template === undefined || typeof template === "string") return template;
  throw new TypeError(`Cannot read the default chat_template as a text: ${shown(template)}`);
}

/**
 * Writes a conversation as a template has it.
 *
 * @param template The template, in Jinja.
 * @param settings tokenizer_config.json, whose special tokens the template may name.
 * @param messages What was said.
 * @param options How it is written.
 * @returns The text, special tokens included: encode it without putting more of them around.
 * @throws {TypeError} If a message has no role or no content.
 * @throws {RangeError} If the template is too long, or makes too much.
 * @throws {SyntaxError} If the template is no Jinja.
 * @throws {Error} If the template refuses the conversation, or does what the library does not know.
 */
export function renderChat(
  template: string,
  settings: Json,
  messages: readonly ChatMessage[],
  options?: ChatOptions,
): string {
  const { addGenerationPrompt = false } = expectOptions<ChatOptions>(options, OPTIONS);
  if (!Array.isArray(messages)) throw new TypeError(`Cannot write ${shown(messages)} as messages; pass a list of them`);
  const said = messages.map((message: unknown) => {
    const { role, content } = Object(message);
    if (typeof role === "string" && typeof content === "string") return { ...Object(message), role, content };
    throw new TypeError(`Cannot write ${shown(message)} as a message; it needs a role and a content, both texts`);
  });
  const tokens = NAMES.map((name) => [name, Object(settings[name]).content ?? settings[name]])
    .filter(([, token]) => typeof token === "string");
  try {
    return readJinja(template)({
      ...Object.fromEntries(tokens),
      messages: said,
      tools: null,
      documents: null,
      "add_generation_prompt": addGenerationPrompt,
    });
  } catch (error) {
    if (!(error instanceof TemplateRefusal)) throw error;
    throw new Error(`Cannot write these messages as the chat template refuses them: ${shown(error.message)}`);
  }
}
