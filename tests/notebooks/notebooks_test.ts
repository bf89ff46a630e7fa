import { equal, match, ok, rejects } from "@std/assert";
import { basename, join } from "node:path";
import { listNotebooks, prepareEnvironment, ROOT } from "../../scripts/notebooks/environment.ts";
import { executeNotebook, executeNotebooks } from "../../scripts/notebooks/execute.ts";
import { joined, normalNotebook, type Notebook, notebookText, readNotebook } from "../../scripts/notebooks/notebook.ts";
import { REAL_MODELS, RealModel } from "../support/real_models.ts";
import { differingNumbers, frame, outputTexts } from "./compare.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The kernel does not check types, and takes a missing import as undefined. */
async function checkTypes(notebooks: ReadonlyMap<string, Notebook>): Promise<string> {
  const files = new Map([...notebooks].map(([path, notebook]) => {
    const code = notebook.cells.filter((cell) => cell.cell_type === "code").map((cell) => joined(cell.source));
    return [join(ROOT, "notebooks", `.check_${basename(path, ".ipynb")}.ts`), `${code.join("\n")}\nexport {};\n`];
  }));
  try {
    for (const [path, text] of files) await Deno.writeTextFile(path, text);
    const args = ["check", ...files.keys()]; // one after another they take ten times as long
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
    return success ? "" : new TextDecoder().decode(stderr);
  } finally {
    for (const path of files.keys()) await Deno.remove(path);
  }
}

function notebookOf(code: string): Notebook {
  const cell = { cell_type: "code", id: "a", metadata: {}, source: code, outputs: [], execution_count: null } as const;
  return normalNotebook({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 });
}

/** Notebooks whose outputs are of a published model; without it they go on with the bundled one, and say so. */
const OF_REAL_MODELS: Readonly<Record<string, RealModel<unknown>>> = {
  "notebooks/10_llama.ipynb": new RealModel("smollm2"),
  "notebooks/13_one_text.ipynb": new RealModel("smollm2"),
};

Deno.env.set("HF_HUB_CACHE", REAL_MODELS); // the kernel looks where the tests do

const paths = await listNotebooks();
const isPresent = (path: string) => OF_REAL_MODELS[path]?.present ?? true;

for (const path of paths) {
  Deno.test(`${path} is in its normal form, with outputs`, async () => {
    const committed = await readNotebook(join(ROOT, path));
    equal(JSON.stringify(committed), JSON.stringify(JSON.parse(notebookText(normalNotebook(committed)))));
    ok(committed.cells.some((cell) => (cell.outputs ?? []).length > 0));
  });
}

/** Expects that an executed notebook shows its views, and gives what is committed or says that its model is absent. */
function expectOutputs(executed: Notebook, committed: Notebook, present: boolean): void {
  const outputs = executed.cells.flatMap((cell) => cell.outputs ?? []);
  equal(outputs.filter((output) => output.output_type === "error").length, 0);
  const views = executed.cells.filter(({ source }) =>
    /^(?:await )?(\w*View\(|view\b)/.test(joined(source).split("\n").at(-1) ?? "")
  );
  ok(views.length > 0);
  for (const { outputs = [] } of views) {
    equal(Object.keys(outputs[0]?.data ?? {}).sort().join(), "text/html,text/plain");
  }
  if (!present) return match(outputTexts(executed).join("\n"), /^Cannot .*[^]*Going on with the bundled model\./m);
  const [before, after] = [outputTexts(committed), outputTexts(executed)];
  after.forEach((text, i) => {
    equal(frame(text), frame(before[i] ?? ""));
    ok(differingNumbers(text, before[i] ?? "") <= 0.02, `the numbers of cell ${i + 1} differ`);
  });
}

Deno.test("notebooks run under the Deno kernel", async (t) => {
  await prepareEnvironment(() => {});
  await withFolder(async (folder) => {
    // One process runs them all, each in a kernel of its own: Python starts once.
    const failed = await executeNotebooks(paths.map((path) => join(ROOT, path)), folder).catch((error) => error);
    for (const path of paths) {
      const present = isPresent(path);
      const gives = present ? "gives the outputs that are committed" : "says that its model is absent";
      await t.step(`${path} ${gives}`, async () => {
        const executed = await readNotebook(join(folder, basename(path))).catch(() => {
          throw failed;
        });
        expectOutputs(normalNotebook(executed), await readNotebook(join(ROOT, path)), present);
      });
    }
    equal(failed, undefined);
  });
});

Deno.test("notebooks pass the type check, and one that does not is found", async () => {
  const notebooks = new Map(
    await Promise.all(paths.map(async (path) => [path, await readNotebook(join(ROOT, path))] as const)),
  );
  equal(await checkTypes(notebooks), "");
  const message = await checkTypes(
    new Map([["wrong.ipynb", notebookOf('import { nowhere } from "../src/base/words.ts";')]]),
  );
  match(message, /nowhere[^]*\.check_wrong\.ts/);
});

Deno.test("executeNotebook() says which cell failed, and why", async () => {
  await prepareEnvironment(() => {});
  await withFolder(async (folder) => {
    const failing = async (code: string) => {
      const source = join(folder, "failing.ipynb");
      await Deno.writeTextFile(source, notebookText(notebookOf(code)));
      await executeNotebook(source, join(folder, "out"));
    };
    await rejects(() => failing(`throw new RangeError("no such layer");`), (error: Error) => {
      match(
        error.message,
        /^Cannot execute failing\.ipynb as a cell failed: in cell 1:\nthrow[^]*RangeError: no such layer/,
      );
      return true;
    });
    await rejects(() => failing("const = 1"), /keeps silent about syntax errors/);
  });
});

Deno.test("normalNotebook() joins what time has cut, and counts anew", () => {
  const { cells: [cell] } = notebookOf("1");
  const stream = (text: string) => ({ output_type: "stream", name: "stdout", text }) as const;
  const outputs = [stream("a\nb"), stream("c\n"), { ...stream("d"), name: "stderr" }];
  const normal = normalNotebook({ ...notebookOf(""), cells: cell ? [{ ...cell, outputs, execution_count: 7 }] : [] });
  equal(normal.cells[0]?.execution_count, 1);
  equal(JSON.stringify(normal.cells[0]?.outputs?.map(({ text }) => text)), '[["a\\n","bc\\n"],["d"]]');
});
