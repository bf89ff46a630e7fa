/** Factorisations that are shared out over threads. */
import { deepEqual, equal, ok, rejects } from "@std/assert";
import { errorCurve, type FactorsOptions, neuronFactors } from "../../../src/analysis/mod.ts";
import { SharedJobs, threadsFor } from "../../../src/analysis/factors/threads.ts";
import { get, int, mulInts, storeInt, subInts, wasmModule } from "../../../src/analysis/factors/wasm_code.ts";
import { Pace } from "../../../src/analysis/pace.ts";
import { random } from "../../checkpoint/random.ts";
import { asAsked, instead, watchWebWorkers, withoutSharedMemory, withProcessors } from "../../support/web_workers.ts";
import { goldenTrace, traceOf } from "../analysis_goldens.ts";

const [TOKENS, WIDTH] = [64, 8192];
const draw = random(5);
/** Enough for four parts of an iteration. */
const LARGE = traceOf(
  "activations",
  [1, TOKENS, WIDTH],
  Float32Array.from({ length: TOKENS * WIDTH }, () => draw() - 0.5),
);
/** Ends after a few iterations, but might have taken long. */
const OPTIONS = { factors: 8, maxIterations: 5000, tolerance: 0.02, progress: false } satisfies FactorsOptions;
const alone = await (async () => {
  using _ = withProcessors(1);
  return await neuronFactors(LARGE, OPTIONS);
})();

for (const threads of [2, 3, 5]) {
  Deno.test(`neuronFactors() gives the same bits with ${threads} threads as with one, and ends them`, async () => {
    using _ = withProcessors(threads);
    using watched = watchWebWorkers(asAsked);
    ok(alone.iterations > 5, `${alone.iterations} iterations`);
    for (const init of ["nndsvda", "random"] as const) {
      const found = await neuronFactors(LARGE, { ...OPTIONS, init });
      deepEqual(found, init === "nndsvda" ? alone : await byOne({ ...OPTIONS, init }));
    }
    deepEqual(watched.seen, { started: 2 * (threads - 1), ended: 2 * (threads - 1) });
  });
}

async function byOne(options: FactorsOptions) {
  using _ = withProcessors(1);
  return await neuronFactors(LARGE, options);
}

Deno.test("errorCurve() gives the same bits with two threads as with one, and ends them", async () => {
  const options = { ...OPTIONS, factors: [2, 8] };
  const measure = async (processors: number) => {
    using _ = withProcessors(processors);
    return await errorCurve(LARGE, options);
  };
  const expected = await measure(1);
  using watched = watchWebWorkers(asAsked);
  deepEqual(await measure(2), expected);
  equal(expected.relativeErrors[1], alone.relativeError);
  deepEqual(watched.seen, { started: 2, ended: 2 });
});

Deno.test("neuronFactors() of little starts no thread", async () => {
  using _ = withProcessors(8);
  using watched = watchWebWorkers(asAsked);
  await neuronFactors(await goldenTrace("long", "activations"), { factors: 10 });
  await neuronFactors(LARGE, { ...OPTIONS, maxIterations: 100 });
  deepEqual(watched.seen, { started: 0, ended: 0 });
});

Deno.test("neuronFactors() gives the same bits where no memory is shared, or no thread can be started", async () => {
  using _ = withProcessors(2);
  {
    using _ = withoutSharedMemory();
    using watched = watchWebWorkers(asAsked);
    deepEqual(await neuronFactors(LARGE, OPTIONS), alone);
    equal(watched.seen.started, 0);
  }
  {
    using watched = watchWebWorkers(() => {
      throw new Error("Refused to create a worker");
    });
    deepEqual(await neuronFactors(LARGE, OPTIONS), alone);
    equal(watched.seen.started, 0);
  }
  {
    using watched = watchWebWorkers(instead("throw new Error('it cannot be loaded')"));
    deepEqual(await neuronFactors(LARGE, OPTIONS), alone);
    deepEqual(watched.seen, { started: 1, ended: 1 });
  }
});

Deno.test("neuronFactors() hears an abort while threads compute, tells how far it is, and ends them", async () => {
  using _ = withProcessors(3);
  using watched = watchWebWorkers(asAsked);
  const controller = new AbortController();
  const reason = new Error("enough");
  const completed: number[] = [];
  let turns = 0;
  const timer = setInterval(() => ++turns, 0);
  const onProgress = (progress: { readonly completed: number }) => {
    completed.push(progress.completed);
    if (completed.length === 4) setTimeout(() => controller.abort(reason));
  };
  const work = neuronFactors(LARGE, { ...OPTIONS, tolerance: 0, onProgress, signal: controller.signal });
  await rejects(work, reason);
  clearInterval(timer);
  deepEqual(completed.slice(0, 4), [10, 20, 30, 40]);
  ok(turns >= 2, `${turns} turns`);
  deepEqual(watched.seen, { started: 2, ended: 2 });
});

