/**
 * Replaces what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` in a file.
 *
 * @throws {Error} When the file has no such place.
 */
export async function writeBetweenMarkers(file: URL, name: string, content: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Cannot write into ${file.pathname} as it has no ${begin} and ${end}`);
  await Deno.writeTextFile(file, `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`);
}
