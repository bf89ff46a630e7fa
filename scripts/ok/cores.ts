/** Which cores a lane of the gates has: threads that wait for work in a loop take the time of those beside them. */

/** The numbers in a list as Linux writes it, `0-3,8`. */
function numbersIn(list: string): number[] {
  return list.trim().split(",").filter((one) => one !== "").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/**
 * Shares the cores of a list out among lanes, as evenly as they go.
 *
 * @returns The cores of each lane; nothing where there are fewer cores than lanes.
 */
export function shareOut(list: string, lanes: number): number[][] {
  const cores = numbersIn(list);
  if (cores.length < lanes) return [];
  const at = (lane: number) => Math.floor(lane * cores.length / lanes);
  return Array.from({ length: lanes }, (_, lane) => cores.slice(at(lane), at(lane + 1)));
}

/** The words before a command that keep it on the cores of each lane; none but on Linux with `taskset`. */
export async function laneWords(lanes: number): Promise<string[][]> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const [, list = ""] = /^Cpus_allowed_list:\s*(.*)$/m.exec(status) ?? [];
  const shares = shareOut(list, lanes);
  const there = shares.length > 0 &&
    await new Deno.Command("taskset", { args: ["-c", list, "true"], stdout: "null", stderr: "null" }).output()
      .then(({ success }) => success, () => false);
  return Array.from({ length: lanes }, (_, lane) => there ? ["taskset", "-c", shares[lane]!.join()] : []);
}
