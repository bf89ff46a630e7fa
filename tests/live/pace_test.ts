import { deepEqual, ok } from "@std/assert";
import { Pace } from "../../src/live/pace.ts";

/** A clock that goes on when somebody waits. */
function clock() {
  let time = 0;
  return { now: () => time, wait: (ms: number) => Promise.resolve(void (time += ms)) };
}

const turns = async () => {
  for (let i = 0; i < 2000; ++i) await Promise.resolve();
};

Deno.test("Pace.go() sends all in order, never more than a Jupyter server passes on, and one that is larger alone", async () => {
  const time = clock();
  const pace = new Pace(time);
  const sent: { name: number; at: number; bytes: number }[] = [];
  const sizes = [...Array<number>(20).fill(270_000), 5_000_000, 270_000];
  for (const [name, bytes] of sizes.entries()) {
    pace.go(bytes, () => true, () => sent.push({ name, at: time.now(), bytes }));
  }
  await turns();
  deepEqual(sent.map(({ name }) => name), sizes.map((_, i) => i));
  for (const { at, bytes } of sent) {
    const others = sent.filter((one) => one.at <= at && one.at > at - 3000);
    const sum = others.reduce((sum, one) => sum + one.bytes, 0);
    ok(sum <= 2_000_000 || others.length === 1, `${sum} bytes by ${at} ms, the last of ${bytes}`);
  }
  deepEqual(sent.filter(({ at }) => at === 0).length, 7);
});

Deno.test("Pace.go() leaves out what was given up while it waited, and goes on after one that failed", async () => {
  const pace = new Pace(clock());
  const sent: number[] = [];
  const wanted = new Set([0, 1, 3]);
  for (const name of [0, 1, 2, 3]) {
    pace.go(1_500_000, () => wanted.has(name), () => {
      sent.push(name);
      if (name === 1) throw new Error("the socket is closed");
    });
  }
  await turns();
  deepEqual(sent, [0, 1, 3]);
});
