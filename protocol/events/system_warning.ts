/**
 * Payload of the `system-warnings` channel, which the gateway alone publishes.
 *
 * @module
 */
import { z } from "zod";
import { Details, Id, IsoTime, Text } from "./fields.ts";

/** A notice of the gateway about itself. */
export const SystemWarning = z.strictObject({
  id: Id,
  severity: z.enum(["INFO", "WARNING", "CRITICAL"]),
  code: Id,
  message: Text,
  details: Details,
  createdAt: IsoTime.optional(),
});

/** A notice of the gateway about itself. */
export type SystemWarning = z.infer<typeof SystemWarning>;
