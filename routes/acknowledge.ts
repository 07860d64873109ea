/**
 * Acknowledging risk alerts over HTTP.
 *
 * @module
 */
import { PublishError } from "../actors/operations.ts";
import { AcknowledgeBody } from "../protocol/api.ts";
import { parseChannel } from "../protocol/channels.ts";
import { type AppContext, type AppDeps, fail, failForNow, succeed } from "./context.ts";
import { failSchema } from "./faults.ts";

/** Largest body of an acknowledgement, in bytes. */
export const MAX_ACKNOWLEDGE_BYTES = 1_024;

/**
 * `POST /api/v1/telemetry/risk-alerts/{id}/acknowledge`: acknowledges the latest incident of an
 * alert, or the one that the body `{"seq": n}` names, and answers after the commit.
 */
export async function acknowledgeAlert(c: AppContext, deps: AppDeps): Promise<Response> {
  const { channel, id } = c.req.param() as { channel: string; id: string };
  if (parseChannel(channel) !== "risk-alerts") {
    return fail(c, deps, "NOT_FOUND", "only risk-alerts are acknowledged");
  }
  const text = await c.req.text();
  if (text !== "" && !isJson(c.req.header("content-type"))) {
    return fail(c, deps, "UNSUPPORTED_MEDIA_TYPE", "send application/json, or no body");
  }
  const value = text === "" ? {} : parse(text);
  if (value === undefined) return fail(c, deps, "INVALID_REQUEST", "the body is not JSON");
  const body = AcknowledgeBody.safeParse(value);
  if (!body.success) return failSchema(c, deps, body.error);
  try {
    const alerts = [{ id, seq: body.data.seq }];
    const receipt = await deps.publisher.acknowledge(c.get("principal").name, alerts);
    return succeed(c, deps, receipt.alerts[0]);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    if (error.code === "ALERT_NOT_FOUND") return fail(c, deps, error.code, error.message, { id });
    return failForNow(c, deps, error.code, error.message);
  }
}

function isJson(contentType = ""): boolean {
  return contentType.split(";")[0]!.trim().toLowerCase() === "application/json";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
