/**
 * Payload of the `system-warnings` channel, which the gateway alone publishes.
 *
 * @module
 */
import { z } from "zod";
import { Details, Id, IsoTime, Text } from "./fields.ts";

/** A notice of the gateway about itself. */
export const SystemWarning = z.strictObject({
  id: Id.describe("Events with the same one are about the same incident."),
  severity: z.enum(["INFO", "WARNING", "CRITICAL"]).describe("How grave it is."),
  code: Id.describe("See [codes of warnings](#codes-of-warnings)."),
  message: Text.describe("For people."),
  details: Details.describe("A flat map of text to text: what it is about, and `count`."),
  createdAt: IsoTime.optional().describe("The time of the warning."),
});

/** A notice of the gateway about itself. */
export type SystemWarning = z.infer<typeof SystemWarning>;
