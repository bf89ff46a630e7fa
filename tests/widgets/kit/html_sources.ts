/** Reads sources for ways to write HTML past its templates. */

/** Files that make HTML and styles out of text; nothing else may. */
const BUILDERS = new Set(["kit/html.ts", "kit/html_holes.ts", "kit/css.ts", "kit/escape.ts"]);

/** What only some files may name, beside the builders. */
const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ["element", ["kit/document.ts"]],
  ["parseHTML", ["kit/document.ts"]],
  ["text/html", ["kit/view.ts", "steps/view.ts", "explorer/ui/share.ts"]],
  ["innerHTML", ["explorer/ui/fragment.ts"]],
  ["escapeHtml", []],
]);

/** Ways of a page's own to read text as HTML. */
const SINKS = new Set(["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "srcdoc"]);

const TAGS = new Set(["markup", "styling", "script"]);
/** Of the explorer's screen: elements, not text, in whose holes text stays text. */
const ELEMENTS = { tag: "ui", folder: "explorer/ui/", file: "explorer/ui/preact.ts" };
const TAG_LIKE = /<[a-zA-Z/!]|&(?:\w+|#\w+);/;

/** The rule: what is reported is another way to write HTML. */
function pluginFor(file: string): Deno.lint.Plugin {
  const builder = BUILDERS.has(file);
  const mayName = (name: string) => builder || (NAMED.get(name)?.includes(file) ?? true);
  return {
    name: "widgets",
    rules: {
      html: {
        create(context) {
          const report = (node: Deno.lint.Node, message: string) => context.report({ node, message });
          return {
            TemplateLiteral(node) {
              const { parent } = node;
              const tagged = parent.type === "TaggedTemplateExpression" && parent.tag.type === "Identifier" &&
                (TAGS.has(parent.tag.name) || parent.tag.name === ELEMENTS.tag && file.startsWith(ELEMENTS.folder));
              if (tagged || builder) return;
              if (node.quasis.some(({ cooked }) => TAG_LIKE.test(cooked))) report(node, "a tag outside of a template");
            },
            Literal(node) {
              if (typeof node.value !== "string") return;
              if (!builder && TAG_LIKE.test(node.value)) report(node, "a tag in a string");
              if (!mayName(node.value)) report(node, `${node.value} is named`);
            },
            Identifier(node) {
              if (!mayName(node.name)) report(node, `${node.name} is named`);
              if (SINKS.has(node.name) && !NAMED.get(node.name)?.includes(file)) {
                report(node, `${node.name} reads text as HTML`);
              }
              const isOwn = node.parent.type === "MethodDefinition"; // that of a class is written, not taken
              if (node.name === "constructor" && !isOwn && !builder) {
                report(node, "a constructor is taken from a value");
              }
            },
            CallExpression(node) {
              if (node.callee.type === "Identifier" && TAGS.has(node.callee.name)) {
                report(node, `${node.callee.name} is called rather than used as a tag`);
              }
            },
            TSAsExpression(node) {
              const type = context.sourceCode.getText(node.typeAnnotation);
              if (!builder && /\b(?:Html|Css|Script|Attributes)\b/.test(type)) report(node, `a cast to ${type}`);
            },
            VariableDeclarator(node) {
              if (node.id.type !== "Identifier") return;
              if (TAGS.has(node.id.name) || node.id.name === ELEMENTS.tag && file !== ELEMENTS.file) {
                report(node, `${node.id.name} is another one`);
              }
            },
            ImportSpecifier(node) {
              const taken = TAGS.has(node.local.name) && context.sourceCode.getText(node) !== node.local.name;
              if (taken) report(node, `${node.local.name} is another one`);
            },
          };
        },
      },
    },
  };
}

/**
 * What a source has that writes HTML in another way than by its templates.
 *
 * @param file The name of the file in `widgets`.
 * @param source Its text.
 * @returns One line for each place.
 */
export function otherWays(file: string, source: string): string[] {
  return Deno.lint.runPlugin(pluginFor(file), file, source).map(({ message, range: [start] }) =>
    `${file}:${source.slice(0, start).split("\n").length}: ${message}`
  );
}
