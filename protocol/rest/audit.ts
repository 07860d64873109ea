/**
 * The audit: queries and answers about administrative acts.
 *
 * @module
 */
import { z } from "zod";

/** The acts that are recorded. */
export const AUDIT_ACTS = [
  "key_created",
  "key_changed",
  "key_revoked",
  "disconnect",
  "ban",
  "lift",
  "drain",
  "acknowledge",
  "epoch_rotate",
  "backup",
] as const;

/** An act that is recorded. */
export type AuditAct = (typeof AUDIT_ACTS)[number];

/** An act, as it is kept. */
export const AuditRecord = z.strictObject({
  id: z.int().min(1).describe("Its number: later acts have higher ones."),
  at: z.iso.datetime().describe("When it was done."),
  act: z.enum(AUDIT_ACTS).describe("What was done."),
  principal: z.string().describe(
    "The name of the key; `file` for what was found changed in the keys file, `command-line` for " +
      "a command that worked on the store itself.",
  ),
  secretId: z.string().optional().describe("The short id of the secret; absent without one."),
  address: z.string().optional().describe("The address of the client; absent without one."),
  object: z.string().describe("What it was done to: a connection, an alert, a key."),
  details: z.record(z.string(), z.string()).readonly().optional()
    .describe("What else is known, such as the reason given."),
}).readonly();

/** An act, as it is kept. */
export type AuditRecord = z.infer<typeof AuditRecord>;

/** Most acts in one page. */
export const MAX_AUDIT_PAGE = 1_000;

/** A whole number of at most 15 digits in a query, where everything is text. */
const WholeNumber = z.string().regex(/^\d{1,15}$/, "expected a whole number").transform(Number);

/** A time in a query: epoch ms, or ISO-8601 with its offset from UTC. */
const Time = z.union([
  WholeNumber,
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
], "expected a time, such as 2026-01-31T12:00:00Z, or epoch ms");

/** Query of `GET /api/v1/audit`. */
export const AuditPageQuery = z.object({
  since: Time.optional().describe("Only acts of this time or later: ISO-8601, or epoch ms."),
  before: WholeNumber.optional().describe("Only acts with a lower `id`; `next` has it."),
  limit: WholeNumber.pipe(z.int().min(1).max(MAX_AUDIT_PAGE)).default(100)
    .describe("Most acts of the page."),
});

/** Answer of `GET /api/v1/audit`. */
export const AuditPage = z.strictObject({
  kept: z.enum(["store", "process"])
    .describe("`process` with the memory store: nothing of it outlives a restart."),
  acts: z.array(AuditRecord).max(MAX_AUDIT_PAGE).readonly().describe("The newest first."),
  next: z.string().optional().describe("Path of the page of older acts; absent on the last."),
}).readonly();
