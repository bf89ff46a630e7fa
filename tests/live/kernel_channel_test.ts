import { deepEqual, equal, match, ok } from "@std/assert";
import { tableSubject } from "../../src/live/host.ts";
import { isKernelAddress } from "../../src/live/kernel_address.ts";
import { kernelChannel, kernelIdOf, type KernelPlace } from "../../src/live/kernel_channel.ts";
import { callRequest, kernelSaid } from "../../src/live/kernel_messages.ts";

/** A kernel that keeps what it broadcasts, and runs code as a notebook's kernel does: against its own global. */
function openKernel(commandLine = "deno jupyter --kernel --conn /run/kernel-0f3c.json") {
  const broadcasts: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  const kernel = { hacked: false };
  const place: KernelPlace = {
    global: kernel,
    broadcast: (type, content) => Promise.resolve(void broadcasts.push([type, content])),
    commandLine: () => commandLine,
    notebook: () => "work/keys.ipynb",
  };
  const channel = kernelChannel(place)!;
  channel.host.add("view.1", tableSubject({ draw: (data) => Promise.resolve({ drawn: data }) }));
  const run = (code: string) => new Function("globalThis", code)(kernel);
  /** What a page that sends a text makes the kernel say. */
  const ask = async (text: string) => {
    run(callRequest(channel.address.entry, text, { id: "m", session: "s" }).content.code);
    await new Promise((resolve) => setTimeout(resolve));
    return broadcasts.splice(0);
  };
  return { place, kernel, channel, ask };
}

const request = (data: unknown, subject = "view.1") =>
  JSON.stringify({ kind: "request", protocol: 1, id: "a", subject, question: "draw", data });

Deno.test("kernelChannel() answers what a page sends as a literal, whatever is in the text", async () => {
  const { ask, channel: { address } } = openKernel();
  deepEqual(await ask(""), []);
  const texts = [
    "The keys",
    '"; hacked = true; "',
    "`${globalThis.hacked = true}`",
    "\u2028\u2029\\",
    "</script>",
    "\ud83d",
  ];
  for (const text of texts) {
    deepEqual(await ask(request({ text })), [["looking_glass_live", {
      entry: address.entry,
      message: { kind: "result", protocol: 1, id: "a", data: { drawn: { text } } },
    }]]);
  }
});

Deno.test("kernelChannel() runs nothing that a page says, and refuses what is no message", async () => {
  const { ask, kernel } = openKernel();
  const hostile = [
    "globalThis.hacked = true",
    '{"kind":"request"',
    "[".repeat(100) + "]".repeat(100),
    `"${"x".repeat(2 ** 22)}"`,
    JSON.stringify({ kind: "request", protocol: 1, id: "a", subject: "view.1", question: "constructor", data: 1 }),
    JSON.stringify({ kind: "eval", protocol: 1, id: "a", code: "globalThis.hacked = true" }),
    request(1, "view.2"),
  ];
  const told = [];
  for (const text of hostile) {
    const [[, content]] = await ask(text) as [[string, { message: { kind: string; id: string; name: string } }]];
    told.push([content.message.kind, content.message.id, content.message.name]);
  }
  deepEqual(told, [
    ...Array(4).fill(["error", "unknown", "TypeError"]),
    ["error", "a", "TypeError"],
    ["error", "a", "TypeError"],
    ["error", "a", "NotFoundError"],
  ]);
  equal(kernel.hacked, false);
});

Deno.test("kernelChannel() is one for a kernel, by a name that nobody guesses and nobody replaces", () => {
  const { place, channel, kernel } = openKernel();
  equal(kernelChannel(place), channel);
  const { entry } = channel.address;
  match(entry, /^lookingGlass_[0-9a-f]{32}$/);
  equal(Object.keys(kernel).includes(entry), false);
  equal(Reflect.set(kernel, entry, () => {}), false);
  equal(Reflect.deleteProperty(kernel, entry), false);
  ok(openKernel().channel.address.entry !== entry);
  equal(kernelChannel(), undefined); // outside of a notebook
});

Deno.test("kernelChannel() refuses answers that JSON cannot hold, or a page not draw", async () => {
  const { ask, channel: { host } } = openKernel();
  const answers = { big: () => Promise.resolve("x".repeat(2 ** 26)), bigint: () => Promise.resolve(5n) };
  host.add("view.1", tableSubject({ draw: answers.big }));
  match(JSON.stringify(await ask(request(1))), /"RangeError","message":"Cannot send an answer of 67108866 characters/);
  host.add("view.1", tableSubject({ draw: answers.bigint }));
  match(JSON.stringify(await ask(request(1))), /"kind":"error".*"TypeError"/);
});

Deno.test("a kernel knows its id by the file of its connection, where it can tell", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["deno\0jupyter\0--kernel\0--conn\0/run/kernel-6a1f-22.json\0", "6a1f-22"],
    ["deno jupyter --kernel --conn C:\\run\\kernel-6a1f.json", "6a1f"],
    ["deno jupyter --kernel --conn /tmp/tmp8x.json", ""],
    ["", ""],
  ];
  for (const [commandLine, id] of cases) equal(kernelIdOf(commandLine), id);
  const { address } = openKernel().channel;
  deepEqual({ ...address, entry: "" }, { kernel: "0f3c", notebook: "work/keys.ipynb", entry: "" });
  equal(isKernelAddress(address), true);
  for (
    const wrong of [{ kernel: "../x" }, { entry: "eval" }, { entry: `${address.entry}");alert("` }, { notebook: 1 }]
  ) {
    equal(isKernelAddress({ ...address, ...wrong }), false);
  }
  for (const wrong of [undefined, null, "x", []]) equal(isKernelAddress(wrong), false);
});

Deno.test("kernelSaid() hears answers, replies and states, and nothing else", () => {
  const message = { kind: "result", protocol: 1, id: "a", data: 1 };
  const said = (type: string, content: unknown, parent: unknown = {}) =>
    kernelSaid(JSON.stringify({ header: { "msg_type": type }, "parent_header": parent, content }));
  deepEqual(said("looking_glass_live", { entry: "e", message }), { kind: "live", entry: "e", message });
  deepEqual(said("execute_reply", { status: "ok" }, { "msg_id": "m" }), { kind: "reply", to: "m", status: "ok" });
  deepEqual(said("status", { "execution_state": "busy" }, { session: "s", "msg_type": "execute_request" }), {
    ...{ kind: "status", state: "busy", session: "s", after: "execute_request" },
  });
  for (const content of [null, { message }, { entry: 1, message }, { entry: "e", message: { ...message, id: "<" } }]) {
    equal(said("looking_glass_live", content), undefined);
  }
  equal(said("stream", { text: "x" }), undefined);
  for (const data of ["", "[]", "null", "{", '{"header":1}', new ArrayBuffer(3), undefined]) {
    equal(kernelSaid(data), undefined);
  }
});
