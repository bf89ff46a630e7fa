import { equal, ok } from "@std/assert";

const OUTPUT = new URL("../output/", import.meta.url);

/**
 * Compares text with a committed file that a browser or GitHub can show. `deno test -A tests/widgets -- --update`
 * writes the files instead.
 */
export async function matchesGolden(name: string, text: string): Promise<void> {
  const url = new URL(name, OUTPUT);
  if (Deno.args.includes("--update")) {
    await Deno.mkdir(OUTPUT, { recursive: true });
    return await Deno.writeTextFile(url, text);
  }
  const golden = await Deno.readTextFile(url).catch(() => "");
  ok(golden !== "", `tests/output/${name} is missing: write it with --update and look at it`);
  equal(text, golden.replaceAll("\r\n", "\n"));
}
