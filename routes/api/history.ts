/**
 * History over HTTP: snapshots, and the events after a number.
 *
 * Both answers depend only on the epoch and on numbers, which make up their `ETag`. Their `timestamp`
 * is that of the newest event, so that equal answers have equal bytes.
 *
 * @module
 */
import {
  type ChannelSnapshot,
  type EventsPage,
  type EventsRead,
  HistoryError,
} from "../../actors/operations.ts";
import type { StoredEvent } from "../../actors/ports.ts";
import { rowFilterOf } from "../../actors/stream/row_filter.ts";
import { ERRORS } from "../../protocol/errors.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { EndpointInput } from "../../protocol/rest/endpoints.ts";
import { type AppContext, type AppDeps, fail, failForNow } from "../context.ts";

/** Characters per chunk of a streamed snapshot. */
const CHUNK_CHARACTERS = 65_536;

/** `GET /api/v1/telemetry/{channel}/snapshot`: the live states, or the last alerts or warnings. */
export function getSnapshot(
  c: AppContext,
  deps: AppDeps,
  { params: { channel } }: EndpointInput<"getSnapshot">,
): Response {
  const snapshot = deps.history.snapshot(channel, rowFilterOf(c.get("principal")));
  const { epoch, seq, asOf, variant } = snapshot;
  // Compared before the events are collected: most repeated requests are answered with 304.
  if (setCacheHeaders(c, asOf, [epoch, seq, ...variant === "" ? [] : [variant]])) {
    return notModified(c);
  }
  return c.body(streamOf(snapshotText(channel, snapshot, snapshot.events(), deps)));
}

/** `GET /api/v1/telemetry/{channel}/events?epoch=&afterSeq=&limit=`: a page in order. */
export async function getEvents(
  c: AppContext,
  deps: AppDeps,
  { params: { channel }, query }: EndpointInput<"getEvents">,
): Promise<Response> {
  const { limit } = query;
  try {
    const page = deps.history.page(channel, query, rowFilterOf(c.get("principal")));
    const { epoch, afterSeq, head, oldest, asOf, variant } = page;
    const parts = [epoch, afterSeq, limit, head, oldest, ...variant === "" ? [] : [variant]];
    if (setCacheHeaders(c, asOf, parts)) return notModified(c);
    return c.body(pageText(channel, page, await page.read(), limit, deps));
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    const { code, message, details } = error;
    c.header("ETag", undefined);
    if (ERRORS[code].retryable) return failForNow(c, deps, code, message);
    return fail(c, deps, code, message, details);
  }
}

/**
 * Sets the headers of an answer and compares its `ETag` with those that the reader has.
 *
 * @param asOf The time that the answer carries; without one it is never the same again.
 * @param parts What the answer is made of.
 * @returns Whether the reader has the answer already.
 */
function setCacheHeaders(
  c: AppContext,
  asOf: number | undefined,
  parts: readonly (string | number)[],
): boolean {
  c.header("Content-Type", "application/json");
  if (asOf === undefined) return false;
  const tag = `"${parts.join("-")}"`;
  c.header("ETag", tag);
  const known = c.req.header("if-none-match")?.split(",") ?? [];
  return known.some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);
}

function notModified(c: AppContext): Response {
  c.header("Content-Type", undefined);
  return c.body(null, 304);
}

/**
 * The data of an event is stored as JSON and is put in as it is: to parse it and write it again takes
 * six times as long (`tests/bench/micro/history_bench.ts`).
 */
function eventText({ seq, timestamp, data }: StoredEvent): string {
  return `{"seq":${seq},"timestamp":${timestamp},"data":${data}}`;
}

/** The end of an envelope, after its data. */
function endText(asOf: number | undefined, deps: AppDeps): string {
  return `,"timestamp":"${new Date(asOf ?? deps.clock.epochMillis()).toISOString()}"}`;
}

function pageText(
  channel: Channel,
  { epoch, head, oldest, asOf }: EventsPage,
  { events, last }: EventsRead,
  limit: number,
  deps: AppDeps,
): string {
  const query = `epoch=${encodeURIComponent(epoch)}&afterSeq=${last}&limit=${limit}`;
  const next = last < head ? `,"next":"/api/v1/telemetry/${channel}/events?${query}"` : "";
  return `{"success":true,"data":{"channel":"${channel}","epoch":${JSON.stringify(epoch)},` +
    `"head":${head},"oldest":${oldest},"events":[${events.map(eventText).join()}]${next}}` +
    endText(asOf, deps);
}

function* snapshotText(
  channel: Channel,
  { epoch, seq, asOf }: ChannelSnapshot,
  events: readonly StoredEvent[],
  deps: AppDeps,
): Generator<string> {
  yield `{"success":true,"data":{"channel":"${channel}","epoch":${JSON.stringify(epoch)},` +
    `"seq":${seq},"events":[`;
  for (const [index, event] of events.entries()) yield (index > 0 ? "," : "") + eventText(event);
  yield "]}" + endText(asOf, deps);
}

/** Streams a body in chunks at the pace of its reader: 50,000 states are megabytes. */
function streamOf(texts: Generator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      let chunk = "";
      for (let next = texts.next(); !next.done; next = texts.next()) {
        chunk += next.value;
        if (chunk.length >= CHUNK_CHARACTERS) {
          controller.enqueue(encoder.encode(chunk));
          return;
        }
      }
      controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  }, { highWaterMark: 0 });
}
