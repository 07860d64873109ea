/**
 * Tickets: credentials for one use.
 *
 * @module
 */
import { TICKET_MILLIS } from "../../actors/access/tickets.ts";
import { type AppContext, type AppDeps, fail, succeed } from "../context.ts";

/** `POST /api/v1/websocket/tickets`: issues a ticket with the rights of the one who asks. */
export function issueTicket(c: AppContext, deps: AppDeps): Response {
  const { name, secretId, sessionId } = c.get("principal");
  const issued = deps.access.tickets.issue({
    name,
    ...(secretId !== undefined && { secretId }),
    ...(sessionId !== undefined && { sessionId }),
  });
  if (typeof issued === "string") {
    const option = issued === "key" ? "maxTicketsPerKey" : "maxTickets";
    const limit = deps.config.security[option];
    const whose = issued === "key" ? "tickets of this key" : "tickets";
    c.header("Retry-After", String(TICKET_MILLIS / 1_000));
    const message = `${limit} ${whose} wait for their use, as many as security.${option} allows`;
    return fail(c, deps, "TOO_MANY_TICKETS", message);
  }
  const { ticket, expiresAt } = issued;
  return succeed(c, deps, "issueTicket", { ticket, expiresAt: new Date(expiresAt).toISOString() });
}
