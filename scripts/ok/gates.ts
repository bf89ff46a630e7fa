/** The gates, and the commands that they are made of. */

/** A `deno` command of a gate. */
export interface Part {
  /** The gate's name, and a number where it has several. */
  readonly name: string;
  readonly args: readonly string[];
  /** Folders and files of tests that are run as one module, after `args`: what they import is loaded once. */
  readonly together?: readonly string[];
}

type Command = Omit<Part, "name">;

const EXPORTS = ["mod.ts", "src/onnx/mod.ts", "src/analysis/mod.ts", "widgets/mod.ts"];
/** What has examples, whose types are checked with all others. */
const DOCUMENTED = ["mod.ts", "src", "widgets", "guide", "README.md"];
/** Types are what the gate of that name looks at. */
const TEST = ["test", "-A", "--quiet", "--no-check"];

/** Those that start a JupyterLab, which has one folder of settings: they are run one after the other. */
const LAB = ["alignment", "hub", "live", "notebooks", "pictures"]
  .map((name) => `tests/browser/${name}_test.ts`);
/**
 * Those whose files do not hear what others load or do: not those that look at timers, threads, memory or workers.
 * `tests/ask` is a module too, of its own, as its files all load and compile the runtimes.
 */
const LIGHT = ["autodiff", "checkpoint", "hub", "models", "music", "onnx", "widgets"].map((name) => `tests/${name}`);
const LARGE = ["tests/notebooks", "tests/browser", "tests/language_model", "tests/ask"];

/**
 * Those that take long come early, so that none is left alone at the end; notebooks come late, as they put files where
 * `lint` looks and have JupyterLab's folder of settings too. A new file of tests is in one of the commands that ignore
 * what others name.
 */
const GATES: Readonly<Record<string, readonly Command[]>> = {
  fmt: [{ args: ["fmt", "--check", "--quiet"] }],
  lint: [{ args: ["lint", "--quiet"] }],
  browser: [
    { args: [...TEST, `--ignore=${LAB}`, "tests/browser"] },
    { args: [...TEST, ...LAB] },
  ],
  tests: [
    { args: [...TEST, "tests/language_model"] },
    { args: TEST, together: ["tests/ask"] },
    { args: [...TEST, `--ignore=${[...LARGE, ...LIGHT]}`, "tests"] },
    { args: TEST, together: LIGHT },
  ],
  notebooks: [{ args: [...TEST, "tests/notebooks"] }],
  examples: [{ args: [...TEST, "--doc", ...DOCUMENTED] }],
  check: [{ args: ["check", "--doc", "--quiet", ...DOCUMENTED, "tests", "scripts", "bench"] }],
  docs: [{ args: ["doc", "--lint", ...EXPORTS] }],
};

/** The names of all gates. */
export const NAMES: readonly string[] = Object.keys(GATES);

/** The commands of the gates that are asked for, in their order. */
export function partsOf(asked: readonly string[]): Part[] {
  return Object.entries(GATES).filter(([name]) => asked.includes(name)).flatMap(([name, commands]) =>
    commands.map((command, i) => ({ ...command, name: commands.length > 1 ? `${name} ${i + 1}` : name }))
  );
}
