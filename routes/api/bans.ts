/**
 * Bans in force, for administrators. They are set with `DELETE /api/v1/websocket/clients/{id}`.
 *
 * @module
 */
import { actor } from "../../actors/audit/audit_log.ts";
import type { EndpointInput } from "../../protocol/rest/endpoints.ts";
import { type AppContext, type AppDeps, fail, succeed } from "../context.ts";
import { addressOf } from "../request_info.ts";

/** `GET /api/v1/websocket/bans` */
export async function listBans(c: AppContext, deps: AppDeps): Promise<Response> {
  return succeed(c, deps, "listBans", await deps.cluster.bans());
}

/** `DELETE /api/v1/websocket/bans/{id}` */
export async function liftBan(
  c: AppContext,
  deps: AppDeps,
  { params: { id } }: EndpointInput<"liftBan">,
): Promise<Response> {
  const ban = await deps.cluster.liftBan(id);
  if (ban === undefined) return fail(c, deps, "BAN_NOT_FOUND", "no such ban is in force", { id });
  const { by, principal, clientId, address, setBy } = ban;
  deps.audit.record({
    act: "lift",
    ...actor(c.get("principal"), addressOf(c.env)),
    object: id,
    details: { by, key: principal, clientId, clientAddress: address, setBy },
  });
  return succeed(c, deps, "liftBan", { id, lifted: true });
}
