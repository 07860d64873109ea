/**
 * Publishing over HTTP: one event, an array, or NDJSON.
 *
 * @module
 */
import { PublishError } from "../actors/operations.ts";
import { parseChannel } from "../protocol/channels.ts";
import {
  type BatchRefusal,
  describeFaults,
  parseBatch,
  reportedFaults,
} from "../protocol/publish_batch.ts";
import { type AppContext, type AppDeps, fail, failForNow, succeed } from "./context.ts";

/** A body that cannot be read as events. */
class BodyError extends Error {}

/** `POST /api/v1/telemetry/events`: answers 202 after the commit. */
export async function publishEvents(c: AppContext, deps: AppDeps): Promise<Response> {
  let values: readonly unknown[];
  try {
    const parse = parserOf(c.req.header("content-type"));
    if (parse === undefined) {
      const message = "send application/json or application/x-ndjson";
      return fail(c, deps, "UNSUPPORTED_MEDIA_TYPE", message);
    }
    values = parse(await c.req.text());
  } catch (error) {
    if (error instanceof BodyError) return fail(c, deps, "INVALID_REQUEST", error.message);
    throw error;
  }
  return await submit(c, deps, values);
}

/** `DELETE /api/v1/telemetry/{channel}/snapshot/{key}`: takes a key out of the snapshot. */
export async function removeKey(c: AppContext, deps: AppDeps): Promise<Response> {
  const { channel, key } = c.req.param() as { channel: string; key: string };
  if (parseChannel(channel) === undefined) {
    return fail(c, deps, "NOT_FOUND", `there is no channel "${channel}"`);
  }
  return await submit(c, deps, [{ channel, id: key, removed: true }]);
}

async function submit(
  c: AppContext,
  deps: AppDeps,
  values: readonly unknown[],
): Promise<Response> {
  const { maxBatchEvents } = deps.config.server;
  const now = deps.clock.epochMillis();
  const batch = parseBatch(values, maxBatchEvents, now, deps.config.telemetry);
  if (!batch.ok) return refuse(c, deps, batch.refusal);
  try {
    const receipt = await deps.publisher.publish(c.get("principal").name, batch.submissions);
    return succeed(c, deps, receipt, 202);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    if (error.faults.length === 0) return failForNow(c, deps, error.code, error.message);
    return refuse(c, deps, error);
  }
}

function refuse(c: AppContext, deps: AppDeps, { code, message, faults }: BatchRefusal): Response {
  if (faults.length === 0) return fail(c, deps, code, message);
  const details: Record<string, string> = {};
  for (const { path, message } of reportedFaults(faults)) {
    details[path] = path in details ? `${details[path]}; ${message}` : message;
  }
  return fail(c, deps, code, describeFaults(faults), details);
}

function parserOf(contentType: string | undefined): ((text: string) => unknown[]) | undefined {
  const [mediaType = ""] = (contentType ?? "").split(";");
  switch (mediaType.trim().toLowerCase()) {
    case "application/json":
      return parseJson;
    case "application/x-ndjson":
      return parseNdjson;
    default:
      return undefined;
  }
}

function parseJson(text: string): unknown[] {
  const value = parseText(text, "the body");
  return Array.isArray(value) ? value : [value];
}

function parseNdjson(text: string): unknown[] {
  const values: unknown[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() !== "") values.push(parseText(line, `line ${index + 1}`));
  }
  return values;
}

function parseText(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BodyError(`${where} is not JSON`);
  }
}
