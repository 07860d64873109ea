/**
 * Field types that the event payloads share.
 *
 * @module
 */
import { z } from "zod";

/** Longest identifier or symbol, in characters. */
export const MAX_ID_LENGTH = 128;

/** Longest free text (names, reasons, messages), in characters. */
export const MAX_TEXT_LENGTH = 4_096;

/** An identifier: 1 to {@link MAX_ID_LENGTH} characters. */
export const Id: z.ZodString = z.string().min(1).max(MAX_ID_LENGTH);

/** Free text of at most {@link MAX_TEXT_LENGTH} characters. */
export const Text: z.ZodString = z.string().max(MAX_TEXT_LENGTH);

/** A count: a whole number of 0 or more. */
export const Count: z.ZodInt = z.int().min(0);

/** A point in time in ISO-8601 with an offset (`2026-01-31T12:00:00Z`). */
export const IsoTime: z.ZodISODateTime = z.iso.datetime({
  offset: true,
  error: "expected an ISO-8601 time with offset such as 2026-01-31T12:00:00Z",
});

/** Free-form details: a flat map of text to text, number or boolean. */
export const Details: z.ZodRecord<
  z.ZodString,
  z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
> = z.record(Id, z.union([Text, z.number(), z.boolean(), z.null()]));
