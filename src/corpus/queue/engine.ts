/**
 * The only file that knows BullMQ: tasks that several machines take from a Redis server, each at least once. They are
 * told apart by names, so that who puts a task in that is there already changes nothing.
 *
 * @module
 */
import { messageOf } from "../../base/words.ts";

/** What is called by the queue. */
export interface QueueSettings {
  /** The address of a Redis server, as in `redis://host:6379`. */
  readonly url: string;
  /** After how many milliseconds a machine that says nothing counts as dead, and its tasks go to others. */
  readonly lease: number;
}

/** How many tasks there are. */
export interface TaskCounts {
  /** Those that are waiting, or being done. */
  readonly open: number;
  /** Why some have failed; empty where none has. */
  readonly failures: readonly string[];
}

/** A queue of one job. */
export interface TaskQueue extends AsyncDisposable {
  /** Puts tasks in; one that has ended is begun again. */
  add(names: readonly string[]): Promise<void>;
  /** Does tasks until `signal` is aborted: what is not done then goes to others. */
  work(width: number, perform: (name: string) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** How many there are. */
  counts(): Promise<TaskCounts>;
  /** Forgets those that failed, so that they can be put in again. */
  forgetFailures(): Promise<void>;
  /** Forgets all of them. */
  clear(): Promise<void>;
}

/** How often a task may fail, for reasons that may pass, and how long it waits in between. */
const ATTEMPTS = 3;
const BACKOFF = 1000;
const CONNECT_ATTEMPTS = 3;
/** Tasks of machines that died are begun again, however many of them there were. */
const MOST_DEATHS = 1_000_000;
/** Tasks that are put in at a time. */
const BATCH = 500;

/**
 * Joins the queue of a job.
 *
 * @param name The name of the job, the same on all machines.
 * @throws {Error} When there is no server. One that goes away later is waited for.
 */
export async function openQueue(name: string, { url, lease }: QueueSettings): Promise<TaskQueue> {
  const [{ Queue, Worker, DelayedError }, { Redis }] = await Promise.all([
    import("npm:bullmq@6.7.0"),
    import("npm:ioredis@5.8.2"),
  ]);
  await expectServer(() => new Redis(url, { lazyConnect: true, retryStrategy: () => null }), url);
  const connect = () => {
    const client = new Redis(url, {
      maxRetriesPerRequest: null,
      retryStrategy: (times) => Math.min(100 * times, 2000),
    });
    return client.on("error", () => {}); // it is tried again until it is there
  };
  const [ours, theirs] = [connect(), connect()];
  const queue = new Queue(name, { connection: ours });
  queue.on("error", () => {});
  const end = async () => {
    await settled(queue.close());
    for (const client of [ours, theirs]) client.disconnect();
  };
  return {
    async add(names) {
      for (let at = 0; at < names.length; at += BATCH) {
        const batch = names.slice(at, at + BATCH);
        for (const jobId of batch) await forgetEnded(await queue.getJob(jobId));
        const opts = { attempts: ATTEMPTS, backoff: { type: "fixed", delay: BACKOFF } };
        await queue.addBulk(batch.map((jobId) => ({ name: "task", data: {}, opts: { ...opts, jobId } })));
      }
    },
    async work(width, perform, signal) {
      const options = { concurrency: width, lockDuration: lease, stalledInterval: lease, maxStalledCount: MOST_DEATHS };
      const worker = new Worker(name, async (job, token) => {
        try {
          await perform(job.id!);
        } catch (error) {
          if (!signal.aborted) throw error;
          await job.moveToDelayed(Date.now(), token);
          throw new DelayedError();
        }
      }, { connection: theirs, drainDelay: 1, ...options });
      worker.on("error", () => {});
      await aborted(signal);
      await settled(worker.close());
    },
    async counts() {
      const counts = await queue.getJobCounts("waiting", "active", "delayed", "prioritized");
      const failed = await queue.getFailed(0, 4);
      return {
        open: Object.values(counts).reduce((sum, count) => sum + count, 0),
        failures: failed.map(({ id, failedReason }) => `${id}: ${failedReason}`),
      };
    },
    async forgetFailures() {
      for (const job of await queue.getFailed()) await forgetEnded(job);
    },
    clear: () => queue.obliterate({ force: true }),
    [Symbol.asyncDispose]: end,
  };
}

/**
 * A task that has ended is put in once more only when it is gone. Where another machine has put it in meanwhile, and it is
 * being done, it stays.
 */
export async function forgetEnded(job: EndedJob | undefined): Promise<void> {
  if (job === undefined || !(await job.isCompleted() || await job.isFailed())) return;
  try {
    await job.remove();
  } catch (error) {
    if (!/is locked by another worker/.test(messageOf(error))) throw error;
  }
}

/** What is asked of a job. */
interface EndedJob {
  isCompleted(): Promise<boolean>;
  isFailed(): Promise<boolean>;
  remove(): Promise<void>;
}

interface Client {
  connect(): Promise<void>;
  ping(): Promise<string>;
  disconnect(): void;
  on(event: "error", hear: (error: Error) => void): unknown;
}

/** Asks the server once: waiting for one that never was there would never end. */
async function expectServer(make: () => Client, url: string): Promise<void> {
  let reason = "";
  for (let attempt = 0; attempt < CONNECT_ATTEMPTS; ++attempt) {
    const client = make();
    client.on("error", (error) => reason = messageOf(error));
    try {
      await client.connect();
      await client.ping();
      return;
    } catch (error) {
      reason ||= messageOf(error);
      await new Promise((resolve) => setTimeout(resolve, 200));
    } finally {
      client.disconnect();
    }
  }
  const { protocol, host } = new URL(url);
  const advice = "start redis-server there, or pass the address of another; see docs/corpus.md";
  throw new Error(`Cannot share a corpus over ${protocol}//${host} as no server answers: ${reason}; ${advice}`);
}

/** Waits, but not for a server that is gone. */
async function settled(closing: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => timer = setTimeout(resolve, 5000));
  await Promise.race([closing.catch(() => {}), late]);
  clearTimeout(timer);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
