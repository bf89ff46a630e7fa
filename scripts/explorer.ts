/**
 * The explorer's page: `deno task explorer` serves it to this machine and opens it in the browser; `--build DIR` writes it
 * as a folder for any host of files.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { join } from "node:path";
import { buildExplorer } from "./explorer/build.ts";
import { headersOf, type Hub } from "./explorer/policy.ts";
import { serveExplorer } from "./explorer/serve.ts";
import { OUT } from "./notebooks/environment.ts";

const HELP = `deno task explorer [options]
  --port NUMBER   the port of the page; 8766 by default
  --no-open       do not open the browser
  --build DIR     write the page as a folder for any host of files, and end
  --hub URL       the hub that models come from, in the place of https://huggingface.co
  --allow ORIGIN  where else the page may fetch the hub's files from; can be given several times`;

function say(message: string): void {
  // deno-lint-ignore no-console -- this is what the command is for
  console.log(message);
}

/** Opens an address as the system does it. */
async function open(address: string): Promise<void> {
  const commands = { darwin: ["open"], windows: ["cmd", "/c", "start", ""] } as Readonly<Record<string, string[]>>;
  const [command = "xdg-open", ...args] = commands[Deno.build.os] ?? [];
  const opened = new Deno.Command(command, { args: [...args, address], stdout: "null", stderr: "null" }).output();
  await opened.catch(() => say("Open it in a browser."));
}

function read() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        port: { type: "string", default: "8766" },
        "no-open": { type: "boolean", default: false },
        build: { type: "string" },
        hub: { type: "string", default: "" },
        allow: { type: "string", multiple: true, default: [] },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n${HELP}`);
    Deno.exit(2);
  }
}

async function main(): Promise<void> {
  const asked = read();
  const port = Number(asked.port);
  if (asked.help || !Number.isInteger(port) || port < 0 || port > 65535) {
    say(HELP);
    Deno.exit(asked.help ? 0 : 2);
  }
  const hub: Hub = { endpoint: asked.hub, origins: asked.allow };
  const folder = asked.build ?? join(OUT, "explorer");
  say("Making the page ...");
  const names = await buildExplorer(folder, hub);
  if (asked.build !== undefined) return say(`Wrote ${names.length} files into ${folder}; serve them from any path.`);
  const server = serveExplorer(folder, { port, headers: headersOf(hub) });
  const address = `http://127.0.0.1:${server.addr.port}/`;
  say(`The explorer is at ${address}; end it with Ctrl+C.`);
  if (!asked["no-open"]) await open(address);
  await server.finished;
}

if (import.meta.main) await main();
