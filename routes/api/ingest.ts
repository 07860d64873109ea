/**
 * Publishing over HTTP: one event, an array, or NDJSON.
 *
 * @module
 */
import { publishAs } from "../../actors/channel_rights.ts";
import { PublishError } from "../../actors/operations.ts";
import type { PublishReceipt } from "../../protocol/api.ts";
import { refuseBatch } from "../../protocol/batch_builder.ts";
import { ERRORS } from "../../protocol/errors.ts";
import { type Elements, scanJson, scanLines } from "../../protocol/json_scan.ts";
import {
  type BatchRefusal,
  describeFaults,
  parseBatch,
  reportedFaults,
} from "../../protocol/publish_batch.ts";
import { type EndpointInput, ENDPOINTS, NDJSON_MEDIA_TYPE } from "../../protocol/rest/endpoints.ts";
import { decodeUtf8 } from "../../protocol/utf8.ts";
import { type AppContext, type AppDeps, fail, failForNow, succeed } from "../context.ts";
import { type BodyRules, receiveBody, type ReceivedBody, refuseUnread } from "./receive.ts";

/** `POST /api/v1/telemetry/events`: answers 202 after the commit. */
export async function publishEvents(c: AppContext, deps: AppDeps): Promise<Response> {
  const { intake } = deps;
  const { name: principal } = c.get("principal");
  try {
    intake.checkPaused(principal);
  } catch (error) {
    return await refuseUnread(c, deps, () => refuse(c, deps, error));
  }
  const body = await receiveBody(c, deps, rulesOf(deps));
  if (body instanceof Response) return body;
  try {
    return succeed(c, deps, "publishEvents", await publish(c, deps, body));
  } catch (error) {
    return refuse(c, deps, error);
  }
}

function rulesOf({ config }: AppDeps): BodyRules {
  return {
    maxBytes: config.server.maxBodyBytes,
    advice: "send smaller batches, or raise server.maxBodyBytes",
    mediaTypes: ENDPOINTS.publishEvents.body.mediaTypes,
  };
}

/** `DELETE /api/v1/telemetry/{channel}/snapshot/{key}`: takes a key out of the snapshot. */
export async function removeKey(
  c: AppContext,
  deps: AppDeps,
  { params: { channel, key } }: EndpointInput<"removeKey">,
): Promise<Response> {
  const removal = { channel, id: key, removed: true };
  const now = deps.clock.epochMillis();
  const batch = parseBatch([removal], 1, now, { channels: deps.channels });
  try {
    if (!batch.ok) throw new PublishError(...refusalOf(batch.refusal));
    const receipt = await publishAs(deps.eventLog, c.get("principal"), batch.submissions);
    return succeed(c, deps, "removeKey", receipt);
  } catch (error) {
    return refuse(c, deps, error);
  }
}

function refusalOf({ code, message, faults }: BatchRefusal) {
  return [code, message, faults] as const;
}

function publish(
  c: AppContext,
  { intake, eventLog }: AppDeps,
  { bytes, mediaType, release }: ReceivedBody,
): Promise<PublishReceipt> {
  const principal = c.get("principal");
  return new Promise((resolve, reject) => {
    intake.submit({
      principal: principal.name,
      source: sourceOf(c.env),
      bytes: bytes.length,
      release,
      scan: () => scanBody(bytes, mediaType, intake.maxBatchEvents),
      store: (submissions) => {
        const stored = publishAs(eventLog, principal, submissions);
        resolve(stored);
        return stored;
      },
      refuse: reject,
    });
  });
}

/** The connection that a request came over. */
function sourceOf({ remoteAddr }: AppContext["env"]): string {
  return remoteAddr !== undefined && "hostname" in remoteAddr
    ? `${remoteAddr.hostname} ${remoteAddr.port}`
    : "";
}

/** Finds the events of a body. */
function* scanBody(
  bytes: Uint8Array,
  mediaType: string,
  most: number,
): Generator<void, Elements | BatchRefusal> {
  const text = yield* decodeUtf8(bytes);
  if (text === undefined) {
    return refuseBatch("INVALID_REQUEST", "the body is not UTF-8").refusal;
  }
  const elements = yield* mediaType === NDJSON_MEDIA_TYPE
    ? scanLines(text, most)
    : scanJson(text, most);
  return elements ?? refuseBatch("INVALID_REQUEST", "the body is not JSON").refusal;
}

/** @throws {unknown} What is no refusal. */
function refuse(c: AppContext, deps: AppDeps, error: unknown): Response {
  if (!(error instanceof PublishError)) throw error;
  const { code, message, faults } = error;
  if (faults.length === 0) {
    return ERRORS[code].retryable
      ? failForNow(c, deps, code, message)
      : fail(c, deps, code, message);
  }
  const details: Record<string, string> = {};
  for (const { path, message } of reportedFaults(faults)) {
    details[path] = path in details ? `${details[path]}; ${message}` : message;
  }
  return fail(c, deps, code, describeFaults(faults), details);
}
