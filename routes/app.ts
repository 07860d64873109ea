/**
 * All routes as one value: `createApp(deps)` needs no port, so tests call `app.request()`.
 *
 * @module
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { acknowledgeAlert, MAX_ACKNOWLEDGE_BYTES } from "./acknowledge.ts";
import { disconnectClient, drainGateway, getClient, getStats, listClients } from "./admin.ts";
import { redactUrl } from "./auth/credentials.ts";
import { isAllowedOrigin, isKnownHost, isLoopbackRequest } from "./auth/origin.ts";
import { collectorSocket } from "./collector_socket.ts";
import { type AppDeps, type AppEnv, fail, originRules, requireScope } from "./context.ts";
import { getEvents, getSnapshot } from "./history.ts";
import { getHealth, getLive, getReady } from "./health.ts";
import { publishEvents, removeKey } from "./ingest.ts";
import { securityHeaders, statusPage } from "./status_page.ts";
import { telemetrySocket } from "./telemetry_socket.ts";

/** Builds the application. */
export function createApp(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError((error, c) => {
    deps.log.error("request failed", { method: c.req.method, url: redactUrl(c.req.url), error });
    return fail(c, deps, "INTERNAL_ERROR", "the gateway failed; its log says why");
  });
  app.notFound((c) => {
    const allowed = methodsOf(app, c.req.path);
    if (allowed.length === 0) return fail(c, deps, "NOT_FOUND", `there is no ${c.req.path}`);
    c.header("Allow", allowed.join(", "));
    const message = `${c.req.path} has ${allowed.join(" and ")} only`;
    return fail(c, deps, "METHOD_NOT_ALLOWED", message);
  });
  guardHosts(app, deps);
  app.get("/ws/telemetry", (c) => telemetrySocket(c, deps));
  app.get("/ws/collector", (c) => collectorSocket(c, deps));
  addPublishing(app, deps);
  addHistory(app, deps);
  addAdministration(app, deps);
  app.get("/api/health", (c) => getHealth(c, deps));
  app.get("/health/live", (c) => getLive(c, deps));
  app.get("/health/ready", (c) => getReady(c, deps));
  app.get("/", securityHeaders, (c) => statusPage(c, deps));
  return app;
}

/** The methods that some route has for a path. */
function methodsOf(app: Hono<AppEnv>, path: string): string[] {
  const segments = path.split("/");
  const matches = (pattern: string) => {
    const parts = pattern.split("/");
    return parts.length === segments.length &&
      parts.every((part, index) => part.startsWith(":") || part === segments[index]);
  };
  const routes = app.routes.filter(({ method, path }) => method !== "ALL" && matches(path));
  return [...new Set(routes.map(({ method }) => method))];
}

/** Foreign hosts are misdirected, foreign pages are forbidden; allowed ones may read answers. */
function guardHosts(app: Hono<AppEnv>, deps: AppDeps): void {
  const rules = originRules(deps.config);
  app.use(async (c, next) => {
    const url = new URL(c.req.url);
    if (!isKnownHost(url, rules)) {
      const message = "this host name is not served here; add it to server.publicHosts";
      return fail(c, deps, "MISDIRECTED_REQUEST", message);
    }
    if (!isAllowedOrigin(c.req.raw, url, rules)) {
      const message =
        "this page may not use the gateway; add its origin to security.allowedOrigins";
      return fail(c, deps, "ORIGIN_NOT_ALLOWED", message);
    }
    return await next();
  });
  if (rules.allowedOrigins.length > 0) {
    app.use("/api/*", cors({ origin: [...rules.allowedOrigins], maxAge: 600 }));
  }
}

function addPublishing(app: Hono<AppEnv>, deps: AppDeps): void {
  const { maxBodyBytes } = deps.config.server;
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c) => fail(c, deps, "PAYLOAD_TOO_LARGE", `a body may have ${maxBodyBytes} bytes`),
  });
  const publisher = requireScope(deps, "publish");
  app.post("/api/v1/telemetry/events", publisher, limit, (c) => publishEvents(c, deps));
  const smallLimit = bodyLimit({
    maxSize: MAX_ACKNOWLEDGE_BYTES,
    onError: (c) =>
      fail(c, deps, "PAYLOAD_TOO_LARGE", `a body may have ${MAX_ACKNOWLEDGE_BYTES} bytes`),
  });
  const acknowledger = requireScope(deps, "acknowledge");
  app.post(
    "/api/v1/telemetry/:channel/:id/acknowledge",
    acknowledger,
    smallLimit,
    (c) => acknowledgeAlert(c, deps),
  );
  app.delete("/api/v1/telemetry/:channel/snapshot/:key", publisher, (c) => removeKey(c, deps));
}

function addHistory(app: Hono<AppEnv>, deps: AppDeps): void {
  const reader = requireScope(deps, "subscribe");
  app.get("/api/v1/telemetry/:channel/snapshot", reader, (c) => getSnapshot(c, deps));
  app.get("/api/v1/telemetry/:channel/events", reader, (c) => getEvents(c, deps));
}

function addAdministration(app: Hono<AppEnv>, deps: AppDeps): void {
  const admin = requireScope(deps, "admin");
  app.get("/api/v1/websocket/stats", admin, (c) => getStats(c, deps));
  app.get("/api/v1/websocket/clients", admin, (c) => listClients(c, deps));
  app.get("/api/v1/websocket/clients/:id", admin, (c) => getClient(c, deps));
  app.delete("/api/v1/websocket/clients/:id", admin, (c) => disconnectClient(c, deps));
  app.post("/api/v1/websocket/drain", admin, (c) => drainGateway(c, deps));
  const metrics = requireScope(deps, "metrics");
  const rules = originRules(deps.config);
  // Open on loopback, so that a local Prometheus needs no key.
  app.get("/metrics", async (c, next) => {
    if (isLoopbackRequest(c.req.raw, new URL(c.req.url), rules)) return await next();
    return await metrics(c, next);
  }, async (c) => {
    const { contentType, text } = await deps.metrics.scrape();
    return c.body(text, 200, { "Content-Type": contentType });
  });
}
