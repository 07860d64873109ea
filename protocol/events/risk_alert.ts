/**
 * Payload of the `risk-alerts` channel.
 *
 * @module
 */
import { z } from "zod";
import { Details, Id, IsoTime, Text } from "./fields.ts";

/** Most violations that one alert may name. */
export const MAX_VIOLATIONS = 100;

/** One limit that was broken. */
export const RiskViolation = z.strictObject({
  type: z.enum([
    "BUDGET",
    "LEVERAGE",
    "EXPOSURE",
    "DAILY_LOSS",
    "STOP_LOSS",
    "EMERGENCY",
    "UNKNOWN",
  ]),
  message: Text,
  details: Details,
});

/**
 * A risk alert; cores emit the same `id` again while its condition lasts. What goes out always has
 * `traderId`, which is `null` when nobody gave one: the deployed class has no default for it.
 *
 * What goes out of an acknowledged incident has two keys more, which nobody may publish, before
 * `createdAt` and `timestamp`: `acknowledgedBy`, the name of a key, and `acknowledgedAt`, an ISO time.
 * Its `status` is `ACKNOWLEDGED`.
 */
export const RiskAlert = z.strictObject({
  id: Id,
  traderId: Id.optional(),
  severity: z.enum(["INFO", "WARNING", "CRITICAL"]),
  recommendation: z.enum(["ALLOW", "WARN", "BLOCK", "EMERGENCY_STOP"]).optional(),
  message: Text,
  violations: z.array(RiskViolation).max(MAX_VIOLATIONS).default([]),
  status: Id.default("ACTIVE"),
  createdAt: IsoTime.optional(),
});

/** A risk alert, as published. */
export type RiskAlert = z.infer<typeof RiskAlert>;
