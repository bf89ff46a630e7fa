import type { LiveField } from "./page_setup.ts";

/** The fields of a live view, and what is said beside them. */
export interface Form {
  readonly element: HTMLFormElement;
  readonly values: () => Readonly<Record<string, string>>;
  /** Says how the kernel is; when it has ended, nothing can be edited. */
  readonly tell: (words: string, ended: boolean) => void;
  /** Says how far the answer is, or why there is none. */
  readonly warn: (words: string) => void;
}

const FORM = "margin:0 0 6px;display:flex;flex-wrap:wrap;gap:6px 12px;align-items:end;font-size:13px";
const INPUT = "font:inherit;color:inherit;background:transparent;border:1px solid;border-radius:3px;padding:2px 4px;" +
  "box-sizing:border-box;width:100%;resize:vertical";

/** Makes the fields of a live view. */
export function makeForm(page: Document, label: string, fields: readonly LiveField[]): Form {
  const element = page.createElement("form");
  element.setAttribute("aria-label", label);
  element.dataset.lmSuppressShortcuts = "true"; // keys are for the fields, not for the notebook
  element.style.cssText = FORM;
  const inputs = fields.map((field) => {
    const input = page.createElement(field.kind === "text" ? "textarea" : "input");
    input.name = field.name;
    input.value = field.value;
    input.placeholder = field.hint;
    input.setAttribute("autocomplete", "off");
    input.spellcheck = false;
    input.style.cssText = INPUT;
    const words = page.createElement("label");
    words.style.cssText = field.kind === "text" ? "flex:1 1 100%" : "flex:0 1 10em";
    words.append(field.label, input);
    element.append(words);
    return input;
  });
  const [said, warned] = ["status", "alert"].map((role) => {
    const span = page.createElement("span");
    span.setAttribute("role", role);
    element.append(span);
    return span;
  });
  return {
    element,
    values: () => Object.fromEntries(inputs.map((input) => [input.name, input.value])),
    tell(words, ended) {
      said!.textContent = words;
      for (const input of inputs) input.disabled = ended;
    },
    warn: (words) => warned!.textContent = words,
  };
}
