import type { Cost } from "../../model/cost.ts";
import { costOf, type Machine, readBytes } from "../../model/memory.ts";
import { CHUNK_TOKENS } from "../../model/runner.ts";

/** What continuing a prompt of P tokens by at most `maxNewTokens` takes. */
export function decodeCost(machine: Machine, P: number, maxNewTokens: number): Cost {
  const written = Math.max(0, Math.min(maxNewTokens, machine.config.nPositions - P));
  const first = readBytes(machine, { T: Math.min(P, CHUNK_TOKENS), S: P, R: 1 });
  const last = readBytes(machine, { T: 1, S: P + written, R: 1 });
  return costOf(Math.ceil(P / CHUNK_TOKENS) + Math.max(0, written - 1), Math.max(first, last), 8 * (P + written));
}
