import sanitizeHtml from "npm:sanitize-html@2.17.0";
import lists from "./fixtures/jupyterlab_sanitizer.json" with { type: "json" };

/** What JupyterLab makes of the HTML of a notebook that is not trusted. */
export function untrustedHtml(html: string): string {
  const styles = Object.entries(lists.allowedStyles).map(([name, source]) => [name, [new RegExp(source, "i")]]);
  return sanitizeHtml(html, {
    allowedTags: lists.allowedTags,
    allowedAttributes: lists.allowedAttributes,
    allowedSchemesAppliedToAttributes: ["href", "cite"],
    allowedStyles: { "*": Object.fromEntries(styles) },
    transformTags: {
      "*": (tagName: string, { id: _id, ...attribs }: Record<string, string>) => ({ tagName, attribs }),
    },
  });
}
