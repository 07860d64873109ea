/**
 * Acknowledging risk alerts over HTTP.
 *
 * @module
 */
import { actor, recordAcknowledged } from "../../actors/audit/audit_log.ts";
import { acknowledgeAs } from "../../actors/channel_rights.ts";
import { PublishError } from "../../actors/operations.ts";
import { isTooDeep } from "../../protocol/json_scan.ts";
import { type EndpointInput, ENDPOINTS } from "../../protocol/rest/endpoints.ts";
import { decodeUtf8 } from "../../protocol/utf8.ts";
import { type AppContext, type AppDeps, fail, failForNow, succeed } from "../context.ts";
import { addressOf } from "../request_info.ts";
import { failSchema } from "./faults.ts";
import { type BodyRules, receiveBody } from "./receive.ts";

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
  const received = await receiveBody(c, deps, RULES);
  if (received instanceof Response) return received;
  const value = parseBody(received.bytes);
  received.release();
  if (value === undefined) return fail(c, deps, "INVALID_REQUEST", "the body is not JSON in UTF-8");
  const body = BODY.schema.safeParse(value);
  if (!body.success) return failSchema(c, deps, body.error);
  try {
    const alerts = [{ id, seq: body.data.seq }];
    const receipt = await acknowledgeAs(deps.eventLog, c.get("principal"), alerts);
    recordAcknowledged(deps.audit, actor(c.get("principal"), addressOf(c.env)), receipt);
    return succeed(c, deps, "acknowledgeAlert", receipt.alerts[0]!);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    if (error.code === "ALERT_NOT_FOUND") return fail(c, deps, error.code, error.message, { id });
    return failForNow(c, deps, error.code, error.message);
  }
}

/** Parses a body; an empty one is `{}`. Returns `undefined` when it is not JSON, or too deep. */
function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  const text = decodeUtf8(bytes).next().value; // Too short to be decoded in steps.
  if (typeof text !== "string" || isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
