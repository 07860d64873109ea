/**
 * A position in the sequence of a channel.
 *
 * @module
 */
import { z } from "zod";

/** A position in the sequence of a channel. */
export const StreamPosition = z.strictObject({
  epoch: z.string().describe("Identity of the sequence."),
  seq: z.int().min(0).describe("Number of the last event, from 1; 0 when there is none."),
}).readonly();

/** A position in the sequence of a channel. */
export type StreamPosition = z.infer<typeof StreamPosition>;