Deno.test("a factorisation that shares work needs no permission, and its program ends", async () => {
  const module = new URL("../../../src/analysis/mod.ts", import.meta.url).href;
  const code = `
    import { neuronFactors } from ${JSON.stringify(module)};
    Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 });
    const shape = [1, ${TOKENS}, ${WIDTH}];
    const data = Float32Array.from({ length: shape[1] * shape[2] }, (_, i) => (i * 7919) % 1013 - 500);
    const sequence = { tokenIds: Array(shape[1]).fill(1), tokens: [] };
    let workers = 0;
    const Own = Worker;
    globalThis.Worker = function (...start) { ++workers; return new Own(...start); };
    const { iterations } = await neuronFactors({ sequence, activations: { data, shape } }, ${JSON.stringify(OPTIONS)});
    console.log(JSON.stringify({ workers, iterated: iterations > 1 }));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const args = ["run", "--no-prompt", "--no-check", "--quiet", file];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    const said = new TextDecoder();
    equal(said.decode(stdout).trim(), '{"workers":1,"iterated":true}', said.decode(stderr));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("SharedJobs.run() does each part once, in whichever thread", async () => {
  using jobs = new SharedJobs({ job() {} }, 1);
  const seen: number[][] = [];
  for (const ends of [[0, 3, 5, 9], [2, 7]]) {
    await jobs.run("job", ends, (...part) => void seen.push(part), new Pace());
  }
  deepEqual(seen, [[5, 9, 2], [3, 5, 1], [0, 3, 0], [2, 7, 0]]);
});

Deno.test("SharedJobs.run() has parts done by other threads, of one job after another", async () => {
  const written = { name: "job", parameters: 3, ints: 0, vectors: 0, returns: false };
  const code = storeInt(mulInts(get(2), int(4)), 0, subInts(get(1), get(0)));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const numbers = new Int32Array(memory.buffer, 0, 4);
  const { module, instance } = await WebAssembly.instantiate(
    wasmModule([{ ...written, code }], { pages: 1, shared: true }),
    { own: { memory } },
  );
  using jobs = new SharedJobs(instance.exports, 3);
  jobs.start(module, memory);
  const pace = new Pace();
  for (const [a, b, c] of [[7, 8, 10], [20, 26, 29]] as const) {
    numbers.fill(0);
    await jobs.run("job", [0, a, b, c], async (from, to, part) => {
      numbers[part] = from - to;
      while (numbers.subarray(0, 3).includes(0)) await pace.turn(); // until others have done the rest
    }, pace);
    deepEqual([...numbers].map(Math.abs), [a, b - a, c - b, 0]);
    ok(numbers.filter((number) => number > 0).length >= 2, `${numbers}`);
  }
});

Deno.test("SharedJobs.run() fails when a thread ends before its part is done", async () => {
  using _ = watchWebWorkers(instead(`onmessage = ({ data: { shared, place } }) => {
    shared[3 + place] = 1; // it is ready
    for (let next;;) {
      next = Atomics.load(shared, 0);
      if ((next & 63) > 0 && Atomics.compareExchange(shared, 0, next, next - 1) === next) throw new Error("it is gone");
    }
  };`));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const module = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  using jobs = new SharedJobs({ job() {} }, 2);
  jobs.start(module, memory);
  const pace = new Pace();
  const timeToTakeAPart = () => {
    const until = performance.now() + 2;
    while (performance.now() < until);
  };
  const run = async () => {
    for (let i = 0; i < 1000; ++i) await jobs.run("job", [0, 1, 2, 3, 4], timeToTakeAPart, pace);
  };
  await rejects(run(), /^Error: Cannot go on as a thread that shared the work has ended: .*it is gone; call again$/);
});

Deno.test("threadsFor() gives one for little work, and no more than there are processors", () => {
  using _ = withProcessors(4);
  deepEqual([0, 0.5, 1.9, 2, 3.7, 100].map(threadsFor), [1, 1, 1, 2, 3, 4]);
  using _many = withProcessors(100);
  equal(threadsFor(1000), 8);
});
