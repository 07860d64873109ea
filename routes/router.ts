/**
 * The HTTP routes: everything but the handshakes of sockets.
 *
 * @module
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { acknowledgeAlert } from "./api/acknowledge.ts";
import { disconnectClient, drainGateway, getClient, getStats, listClients } from "./api/admin.ts";
import { isListedOrigin, loopbackFault } from "./auth/origin.ts";
import { backUpStore } from "./api/backup.ts";
import {
  answerError,
  type AppDeps,
  type AppEnv,
  fail,
  failure,
  type Handler,
  originRules,
  requireScope,
} from "./context.ts";
import { getEvents, getSnapshot } from "./api/history.ts";
import { getHealth, getLive, getReady } from "./api/health.ts";
import { publishEvents, removeKey } from "./api/ingest.ts";
import { withoutQuery } from "./api/query.ts";
import { securityHeaders, statusPage } from "./pages/status_page.ts";

/**
 * Builds the routes.
 *
 * @param sockets Paths where sockets are opened; what comes here asks for something else.
 */
export function createRouter(deps: AppDeps, sockets: Iterable<string>): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError((error, c) => {
    const { code, message } = failure(c.req.raw, error, deps);
    return answerError(c, deps, code, message);
  });
  app.notFound((c) => {
    const allowed = methodsOf(app, c.req.path);
    if (allowed.length === 0) return fail(c, deps, "NOT_FOUND", `there is no ${c.req.path}`);
    c.header("Allow", allowed.join(", "));
    const message = `${c.req.path} has ${allowed.join(" and ")} only`;
    return fail(c, deps, "METHOD_NOT_ALLOWED", message);
  });
  for (const path of sockets) {
    app.get(path, (c) => {
      c.header("Upgrade", "websocket");
      return fail(c, deps, "UPGRADE_REQUIRED", "this is a WebSocket: connect with ws:// or wss://");
    });
  }
  addForeignPages(app, deps);
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

/** Pages of allowed origins may read what the API answers. */
function addForeignPages(app: Hono<AppEnv>, { config }: AppDeps): void {
  const { allowedOrigins } = config.security;
  if (allowedOrigins.length === 0) return;
  app.use(
    "/api/*",
    cors({
      origin: (origin) => isListedOrigin(origin, allowedOrigins) ? origin : null,
      exposeHeaders: ["ETag", "Retry-After", "Link"],
      maxAge: 600,
    }),
  );
}

function addPublishing(app: Hono<AppEnv>, deps: AppDeps): void {
  const publisher = (handler: Handler) =>
    requireScope(deps, "publish", withoutQuery(deps, handler));
  app.post("/api/v1/telemetry/events", publisher((c) => publishEvents(c, deps)));
  const acknowledge: Handler = (c) => acknowledgeAlert(c, deps);
  app.post(
    "/api/v1/telemetry/:channel/:id/acknowledge",
    requireScope(deps, "acknowledge", withoutQuery(deps, acknowledge)),
  );
  app.delete("/api/v1/telemetry/:channel/snapshot/:key", publisher((c) => removeKey(c, deps)));
}

function addHistory(app: Hono<AppEnv>, deps: AppDeps): void {
  const reader = (handler: Handler) => requireScope(deps, "subscribe", handler);
  app.get(
    "/api/v1/telemetry/:channel/snapshot",
    reader(withoutQuery(deps, (c) => getSnapshot(c, deps))),
  );
  app.get("/api/v1/telemetry/:channel/events", reader((c) => getEvents(c, deps)));
}

function addAdministration(app: Hono<AppEnv>, deps: AppDeps): void {
  const admin = (handler: Handler) => requireScope(deps, "admin", handler);
  app.get("/api/v1/websocket/stats", admin(withoutQuery(deps, (c) => getStats(c, deps))));
  app.get("/api/v1/websocket/clients", admin((c) => listClients(c, deps)));
  app.get("/api/v1/websocket/clients/:id", admin(withoutQuery(deps, (c) => getClient(c, deps))));
  app.delete("/api/v1/websocket/clients/:id", admin((c) => disconnectClient(c, deps)));
  app.post("/api/v1/store/backup", admin(withoutQuery(deps, (c) => backUpStore(c, deps))));
  app.post("/api/v1/websocket/drain", admin(withoutQuery(deps, (c) => drainGateway(c, deps))));
  const scrape: Handler = async (c) => {
    const { contentType, text } = await deps.metrics.scrape();
    return c.body(text, 200, { "Content-Type": contentType });
  };
  const restricted = requireScope(deps, "metrics", scrape);
  const rules = originRules(deps.config);
  // Open on loopback, so that a local Prometheus needs no key.
  app.get("/metrics", (c) => {
    return loopbackFault(c.req.raw, rules) === undefined ? scrape(c) : restricted(c);
  });
}
