import { equal, match, notEqual } from "@std/assert";
import { contentName, escapeHtml, scriptJson } from "../../../widgets/kit/escape.ts";

Deno.test("escapeHtml() leaves nothing that ends a text or an attribute", () => {
  equal(escapeHtml(`<a b="c" d='e'>&`), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
});

Deno.test("scriptJson() leaves nothing that ends a script, and reads back", () => {
  const text = "</script><!--\u2028";
  equal(scriptJson(text).includes("<"), false);
  equal(JSON.parse(scriptJson(text)), text);
});

Deno.test("contentName() is a class name that depends on the content only", () => {
  match(contentName(""), /^lg-[0-9a-f]{16}$/);
  equal(contentName("keys"), contentName("keys"));
  notEqual(contentName("keys"), contentName("keyt"));
});
