import process from "node:process";

/** Milliseconds of CPU that this process has used: of work, which does not grow where others need the machine too. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
