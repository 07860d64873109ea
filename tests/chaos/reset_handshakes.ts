/**
 * Resets handshakes before their answer is read, beside healthy clients, and looks whether the
 * gateway gives the descriptors back. Run by the Deno that is to be judged; a script of its own:
 *
 *     deno run -A tests/chaos/reset_handshakes.ts [--handshakes 542] [--limit 256]
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { GatewayProcess } from "../support/gateway_process.ts";
import { requestHead, writeAll } from "../support/raw_http.ts";
import { pause, waitUntil } from "../support/wait.ts";
import { HealthyClients } from "./healthy_client.ts";
import { type Check, conclude, openDescriptors } from "./process_facts.ts";

/** How soon descriptors have to be free again, in ms. */
const RECOVERY_MS = 10_000;

/** How long the answer that nobody reads takes to arrive, in ms. */
const UNREAD_MS = 5;

const { values } = parseArgs({
  options: {
    handshakes: { type: "string", default: "542" },
    limit: { type: "string", default: "256" },
  },
});
const checks: Check[] = [];
const check = (what: string, holds: boolean) => checks.push({ what, holds });

await using gateway = await GatewayProcess.start({ descriptors: Number(values.limit) });
const { apiKey, pid, port } = gateway;
const request = requestHead("GET", "/ws/telemetry", {
  "Host": `127.0.0.1:${port}`,
  "X-API-Key": apiKey,
  "Connection": "Upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
});
const unread = requestHead("GET", "/api/health", { "Host": `127.0.0.1:${port}` });

/**
 * Closing with unread bytes makes the system send a reset. These are the answer to a request before
 * the handshake, so that the reset follows on the handshake at once.
 */
async function resetHandshakes(): Promise<void> {
  for (let index = 0; index < Number(values.handshakes); index++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await writeAll(connection, unread);
    await pause(UNREAD_MS);
    await writeAll(connection, request);
    connection.close();
  }
}

try {
  await using healthy = await HealthyClients.start(gateway);
  const peace = await healthy.measure("in peace", 3_000);
  const before = await openDescriptors(pid);
  const attacked = await healthy.measure("resets", resetHandshakes);
  check(
    `healthy p99 ${peace.p99.toFixed(1)} -> ${
      attacked.p99.toFixed(1)
    } ms, ${attacked.missing} missing`,
    attacked.missing === 0 && attacked.p99 <= Math.max(1.5 * peace.p99, peace.p99 + 10),
  );
  const after = await waitUntil(
    "descriptors are free again",
    () => openDescriptors(pid),
    (open) => open <= before + 5,
    { withinMs: RECOVERY_MS },
  ).catch(() => openDescriptors(pid));
  check(`descriptors ${before} -> ${after}`, after <= before + 5);
} catch (error) {
  const open = await openDescriptors(pid).catch(() => 0); // None when the process has ended.
  check(`${String(error).slice(0, 300)}; ${open} descriptors open`, false);
}
const ended = await Promise.race([gateway.status, pause(0).then(() => undefined)]);
check(ended === undefined ? "the gateway lives" : `exit ${ended.code}`, ended === undefined);
conclude(checks, console.log);
