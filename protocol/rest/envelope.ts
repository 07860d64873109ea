/**
 * The envelopes of REST answers.
 *
 * @module
 */
import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../errors.ts";

/** `{"success":true,"data":…,"timestamp":"ISO"}` around a schema of `data`. */
export function successSchema<Data extends z.ZodType>(data: Data) {
  return z.strictObject({ success: z.literal(true), data, timestamp: z.iso.datetime() });
}

/** `{"success":false,"error":{…},"timestamp":"ISO"}`; `details` are strings. */
export const ErrorEnvelope = z.strictObject({
  success: z.literal(false),
  error: z.strictObject({
    code: z.enum(ERROR_CODES),
    message: z.string().min(1),
    details: z.record(z.string(), z.string()).readonly().optional(),
  }).readonly(),
  timestamp: z.iso.datetime(),
}).readonly();

/** An answer of an error. */
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;

/** An answer that is not an error; `timestamp` is when it was given. */
export interface SuccessEnvelope<T> {
  /** Tells it from an error. */
  readonly success: true;
  /** What was asked for. */
  readonly data: T;
  /** ISO-8601. */
  readonly timestamp: string;
}

/** Wraps an answer. */
export function successEnvelope<T>(data: T, epochMillis: number): SuccessEnvelope<T> {
  return { success: true, data, timestamp: new Date(epochMillis).toISOString() };
}

/** Wraps an error. */
export function errorEnvelope(
  code: ErrorCode,
  message: string,
  epochMillis: number,
  details?: Readonly<Record<string, string>>,
): ErrorEnvelope {
  const error = details === undefined ? { code, message } : { code, message, details };
  return { success: false, error, timestamp: new Date(epochMillis).toISOString() };
}
