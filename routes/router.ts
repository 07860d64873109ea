/**
 * The HTTP routes: everything but the handshakes of sockets. The REST interface is built from the
 * table of endpoints.
 *
 * @module
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { describeForbidden, mayUse } from "../actors/channel_rights.ts";
import type { Channel } from "../protocol/channels.ts";
import type { Endpoint } from "../protocol/rest/endpoint.ts";
import { type EndpointInput, type EndpointName, endpointsOf } from "../protocol/rest/endpoints.ts";
import { type EndpointHandler, HANDLERS } from "./api/handlers.ts";
import { validatePath, validateQuery } from "./api/validation.ts";
import { isListedOrigin } from "./auth/origin.ts";
import { requireScope } from "./auth/require_scope.ts";
import { answerError, type AppDeps, type AppEnv, fail, failure } from "./context.ts";
import { CLIENT_PATH } from "./pages/paths.ts";
import { addPages } from "./pages/serve.ts";

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
  app.notFound((c) => fail(c, deps, "NOT_FOUND", `there is no ${c.req.path}`));
  addCors(app, deps);
  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) => {
      c.header("Allow", methods.join(", "));
      const message = `${c.req.method} is not a method of ${c.req.path}; use ${methods.join(", ")}`;
      return fail(c, deps, "METHOD_NOT_ALLOWED", message);
    },
  }));
  for (const path of sockets) {
    app.get(path, (c) => {
      c.header("Upgrade", "websocket");
      return fail(c, deps, "UPGRADE_REQUIRED", "this is a WebSocket: connect with ws:// or wss://");
    });
  }
  const endpoints = endpointsOf(deps.channels);
  for (const name of Object.keys(endpoints) as EndpointName[]) {
    addEndpoint(app, deps, endpoints[name], HANDLERS[name] as EndpointHandler<EndpointName>);
  }
  addPages(app);
  return app;
}

/** Lets pages of allowed origins read the answers of the API, and load the client. */
function addCors(app: Hono<AppEnv>, { config }: AppDeps): void {
  const { allowedOrigins } = config.security;
  if (allowedOrigins.length === 0) return;
  const listed = cors({
    origin: (origin) => isListedOrigin(origin, allowedOrigins) ? origin : null,
    exposeHeaders: ["ETag", "Retry-After", "Link"],
    maxAge: 600,
  });
  app.use("/api/*", listed);
  app.use(CLIENT_PATH, listed);
}

/** A request whose parameters were read; Hono's type of it knows no schema of a table. */
interface ValidRequest {
  valid(target: "param" | "query"): unknown;
}

/** Adds one endpoint: who may ask comes first, then its path, then its query. */
function addEndpoint(
  app: Hono<AppEnv>,
  deps: AppDeps,
  endpoint: Endpoint,
  handler: EndpointHandler<EndpointName>,
): void {
  app.on(
    endpoint.method,
    endpoint.path,
    requireScope(deps, endpoint),
    validatePath(deps, endpoint),
    validateQuery(deps, endpoint),
    (c) => {
      const request = c.req as unknown as ValidRequest;
      const input = { params: request.valid("param"), query: request.valid("query") };
      const { channel } = input.params as { readonly channel?: Channel };
      if (channel !== undefined && !mayUse(c.get("principal"), channel)) {
        return fail(c, deps, "FORBIDDEN", describeForbidden([channel]));
      }
      return handler(c, deps, input as EndpointInput<EndpointName>);
    },
  );
}
