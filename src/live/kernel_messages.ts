/**
 * Jupyter's own messages, as far as a view sends and hears them: https://jupyter-client.readthedocs.io/en/stable/messaging.html
 *
 * @module
 */
import { MESSAGE_TYPE } from "./kernel_address.ts";
import { heard } from "./messages.ts";
import type { ToPage } from "./protocol.ts";

/**
 * A silent request to call a function with a text: the code is the function's name and the text as a literal, nothing
 * else.
 */
export function callRequest(entry: string, text: string, names: { readonly id: string; readonly session: string }) {
  const code = `globalThis[${JSON.stringify(entry)}](${JSON.stringify(text)})`;
  const header = {
    ...{ "msg_id": names.id, "msg_type": "execute_request", session: names.session },
    ...{ username: "", version: "5.3", date: new Date().toISOString() },
  };
  const content = {
    ...{ code, silent: true, "store_history": false, "user_expressions": {} },
    ...{ "allow_stdin": false, "stop_on_error": false },
  };
  return { header, "parent_header": {}, metadata: {}, content, channel: "shell", buffers: [] };
}

/** What a view hears of a kernel. */
export type KernelSaid =
  | { readonly kind: "live"; readonly entry: string; readonly message: ToPage }
  | { readonly kind: "reply"; readonly to: string; readonly status: string }
  | { readonly kind: "status"; readonly state: string; readonly session: string; readonly after: string };

type Fields = Partial<Record<string, unknown>>;

/** What a message of a kernel's socket says, if it is of interest. */
export function kernelSaid(data: unknown): KernelSaid | undefined {
  if (typeof data !== "string") return undefined;
  const message = parsed(data);
  const [header, parent, content] = [message.header, message.parent_header, message.content].map(fields);
  if (header!.msg_type === MESSAGE_TYPE) {
    const own = heard(content!.message);
    return own && typeof content!.entry === "string"
      ? { kind: "live", entry: content!.entry, message: own }
      : undefined;
  }
  if (header!.msg_type === "execute_reply") {
    return { kind: "reply", to: String(parent!.msg_id), status: String(content!.status) };
  }
  if (header!.msg_type !== "status") return undefined;
  const { session, msg_type: after } = parent!;
  return { kind: "status", state: String(content!.execution_state), session: String(session), after: String(after) };
}

function parsed(text: string): Fields {
  try {
    return fields(JSON.parse(text));
  } catch {
    return {};
  }
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}
