/**
 * Statistics, connections and draining, for administrators.
 *
 * @module
 */
import { actor } from "../../actors/audit/audit_log.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { EndpointInput } from "../../protocol/rest/endpoints.ts";
import { type AppContext, type AppDeps, fail, succeed } from "../context.ts";
import { addressOf } from "../request_info.ts";

/** `GET /api/v1/websocket/stats` */
export function getStats(c: AppContext, deps: AppDeps): Response {
  const stats = deps.hub.stats();
  const sent = perChannel(deps, (channel) => stats.channels[channel].sent);
  const dropped = perChannel(deps, (channel) => sum(stats.channels[channel].shed));
  const { channels, activeConnections, ...process } = stats;
  return succeed(c, deps, "getStats", {
    metrics: {
      activeConnections,
      messagesSent: sum(sent),
      messagesDropped: sum(dropped),
      messagesPerChannel: sent,
      messagesDroppedPerChannel: dropped,
    },
    channelSnapshots: perChannel(deps, (channel) => channels[channel].snapshotSize),
    channels,
    ...process,
  });
}

function perChannel<T>(
  { channels }: AppDeps,
  read: (channel: Channel) => T,
): Record<Channel, T> {
  const entries = channels.names.map((channel) => [channel, read(channel)] as const);
  return Object.fromEntries(entries) as Record<Channel, T>;
}

/** `GET /api/v1/websocket/clients`: a page of connections, ordered by `connectionId`. */
export async function listClients(
  c: AppContext,
  deps: AppDeps,
  { query: { limit, cursor, state, channel: name } }: EndpointInput<"listClients">,
): Promise<Response> {
  const channel = name === undefined ? undefined : deps.channels.parse(name);
  if (name !== undefined && channel === undefined) {
    return fail(c, deps, "INVALID_REQUEST", `channel: use one of ${deps.channels.list}`);
  }
  const clients = await deps.cluster.clients({ after: cursor, state, channel, limit: limit + 1 });
  const page = clients.slice(0, limit);
  if (clients.length > limit) {
    // `data` is the list alone by contract, so the next page is named in a header.
    c.header("Link", `<${nextPage(c.req.url, page.at(-1)!.connectionId)}>; rel="next"`);
  }
  return succeed(c, deps, "listClients", page);
}

function nextPage(url: string, cursor: string): string {
  const next = new URL(url);
  next.searchParams.set("cursor", cursor);
  next.searchParams.delete("apiKey");
  return next.pathname + next.search;
}

/** `GET /api/v1/websocket/clients/{id}`: one connection, or the newest of a `clientId`. */
export async function getClient(
  c: AppContext,
  deps: AppDeps,
  { params: { id } }: EndpointInput<"getClient">,
): Promise<Response> {
  const client = (await deps.cluster.clientsById(id)).at(-1);
  return client === undefined ? failUnknown(c, deps, id) : succeed(c, deps, "getClient", client);
}

/** `DELETE /api/v1/websocket/clients/{id}?reason=&banSeconds=&by=` */
export async function disconnectClient(
  c: AppContext,
  deps: AppDeps,
  { params: { id }, query }: EndpointInput<"disconnectClient">,
): Promise<Response> {
  const { reason = "disconnected by an administrator", banSeconds = 0 } = query;
  const { by = "peer" } = query;
  if (query.by !== undefined && banSeconds === 0) {
    return fail(c, deps, "INVALID_REQUEST", "by: says what is banned, and needs banSeconds");
  }
  const { name: principal } = c.get("principal");
  const count = await deps.cluster.disconnect({ id, reason, banSeconds, principal, by });
  if (count === 0) return failUnknown(c, deps, id);
  const who = actor(c.get("principal"), addressOf(c.env));
  const details = { reason: query.reason, connections: count };
  deps.audit.record({ act: "disconnect", ...who, object: id, details });
  if (banSeconds > 0) {
    const details = { reason: query.reason, seconds: banSeconds, by: query.by };
    deps.audit.record({ act: "ban", ...who, object: id, details });
  }
  return succeed(c, deps, "disconnectClient", { clientId: id, disconnected: true, reason });
}

/** `POST /api/v1/websocket/drain`: starts the drain and answers at once. Idempotent. */
export function drainGateway(c: AppContext, deps: AppDeps): Response {
  deps.log.warn("asked to drain", { principal: c.get("principal").name });
  deps.audit.record({
    act: "drain",
    ...actor(c.get("principal"), addressOf(c.env)),
    object: "gateway",
  });
  deps.cluster.drain();
  return succeed(c, deps, "drainGateway", { status: "draining" });
}

function failUnknown(c: AppContext, deps: AppDeps, id: string): Response {
  return fail(c, deps, "CLIENT_NOT_FOUND", "no such connection is open", { id });
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
