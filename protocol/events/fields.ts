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

/** Largest count: the deployed classes hold counts in 32 bits, signed. */
export const MAX_COUNT = 2_147_483_647;

/** An identifier: 1 to {@link MAX_ID_LENGTH} characters. */
export const Id: z.ZodString = z.string().min(1).max(MAX_ID_LENGTH);

/** Free text of at most {@link MAX_TEXT_LENGTH} characters. */
export const Text: z.ZodString = z.string().max(MAX_TEXT_LENGTH);

/** A count: a whole number from 0 to {@link MAX_COUNT}. */
export const Count: z.ZodInt = z.int().min(0).max(MAX_COUNT);

/** A second with more than nine digits of fraction, which `java.time.Instant` does not parse. */
const TOO_FINE = /\.\d{10}/;

/**
 * A point in time in ISO-8601 with an offset (`2026-01-31T12:00:00Z`), of the years 0000 to 9999,
 * with at most nine digits of fraction.
 */
export const IsoTime: z.ZodISODateTime = z.iso.datetime({ offset: true, error: describeTime })
  .refine((time) => !TOO_FINE.test(time), "at most 9 digits may follow the seconds");

/** Free-form details: a flat map of text to text or `null`. */
export const Details: z.ZodRecord<z.ZodString, z.ZodNullable<z.ZodString>> = z.record(
  Id,
  Text.nullable(),
);

function describeTime({ input }: { readonly input?: unknown }): string {
  const expected = "expected an ISO-8601 time with offset such as 2026-01-31T12:00:00Z";
  const far = typeof input === "string" && /^[+-]\d/.test(input);
  return far ? `the year must be within 0000 to 9999; ${expected}` : expected;
}
