import { deepEqual, equal, match, ok } from "@std/assert";
import { formatSeconds } from "../../src/base/duration.ts";
import { notebookBar, terminalBar } from "../../src/base/progress_bar.ts";

const at = (completed: number) => ({ task: "download" as const, completed, total: 100, message: `<a> & ${completed}` });

Deno.test("terminalBar() writes over one line, no wider than the terminal, and ends it when it is full", () => {
  let written = "";
  const bar = terminalBar((bytes) => written += new TextDecoder().decode(bytes), () => 26);
  bar(at(0));
  bar(at(50));
  bar(at(100));
  deepEqual(
    written.split("\r").slice(1),
    [
      `${"░".repeat(20)} <a>\x1b[K`,
      `${"█".repeat(10)}${"░".repeat(10)} <a>\x1b[K`,
      `${"█".repeat(20)} <a>\x1b[K\n`,
    ].map((line) => line.replace("<a>", "<a> ")),
  );
});

Deno.test("notebookBar() shows one output and replaces it, with the message as text", () => {
  const shown: { html: string; plain: string; id: string; update: boolean }[] = [];
  const bar = notebookBar((bundle, { id, update }) => {
    shown.push({ html: bundle["text/html"]!, plain: bundle["text/plain"]!, id, update });
  }, "one");
  bar(at(0));
  bar(at(50));
  deepEqual(shown.map(({ id, update }) => [id, update]), [["one", false], ["one", true]]);
  equal(shown[1]!.html, '<progress value="50" max="100"></progress> <span>&lt;a> &amp; 50</span>');
  equal(shown[1]!.plain, "<a> & 50");
});

Deno.test("formatSeconds() is short", () => {
  deepEqual([0.2, 59, 61, 3599, 3600, 86_400].map(formatSeconds), [
    "1 s",
    "59 s",
    "1 min 1 s",
    "59 min 59 s",
    "1 h 0 min",
    "24 h 0 min",
  ]);
});

Deno.test("nothing is written where standard error is no terminal", async () => {
  const { progressBar } = await import("../../src/base/progress_bar.ts");
  if (!Deno.stderr.isTerminal()) equal(progressBar(), undefined);
  const code = `import { progressBar } from "${new URL("../../src/base/progress_bar.ts", import.meta.url)}";
    progressBar()?.({ task: "download", completed: 1, total: 2, message: "half" });`;
  const args = ["eval", "--quiet", code];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  ok(success);
  match(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), /^$/);
});
