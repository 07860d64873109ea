/**
 * Acknowledging risk alerts over HTTP.
 *
 * @module
 */
import { actor, recordAcknowledged } from "../../actors/audit/audit_log.ts";
import { acknowledgeAs } from "../../actors/channel_rights.ts";
import { PublishError } from "../../actors/operations.ts";
import { type EndpointInput, ENDPOINTS } from "../../protocol/rest/endpoints.ts";
import { type AppContext, type AppDeps, fail, failForNow, succeed } from "../context.ts";
import { addressOf } from "../request_info.ts";
import { receiveJson } from "./json_body.ts";
import type { BodyRules } from "./receive.ts";

/** Largest body of an acknowledgement, in bytes. */
const MAX_ACKNOWLEDGE_BYTES = 1_024;

const { body: BODY } = ENDPOINTS.acknowledgeAlert;

const RULES: BodyRules = {
  maxBytes: MAX_ACKNOWLEDGE_BYTES,
  advice: 'send {"seq": n}, or nothing',
  mediaTypes: BODY.mediaTypes,
  optional: true,
};

/**
 * `POST /api/v1/telemetry/risk-alerts/{id}/acknowledge`: acknowledges the latest incident of an
 * alert, or the one that the body `{"seq": n}` names, and answers after the commit.
 */
export async function acknowledgeAlert(
  c: AppContext,
  deps: AppDeps,
  { params: { id } }: EndpointInput<"acknowledgeAlert">,
): Promise<Response> {
  const body = await receiveJson(c, deps, RULES, BODY.schema);
  if (body instanceof Response) return body;
  try {
    const alerts = [{ id, seq: body.value.seq }];
    const receipt = await acknowledgeAs(deps.eventLog, c.get("principal"), alerts);
    recordAcknowledged(deps.audit, actor(c.get("principal"), addressOf(c.env)), receipt);
    return succeed(c, deps, "acknowledgeAlert", receipt.alerts[0]!);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    if (error.code === "ALERT_NOT_FOUND") return fail(c, deps, error.code, error.message, { id });
    return failForNow(c, deps, error.code, error.message);
  }
}
