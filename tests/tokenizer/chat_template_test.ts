import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "@std/assert";
import { type ChatMessage, withChatTemplate } from "../../src/tokenizer/chat_template.ts";
import { Tokenizer } from "../../src/tokenizer/tokenizer.ts";
import { counted } from "../support/counted.ts";
import { cpuTime } from "../support/cpu_time.ts";

interface Written {
  readonly template: string;
  readonly plain: (string | null)[];
  readonly prompt: (string | null)[];
}

/** What apply_chat_template of transformers writes, by scripts/oracles/family_tokenizers.py. */
const GOLDEN: { settings: object; chats: ChatMessage[][]; templates: Record<string, Written> } = JSON.parse(
  Deno.readTextFileSync(new URL("../goldens/tokenizer/chat.json", import.meta.url)),
);
const SMALL = {
  model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] },
  "pre_tokenizer": { type: "ByteLevel" },
  decoder: { type: "ByteLevel" },
};
const talking = (template: unknown) =>
  Tokenizer.fromJson(SMALL, { ...GOLDEN.settings, "pad_token": { content: "<pad>" }, "chat_template": template });
const HELLO: ChatMessage[] = [{ role: "user", content: "Hello" }];

// the template, and how many of the conversations it refuses
const TEMPLATES: [string, number][] = [["ChatML", 0], ["Llama 3", 0], ["Zephyr", 0], ["Mistral", 3], ["Gemma", 0]];
for (const [name, refused] of TEMPLATES) {
  Deno.test(`Tokenizer.applyChatTemplate() writes what transformers does (${name})`, () => {
    const { template, plain, prompt } = GOLDEN.templates[name]!;
    const tokenizer = Tokenizer.fromJson(SMALL, { ...GOLDEN.settings, "chat_template": template });
    counted(GOLDEN.chats, 5).forEach((chat, i) => {
      if (plain[i] === null) {
        throws(() => tokenizer.applyChatTemplate(chat), {
          name: "Error",
          message: /^Cannot write these messages as the chat template refuses them: "(Conversation roles|Only user)/,
        });
      } else {
        equal(tokenizer.applyChatTemplate(chat), plain[i]);
        equal(tokenizer.applyChatTemplate(chat, { addGenerationPrompt: true }), prompt[i]);
      }
    });
    counted(plain.filter((text) => text === null), refused);
  });
}

Deno.test("Tokenizer.applyChatTemplate() knows special tokens that are texts or added tokens", () => {
  equal(talking("{{ bos_token }}{{ pad_token }}{{ unk_token is defined }}").applyChatTemplate(HELLO), "<s><pad>false");
});

Deno.test("Tokenizer.chatTemplate is the default one of a list, or none", () => {
  const named = (...names: string[]) => talking(names.map((name) => ({ name, template: `(${name})` })));
  equal(named("tool_use", "default").chatTemplate, "(default)");
  equal(named("tool_use").chatTemplate, undefined);
  equal(talking("x").chatTemplate, "x");
  equal(Tokenizer.fromJson(SMALL).chatTemplate, undefined);
  throws(() => Tokenizer.fromJson(SMALL).applyChatTemplate(HELLO), {
    name: "Error",
    message: "Cannot write a conversation as this tokenizer has no chat_template; write the text yourself",
  });
  throws(() => talking(5), { name: "TypeError", message: "Cannot read chat_template as a text or a list: 5" });
  throws(() => talking([{ name: "default", template: 5 }]), {
    name: "TypeError",
    message: "Cannot read the default chat_template as a text: 5",
  });
});

Deno.test("withChatTemplate() prefers chat_template.jinja, then chat_template.json", () => {
  const config = { "chat_template": "config", "bos_token": "<s>" };
  const json = '{"chat_template": "json"}';
  deepEqual(withChatTemplate(config, {}), config);
  deepEqual(withChatTemplate(JSON.stringify(config), { json }), { ...config, "chat_template": "json" });
  deepEqual(withChatTemplate(undefined, { json, jinja: "jinja" }), { "chat_template": "jinja" });
});

