/**
 * Variables that Kubernetes sets in every container of a namespace for each of its Services
 * ("Discovering services, environment variables" in its documentation). Those of a Service called
 * `telemetry` or `telemetry-…` begin like ours, and one of them, `TELEMETRY_PORT`, is ours by name.
 *
 * @module
 */
import type { Logger } from "../../actors/ports.ts";

/** What the name of a Service is followed by, beside `PORT`. */
const SUFFIX =
  /^TELEMETRY_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

/** `…_PORT` holds a URL there, and a number here. */
const PORT = /^TELEMETRY_(?:\w+_)?PORT$/;

const PORT_URL = /^(?:tcp|udp|sctp):\/\//;

/** Whether a variable is one that Kubernetes sets for a Service, and not a setting of the gateway. */
export function isServiceVariable(name: string, value: string): boolean {
  return SUFFIX.test(name) || (PORT.test(name) && PORT_URL.test(value));
}

const ADVICE =
  "Kubernetes sets them for a Service, not for the gateway; enableServiceLinks: false in the pod " +
  "keeps them away";

/** Writes which variables were ignored, and how to be rid of them; nothing when none were. */
export function reportIgnored(names: readonly string[], log: Logger): void {
  if (names.length === 0) return;
  log.warn("environment variables ignored", { names: names.join(", "), advice: ADVICE });
}
