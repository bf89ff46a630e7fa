import { deepEqual, equal } from "@std/assert";
import { type DownloadProgress, Meter } from "../../src/hub/meter.ts";

Deno.test("Meter tells bytes, speed and time left, and does not count what was there", () => {
  let now = 0;
  const seen: DownloadProgress[] = [];
  const meter = new Meter(3000, (progress) => seen.push(progress), () => now);
  meter.begin("a");
  meter.update(500); // of an earlier process
  now = 1000;
  meter.update(1000);
  meter.begin("b");
  now = 2000;
  meter.update(0);
  meter.update(10); // too soon to be told
  now = 4000;
  meter.update(1000);
  meter.update(2000);
  meter.end();
  deepEqual(
    seen.map(({ file, completed, total, bytesPerSecond, secondsLeft }) => [
      file,
      completed,
      total,
      bytesPerSecond && Math.round(bytesPerSecond),
      secondsLeft && Math.round(secondsLeft),
    ]),
    [
      ["a", 500, 3000, undefined, undefined],
      ["a", 1000, 3000, 500, 4],
      ["b", 1000, 3000, 250, 8],
      ["b", 2000, 3000, 375, 3],
      ["b", 3000, 3000, 625, 0],
    ],
  );
});

Deno.test("Meter's speed is that of the last seconds, and its total is never less than what is there", () => {
  let now = 0;
  let last: DownloadProgress | undefined;
  const meter = new Meter(0, (progress) => last = progress, () => now);
  meter.begin("a");
  for (let second = 0; second <= 20; ++second) {
    now = second * 1000;
    meter.update(second <= 10 ? second * 1000 : 10_000 + (second - 10) * 100);
  }
  equal(Math.round(last!.bytesPerSecond!), 100);
  equal(last!.total, 11_000);
});
