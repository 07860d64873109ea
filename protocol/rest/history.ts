/**
 * Queries and answers of snapshots and history.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelSet } from "../channel_set.ts";

/** Most events in one page of history. */
export const MAX_HISTORY_PAGE = 1_000;

/** Events in a page of history when nothing else is asked for. */
export const DEFAULT_HISTORY_PAGE = 100;

/** A whole number of at most 15 digits in a query, where everything is text. */
const WholeNumber = z.string().regex(/^\d{1,15}$/, "expected a whole number").transform(Number);

/** Query of `GET /api/v1/telemetry/{channel}/events`. */
export const EventsQuery = z.object({
  epoch: z.string().min(1).max(128).optional()
    .describe("The epoch that you know; 410 when the channel has begun a new sequence since."),
  afterSeq: WholeNumber.optional()
    .describe(
      "A whole number: the one before the first event that you want; the oldest kept when absent.",
    ),
  limit: WholeNumber.pipe(z.int().min(1).max(MAX_HISTORY_PAGE)).default(DEFAULT_HISTORY_PAGE)
    .describe("Most events of the page."),
});

/** An event with its number. */
const HistoryEvent = z.strictObject({
  seq: z.int().min(1).describe("Its number."),
  timestamp: z.int().describe("When it was accepted, epoch ms."),
  data: z.looseObject({ id: z.string() }).readonly().describe("What was published."),
}).readonly();

/** Answer of `GET /api/v1/telemetry/{channel}/snapshot`. */
export const snapshotAnswer = (channels: ChannelSet) =>
  z.strictObject({
    channel: channels.wireName(),
    epoch: z.string().describe("Identity of the sequence."),
    seq: z.int().min(0).describe("Number of the channel's last event; 0 when there is none."),
    events: z.array(HistoryEvent).readonly().describe("In the order of their numbers."),
  }).readonly();

/** Answer of `GET /api/v1/telemetry/{channel}/events`. */
export const historyPage = (channels: ChannelSet) =>
  z.strictObject({
    channel: channels.wireName(),
    epoch: z.string().describe("Identity of the sequence."),
    head: z.int().min(0).describe("Number of the channel's last event; 0 when there is none."),
    oldest: z.int().min(1)
      .describe("Number of the oldest event that can be read; head + 1 when there is none."),
    events: z.array(HistoryEvent).max(MAX_HISTORY_PAGE).readonly()
      .describe("Consecutive, apart from those withheld from a key that is limited to traders."),
    next: z.string().optional().describe("Path of the next page; absent at the head."),
  }).readonly();
