/**
 * A gateway with two keys that watches its own event loop: started by `attack.ts`, as a process of
 * its own. Writes its port as the first line of its output.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- its output is for the process that started it
import { createGateway, restoreRequest } from "../../actors/gateway.ts";
import { createLogger } from "../../actors/observability/log.ts";
import { openStore } from "../../actors/store/open_store.ts";
import { systemClock as clock } from "../../actors/system_clock.ts";
import { Config } from "../../protocol/config.ts";
import { createApp } from "../../routes/app.ts";
import { memoryKeyAdmin } from "../support/memory_keys_file.ts";
import { apiKey, KeyRing } from "../../routes/auth/api_keys.ts";

const [dataDir, attacker, healthy] = Deno.args as [string, string, string];
const config = Config.parse({
  store: { kind: "sqlite", dataDir },
  telemetry: { dedupeWindowSeconds: 3_600 },
});
const log = createLogger({
  level: "warning",
  format: "json",
  write: (line) => console.error(line),
});
const opening = openStore(config, clock, log, restoreRequest(config, clock));
const { restored, store } = await opening;
const gateway = createGateway(config, clock, log, store, restored);
const app = createApp({
  ...gateway,
  config,
  clock,
  log,
  keyAdmin: memoryKeyAdmin(),
  keys: new KeyRing([apiKey("attacker", attacker), apiKey("healthy", healthy)]),
  eventLog: gateway.eventLog,
  storeKind: store.kind,
});

let longestMillis = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  longestMillis = Math.max(longestMillis, now - last);
  last = now;
}, 1);

/** The longest pause of the loop since it was asked for last, in ms. */
function longestPause(): Response {
  const answer = Response.json(longestMillis);
  longestMillis = 0;
  return answer;
}

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  (request, info) =>
    request.url.endsWith("/longest-pause")
      ? longestPause()
      : app.fetch(request, { remoteAddr: info.remoteAddr }),
);
console.log(server.addr.port);