const LOOP = "{% for i in range(100) %}";
const OVER = "{% for i in r %}";
const END = "{% endfor %}";
// what a hostile template does
const BOMBS: [string, string, string, RegExp][] = [
  [
    "counts for ever",
    "{% for i in range(10**9) %}{% endfor %}",
    "RangeError",
    /^Cannot count from 0 to 1000000000 by 1 /,
  ],
  ["counts by nothing", "{{ range(0, 5, 0) }}", "RangeError", /^Cannot count from 0 to 5 by 0 in a template/],
  ["loops in loops", LOOP.repeat(6) + END.repeat(6), "RangeError", /does not come to an end$/],
  ["loops over a list", `{% set r = range(100) %}${OVER.repeat(6)}${END.repeat(6)}`, "RangeError", /come to an end$/],
  [
    "doubles a text",
    `{% set n = namespace(s='ab') %}${LOOP}{% set n.s = n.s + n.s %}${END}`,
    "RangeError",
    /too large/,
  ],
  ["doubles a list", `{% set n = namespace(s=[1]) %}${LOOP}{% set n.s = n.s + n.s %}${END}`, "RangeError", /too large/],
  [
    "nests a list in itself twice",
    `{% set n = namespace(s=[1]) %}${LOOP}{% set n.s = [n.s, n.s] %}${END}{{ n.s }}`,
    "RangeError",
    /too large/,
  ],
  [
    "nests namespaces",
    `{% set n = namespace(s=1) %}${LOOP}{% set n = namespace(s=[n, n]) %}${END}{{ n.s }}`,
    "RangeError",
    /too large/,
  ],
  ["calls itself", "{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}", "Error", /it calls itself too often/],
  ["writes too much", `${LOOP.repeat(2)}${"x".repeat(1000)}${END.repeat(2)}`, "RangeError", /too large a value$/],
  ["indents by too much", "{{ ('a\\n' * 2)|indent(10**9) }}", "Error", /^Cannot write the template out: /],
  ["pads with too much", "{{ 'a\\nb'|indent(10**9) }}", "Error", /^Cannot write the template out: /],
  ["is too long", "x".repeat(2 ** 16 + 1), "RangeError", /^Cannot read a template of 65537 characters; 65536 are/],
  [
    "is white space",
    " ".repeat(60_000),
    "RangeError",
    /^Cannot read a template with more than 1000 characters of white/,
  ],
  ["nests parentheses", `{{ ${"(".repeat(60_000)} }}`, "SyntaxError", /^Cannot read the template as Jinja: /],
  ["is no Jinja", "{% if %}", "SyntaxError", /^Cannot read the template as Jinja: /],
  ["calls what is not there", "{{ nothing() }}", "Error", /^Cannot write the template out: Cannot call something/],
  ["refuses", "{{ raise_exception('no') }}", "Error", /^Cannot write these messages as .* refuses them: "no"$/],
];
for (const [title, template, name, message] of counted(BOMBS, 18)) {
  Deno.test(`Tokenizer.applyChatTemplate() ends a template that ${title}`, () => {
    const start = cpuTime();
    throws(() => talking(template).applyChatTemplate(HELLO), { name, message });
    ok(cpuTime() - start < 30_000);
  });
}

Deno.test("Tokenizer.applyChatTemplate() writes a long conversation", () => {
  const { template } = GOLDEN.templates["ChatML"]!;
  const chat = Array.from(
    { length: 1000 },
    (_, i) => ({ role: i % 2 ? "assistant" : "user", content: "word ".repeat(20) }),
  );
  ok(talking(template).applyChatTemplate(chat).length > 100_000);
});

Deno.test("Tokenizer.applyChatTemplate() refuses what are no messages, and options that are not there", () => {
  const refuses = (message: string, ...args: unknown[]) => {
    throws(() => Reflect.apply(Tokenizer.prototype.applyChatTemplate, talking("x"), args), {
      name: "TypeError",
      message,
    });
  };
  refuses('Cannot write "Hello" as messages; pass a list of them', "Hello");
  refuses('Cannot write {"role":"user"} as a message; it needs a role and a content, both texts', [{ role: "user" }]);
  refuses('Cannot write a conversation with "prompt" as there is no such option; use addGenerationPrompt', HELLO, {
    prompt: true,
  });
});
