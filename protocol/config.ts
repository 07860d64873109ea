/**
 * The configuration of the gateway: one schema, every option with default, bounds and meaning.
 * Keys are no part of it; they come from the environment alone, so that a printed or committed
 * configuration never holds a secret.
 *
 * @module
 */
import { z } from "zod";
import { findConflicts } from "./config/rules.ts";
import { SECTIONS } from "./config/sections.ts";

export { isLoopbackHost } from "./config/loopback.ts";

/**
 * All options. `Config.parse({})` gives the defaults.
 *
 * `log.format` has no default here: it depends on whether the output is a terminal.
 */
export const Config = z.strictObject({
  server: SECTIONS.server.prefault({}),
  security: SECTIONS.security.prefault({}),
  telemetry: SECTIONS.telemetry.prefault({}),
  store: SECTIONS.store.prefault({}),
  log: SECTIONS.log.prefault({}),
  demo: SECTIONS.demo.prefault({}),
}).superRefine((settings, context) => {
  for (const { options, message } of findConflicts(settings)) {
    context.addIssue({ code: "custom", path: options[0].split("."), message, params: { options } });
  }
});

/** All options, valid and with defaults filled in. */
export type Config = z.infer<typeof Config>;

/** The part of the descriptor limit that connections may use; the rest is for files and HTTP. */
const DESCRIPTOR_SHARE = 0.8;

/**
 * How many WebSocket connections to accept: `maxConnections`, but at most 80 % of the descriptor
 * limit when that is known. A listener that runs out of descriptors is lost for good.
 */
export function effectiveMaxConnections(server: Config["server"]): number {
  if (server.fileDescriptorLimit === 0) return server.maxConnections;
  const share = Math.max(1, Math.floor(server.fileDescriptorLimit * DESCRIPTOR_SHARE));
  return Math.min(server.maxConnections, share);
}
