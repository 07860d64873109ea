/**
 * Reading the audit.
 *
 * @module
 */
import type { AuditRecord } from "../../protocol/rest/audit.ts";
import type { EndpointInput } from "../../protocol/rest/endpoints.ts";
import { type AppContext, type AppDeps, failForNow, succeed } from "../context.ts";

/** `GET /api/v1/audit`: a page of the acts, the newest first. */
export async function getAudit(
  c: AppContext,
  deps: AppDeps,
  { query: { since, before, limit } }: EndpointInput<"getAudit">,
): Promise<Response> {
  const kept = deps.audit.outlivesProcess ? "store" : "process";
  let found: readonly AuditRecord[];
  try {
    // One more than is wanted says whether there is a next page.
    found = await deps.audit.page({ since, before, limit: limit + 1 });
  } catch (error) {
    deps.log.warn("the audit cannot be read", { error: String(error) });
    return failForNow(c, deps, "STORE_UNAVAILABLE", "the audit cannot be read now; try again");
  }
  const acts = found.slice(0, limit);
  if (found.length === acts.length) return succeed(c, deps, "getAudit", { kept, acts });
  const from = since === undefined ? "" : `&since=${since}`;
  const next = `/api/v1/audit?before=${acts.at(-1)!.id}&limit=${limit}${from}`;
  return succeed(c, deps, "getAudit", { kept, acts, next });
}
