/**
 * A Redis server of a test, of Debian's package: started, killed and started again on the same data.
 *
 * @module
 */
import { installDebian } from "../../scripts/apt.ts";
import { freePort } from "../../scripts/notebooks/jupyterlab.ts";
import { hasProgram } from "./program.ts";

/** Whether there is a server that can be started; as root on Debian, it is installed. */
export async function hasRedis(): Promise<boolean> {
  if (await hasProgram("redis-server", "--version")) return true;
  await installDebian("redis-server");
  return await hasProgram("redis-server", "--version");
}

/** A server of a test. */
export class RedisServer implements AsyncDisposable {
  /** Its address. */
  readonly url: string;
  readonly #port = freePort();
  readonly #folder: string;
  #child: Deno.ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.url = `redis://127.0.0.1:${this.#port}`;
  }

  /** Starts one, which keeps what it is told as an installed one does: written each second. */
  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await Deno.makeTempDir({ prefix: "looking-glass-redis-" }));
    await server.start();
    return server;
  }

  /** Starts it, or starts it again. */
  async start(): Promise<void> {
    const args = ["--port", String(this.#port), "--bind", "127.0.0.1", "--dir", this.#folder];
    const keep = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];
    this.#child = new Deno.Command("redis-server", { args: [...args, ...keep], stdout: "null", stderr: "null" })
      .spawn();
    for (let tries = 0; tries < 200; ++tries) {
      const there = await Deno.connect({ hostname: "127.0.0.1", port: this.#port }).then(
        (one) => one.close(),
        () => null,
      );
      if (there !== null) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("redis-server did not start");
  }

  /** Kills it as the kernel would. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
