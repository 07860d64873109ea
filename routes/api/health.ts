/**
 * Health, for people, load balancers and orchestrators.
 *
 * @module
 */
import { answerError, type AppContext, type AppDeps, succeed } from "../context.ts";
import { VERSION } from "../../protocol/version.ts";

/** The paths of health checks, which are answered under any host name. */
export const HEALTH_PATHS: ReadonlySet<string> = new Set([
  "/api/health",
  "/health/live",
  "/health/ready",
]);

/** `GET /api/health`: a summary that is open to everyone and holds nothing confidential. */
export function getHealth(c: AppContext, deps: AppDeps): Response {
  const { status, uptimeMillis, activeConnections } = deps.hub.stats();
  const running = deps.eventLog.storage().failing ? "degraded" : "ok";
  return succeed(c, deps, "getHealth", {
    status: status === "running" ? running : status,
    version: VERSION,
    uptimeSeconds: Math.floor(uptimeMillis / 1_000),
    activeConnections,
    store: deps.storeKind,
  });
}

/** `GET /health/live`: the event loop answers. */
export function getLive(c: AppContext, deps: AppDeps): Response {
  return succeed(c, deps, "getLive", { status: "live" });
}

/**
 * `GET /health/ready`: whether new connections and events are accepted.
 *
 * A failing store does not make it unready: only the next event can show that the disk works again,
 * and clients are served from memory until then.
 */
export function getReady(c: AppContext, deps: AppDeps): Response {
  const { status } = deps.hub;
  if (status === "running") return succeed(c, deps, "getReady", { status: "ready" });
  c.header("Retry-After", "5");
  return answerError(c, deps, "DRAINING", `the gateway is ${status}`);
}
