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
