/**
 * Programs of the system that some tests need.
 *
 * @module
 */

/** Whether a program is there and answers to `args`. */
export async function hasProgram(name: string, ...args: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(name, { args: [...args], stdout: "null", stderr: "null" }).output()).success;
  } catch { // there is no such program
    return false;
  }
}
