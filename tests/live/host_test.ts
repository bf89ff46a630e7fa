import { deepEqual, equal, ok } from "@std/assert";
import { LiveHost, type LiveWatch, tableSubject } from "../../src/live/host.ts";
import { type Json, PROTOCOL, type ToPage } from "../../src/live/protocol.ts";

const request = (id: string, question: string, data: Json = null, subject = "one") => ({
  ...{ kind: "request", protocol: PROTOCOL, id },
  ...{ subject, question, data },
});
const abort = (id: string) => ({ kind: "abort", protocol: PROTOCOL, id });

/** A host with a subject that echoes, fails by every class, and waits until it is stopped. */
function open() {
  const host = new LiveHost();
  const said: ToPage[] = [];
  const reply = (message: ToPage) => void said.push(message);
  const fail = (error: unknown) => () => Promise.reject(error);
  const waits = ({ signal }: LiveWatch) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const table = tableSubject({
    echo: (data) => Promise.resolve(data),
    nothing: () => Promise.resolve(undefined),
    count(_, { onProgress }) {
      for (let completed = 1; completed <= 100; ++completed) onProgress({ completed, total: 100, message: "Counting" });
      return Promise.resolve(100);
    },
    wait: (_, watch) => waits(watch),
    range: fail(new RangeError("Cannot read 49 tokens")),
    word: fail("just a word"),
    long: fail(new Error("x".repeat(5000))),
    sync() {
      throw new SyntaxError("at once");
    },
  });
  host.add("one", table);
  return { host, said, receive: (value: unknown) => host.receive(value, reply) };
}

Deno.test("LiveHost answers by the table of a subject, with what JSON holds", async () => {
  const { said, receive } = open();
  await receive(request("a", "echo", { deep: [1, "two", null] }));
  await receive(request("b", "nothing"));
  deepEqual(said, [
    { kind: "result", protocol: 1, id: "a", data: { deep: [1, "two", null] } },
    { kind: "result", protocol: 1, id: "b", data: null },
  ]);
});

Deno.test("LiveHost tells progress not more often than it can be seen", async () => {
  const { said, receive } = open();
  await receive(request("a", "count"));
  deepEqual(said, [
    { kind: "progress", protocol: 1, id: "a", completed: 1, total: 100, message: "Counting" },
    { kind: "result", protocol: 1, id: "a", data: 100 },
  ]);
});

Deno.test("LiveHost tells errors by class and message, and throws nothing", async () => {
  const { said, receive } = open();
  for (const question of ["range", "word", "sync", "long"]) await receive(request(question, question));
  const told = said.map((message) => message.kind === "error" ? [message.id, message.name, message.message] : message);
  deepEqual(told, [
    ["range", "RangeError", "Cannot read 49 tokens"],
    ["word", "Error", "just a word"],
    ["sync", "SyntaxError", "at once"],
    ["long", "Error", "x".repeat(2000)],
  ]);
});

Deno.test("LiveHost stops what a page wants no more, and only that", async () => {
  const { said, receive } = open();
  const waiting = [receive(request("a", "wait")), receive(request("b", "wait"))];
  await receive(abort("unknown"));
  await receive(abort("b"));
  await waiting[1];
  deepEqual(said, [{ kind: "error", protocol: 1, id: "b", name: "AbortError", message: "The page asked to stop" }]);
  await receive(abort("a"));
  await waiting[0];
  equal(said.length, 2);
});

Deno.test("LiveHost refuses what is no message, what it does not know, and too much, by name", async () => {
  const cases: readonly [unknown, string, string, RegExp][] = [
    [undefined, "unknown", "TypeError", /no message of this protocol/],
    [null, "unknown", "TypeError", /no message/],
    ["globalThis.x = 1", "unknown", "TypeError", /no message/],
    [[], "unknown", "TypeError", /no message/],
    [{ kind: "constructor", protocol: 1, id: "a" }, "a", "TypeError", /no message/],
    [{ kind: "result", protocol: 1, id: "a", data: 1 }, "a", "TypeError", /no message/],
    [{ ...request("a", "echo"), protocol: 2 }, "a", "TypeError", /version 2 and this one 1/],
    [{ ...request("a", "echo"), protocol: "1" }, "a", "TypeError", /protocol/],
    [{ ...request("a", "echo"), id: "<b>" }, "unknown", "TypeError", /id is "<b>"/],
    [{ ...request("a", "echo"), id: "x".repeat(65) }, "unknown", "TypeError", /id is/],
    [{ ...request("a", "echo"), id: 7 }, "unknown", "TypeError", /id is 7/],
    [{ ...request("a", "echo"), subject: { toString: () => "one" } }, "a", "TypeError", /subject is/],
    [{ ...request("a", "echo"), question: "a b" }, "a", "TypeError", /question is "a b"/],
    [{ ...request("a", "echo"), more: 1 }, "a", "TypeError", /more/],
    [{ kind: "request", protocol: 1, id: "a", subject: "one", question: "echo" }, "a", "TypeError", /data/],
    [request("a", "none"), "a", "TypeError", /Cannot answer "none"; ask "echo" or/],
    [request("a", "toString"), "a", "TypeError", /Cannot answer "toString"/],
    [request("a", "__proto__"), "a", "TypeError", /Cannot answer "__proto__"/],
    [request("a", "echo", 1, "two"), "a", "NotFoundError", /not known here; run its cell again/],
    [request("a", "echo", 1, "__proto__"), "a", "NotFoundError", /not known here/],
  ];
  for (const [value, id, name, message] of cases) {
    const { said, receive } = open();
    await receive(value);
    equal(said.length, 1);
    const [error] = said;
    ok(error?.kind === "error" && error.id === id && error.name === name, JSON.stringify(error));
    ok(message.test(error.message), error.message);
  }
  const { said, receive, host } = open();
  const waiting = Array.from({ length: 64 }, (_, i) => receive(request(`w${i}`, "wait")));
  await receive(request("more", "echo"));
  await receive(request("w0", "echo"));
  deepEqual(said.map((message) => message.kind === "error" && [message.id, message.name]), [
    ["more", "RangeError"],
    ["w0", "RangeError"],
  ]);
  for (let i = 0; i < 64; ++i) await receive(abort(`w${i}`));
  await Promise.all(waiting);
  host.remove("one");
  await receive(request("gone", "echo"));
  deepEqual(said.at(-1)?.kind === "error" && said.at(-1), {
    ...{ kind: "error", protocol: 1, id: "gone", name: "NotFoundError" },
    message: "Cannot answer as this view is not known here; run its cell again",
  });
});
