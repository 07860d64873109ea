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
  ]).describe("Which kind of limit."),
  message: Text.describe("For people."),
  details: Details.describe("A flat map of text to text or `null`."),
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
  id: Id.describe("The core sends the same one again while a condition lasts."),
  traderId: Id.optional().describe("Whom it concerns."),
  severity: z.enum(["INFO", "WARNING", "CRITICAL"]).describe("How grave it is."),
  recommendation: z.enum(["ALLOW", "WARN", "BLOCK", "EMERGENCY_STOP"]).optional().describe(
    "What the core advises.",
  ),
  message: Text.describe("For people."),
  violations: z.array(RiskViolation).max(MAX_VIOLATIONS).default([]).describe(
    "The limits that were broken.",
  ),
  status: Id.default("ACTIVE").describe(
    "As the core says, usually `ACTIVE`; `ACKNOWLEDGED` once somebody has [acknowledged](websocket_guide.md#acknowledging-alerts) it.",
  ),
  createdAt: IsoTime.optional().describe("The time of the alert."),
});

/** A risk alert, as published. */
export type RiskAlert = z.infer<typeof RiskAlert>;
