import { deepEqual, equal, match, ok, rejects } from "@std/assert";
import type { Progress } from "../../src/base/progress.ts";
import { passingNotebookBar, passingTerminalBar } from "../../src/base/progress_bar.ts";
import { watched } from "../../src/model/watch.ts";

/** A notebook whose clock is moved by hand, and what it was shown. */
function notebook() {
  const shown: { readonly html: string; readonly text: string; readonly id: string; readonly update: boolean }[] = [];
  const clock = { at: 0 };
  let bars = 0;
  const place = {
    now: () => clock.at,
    bar: () =>
      passingNotebookBar((bundle, { id, update }) => {
        shown.push({ html: bundle["text/html"]!, text: bundle["text/plain"]!, id, update });
      }, `bar ${++bars}`),
  };
  return { shown, clock, place };
}

const part = (completed: number, total = 10): Progress => ({
  task: "saliency",
  completed,
  total,
  message: `Explained ${completed} of ${total} tokens`,
});

/** Work of ten parts, each of which takes `ms`. */
function parts(clock: { at: number }, ms: number) {
  return ({ onProgress }: { readonly onProgress?: (progress: Progress) => void }) => {
    for (let n = 1; n <= 10; ++n) {
      clock.at += ms;
      onProgress?.(part(n));
    }
    return Promise.resolve("done");
  };
}

Deno.test("watched() shows nothing of work that takes less than a second", async () => {
  const { shown, clock, place } = notebook();
  equal(await watched({}, parts(clock, 99), place), "done");
  deepEqual(shown, []);
});

Deno.test("watched() shows one bar after a second, with what is done and what is left, and takes it away", async () => {
  const { shown, clock, place } = notebook();
  await watched({}, parts(clock, 500), place);
  equal(new Set(shown.map(({ id }) => id)).size, 1);
  deepEqual(shown.map(({ update }) => update), [false, ...Array(shown.length - 1).fill(true)]);
  equal(shown[0]!.text, "Explained 2 of 10 tokens, about 4 s left");
  match(shown[0]!.html, /^<progress value="2" max="10"><\/progress> /);
  equal(shown.at(-2)!.text, "Explained 10 of 10 tokens");
  deepEqual([shown.at(-1)!.html, shown.at(-1)!.text], ["", ""]);
});

Deno.test("watched() draws ten times a second at most", async () => {
  const { shown, clock, place } = notebook();
  await watched({}, ({ onProgress }: { readonly onProgress?: (progress: Progress) => void }) => {
    for (let n = 1; n <= 3000; ++n) {
      ++clock.at;
      onProgress?.(part(n, 3000));
    }
    return Promise.resolve();
  }, place);
  ok(shown.length >= 20 && shown.length <= 23, `${shown.length} times`);
});

Deno.test("watched() shows nothing with progress false, and where nobody watches", async () => {
  const { shown, clock, place } = notebook();
  const seen: number[] = [];
  const onProgress = ({ completed }: Progress) => void seen.push(completed);
  await watched({ progress: false, onProgress }, parts(clock, 500), place);
  await watched({ onProgress }, parts(clock, 500), { ...place, bar: () => undefined });
  deepEqual(shown, []);
  equal(seen.length, 20);
});

Deno.test("watched() tells the caller's onProgress too, and all of it", async () => {
  const { shown, clock, place } = notebook();
  const seen: number[] = [];
  await watched({ onProgress: ({ completed }: Progress) => void seen.push(completed) }, parts(clock, 400), place);
  deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  ok(shown.length > 2);
});

Deno.test("watched() takes the bar away when the work fails, is aborted, or its onProgress throws", async () => {
  const failures = [new Error("broken"), new DOMException("Interrupted by user", "AbortError")];
  for (const failure of failures) {
    const { shown, clock, place } = notebook();
    const work = async (options: { readonly onProgress?: (progress: Progress) => void }) => {
      await parts(clock, 500)(options);
      throw failure;
    };
    await rejects(() => watched({}, work, place), (error) => error === failure);
    equal(shown.at(-1)!.html, "");
  }
  const { shown, clock, place } = notebook();
  const onProgress = ({ completed }: Progress) => {
    if (completed === 5) throw new Error("enough");
  };
  await rejects(async () => await watched({ onProgress }, async (o) => await parts(clock, 500)(o), place), /enough/);
  equal(shown.at(-1)!.html, "");
});

Deno.test("watched() shows work within work in one bar", async () => {
  const { shown, clock, place } = notebook();
  await watched({}, async (options) => {
    await watched(options, parts(clock, 500), place);
    return await watched(options, parts(clock, 500), place);
  }, place);
  equal(new Set(shown.map(({ id }) => id)).size, 1);
  equal(shown.filter(({ html }) => html === "").length, 1);
});

Deno.test("passingTerminalBar() writes in one line and wipes it", () => {
  let written = "";
  const bar = passingTerminalBar((bytes) => written += new TextDecoder().decode(bytes), () => 60);
  bar.clear();
  equal(written, "");
  bar.show(part(5));
  bar.show(part(10));
  bar.clear();
  equal(written.includes("\n"), false);
  match(written, /^\r█{10}░{10} Explained 5 of 10/);
  ok(written.endsWith("\r\x1b[K"));
});
