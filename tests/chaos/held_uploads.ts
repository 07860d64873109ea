/**
 * Holds uploads open that have sent almost all of their body, and looks what that costs. A script of
 * its own:
 *
 *     deno run -A tests/chaos/held_uploads.ts [--uploads 200] [--seconds 8]
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { requestHead, writeAll } from "../support/raw_http.ts";
import { pause } from "../support/wait.ts";
import { attackerHeaders, underAttack } from "./attack.ts";
import { conclude, residentMebibytes } from "./process_facts.ts";

const { values } = parseArgs({
  options: {
    uploads: { type: "string", default: "200" },
    seconds: { type: "string", default: "8" },
  },
});
const uploads = Number(values.uploads);
const size = 8_000_000;
const block = new TextEncoder().encode(" ".repeat(100_000));

let grown = 0;
const { peace, attacked } = await underAttack(async ({ port, pid }) => {
  const before = await residentMebibytes(pid);
  const headers = { Host: `127.0.0.1:${port}`, "Content-Length": String(size) };
  const head = requestHead("POST", "/api/v1/telemetry/events", headers, attackerHeaders());
  let highest = before;
  let held = 0;
  const connections: Deno.Conn[] = [];
  for (let index = 0; index < uploads; index++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connections.push(connection);
    const sending = (async () => {
      await writeAll(connection, head);
      for (let sent = 0; sent < size - block.length; sent += block.length) {
        await writeAll(connection, block);
      }
      held++;
    })();
    sending.catch(() => {}); // The gateway may give it up.
  }
  for (let waited = 0; waited < Number(values.seconds) * 1_000; waited += 250) {
    await pause(250);
    highest = Math.max(highest, await residentMebibytes(pid));
  }
  for (const connection of connections) connection.close();
  grown = highest - before;
  return [`${held} of ${uploads} uploads held; RSS grew by ${grown} MiB at most`];
});
conclude([
  { what: `RSS grew by ${grown} MiB (at most 250)`, holds: grown <= 250 },
  {
    what: `p99 of another key ${peace.ackP99.toFixed(1)} -> ${attacked.ackP99.toFixed(1)} ms`,
    holds: attacked.ackP99 <= Math.max(2 * peace.ackP99, peace.ackP99 + 10),
  },
], console.log);
