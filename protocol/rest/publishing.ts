/**
 * Answers and bodies of publishing and acknowledging.
 *
 * @module
 */
import { z } from "zod";
import type { ChannelSet } from "../channel_set.ts";
import { StreamPosition } from "../stream_position.ts";

/** Answer to a publication, given after the commit. */
export const publishReceipt = (channels: ChannelSet) =>
  z.strictObject({
    accepted: z.int().min(0).describe("Events that were stored by this request."),
    duplicates: z.int().min(0)
      .describe("Events that had been stored before, recognised by their `eventId`."),
    last: z.partialRecord(channels.wireName(), StreamPosition).readonly()
      .describe("The position of the last event of each channel in the request."),
    ignored: z.array(z.string()).max(100).readonly().optional()
      .describe("Paths of unknown fields that were left out; absent when there are none."),
  }).readonly();

/** Answer to a publication, given after the commit. */
export type PublishReceipt = z.infer<ReturnType<typeof publishReceipt>>;

/** Body of `POST /api/v1/telemetry/risk-alerts/{id}/acknowledge`; it may be absent. */
export const AcknowledgeBody = z.strictObject({
  seq: z.int().min(1).optional().describe("Number of an event of the incident that is meant."),
});

/** An alert whose incident is acknowledged. */
export const AcknowledgedAlert = z.strictObject({
  id: z.string().describe("The alert."),
  seq: z.int().min(1).describe(
    "Number of the incident's last event: of the acknowledgement, unless the core emitted since.",
  ),
  status: z.literal("ACKNOWLEDGED").describe("What its events say from now on."),
  acknowledgedBy: z.string().describe("Name of the key that acknowledged it first."),
  acknowledgedAt: z.iso.datetime().describe("When, ISO-8601."),
}).readonly();

/** An alert whose incident is acknowledged. */
export type AcknowledgedAlert = z.infer<typeof AcknowledgedAlert>;
