/**
 * A batch of published events: checked whole, and by the same rules on every way in.
 *
 * @module
 */
import type { ErrorCode } from "./api.ts";
import { BatchBuilder, tooManyEvents } from "./batch_builder.ts";
import {
  type Fault,
  MAX_REPORTED_FAULTS,
  type Submission,
  type SubmissionOptions,
} from "./publish.ts";

/** Longest path and longest message of a reported fault, in characters: keys may be of any length. */
export const MAX_FAULT_TEXT = 256;

/** Why nothing of a batch was stored. */
export interface BatchRefusal {
  /** The code of the error envelope. */
  readonly code: ErrorCode;
  /** For people: what is wrong and what is allowed. */
  readonly message: string;
  /** What is wrong with which event, when events are to blame: the first hundred faults. */
  readonly faults: readonly Fault[];
}

/** The outcome of {@link parseBatch}: every submission, or why there is none. */
export type BatchResult =
  | { readonly ok: true; readonly submissions: readonly Submission[] }
  | { readonly ok: false; readonly refusal: BatchRefusal };

/**
 * Validates a batch that was parsed before. Stops at {@link MAX_REPORTED_FAULTS} faults.
 *
 * @param values Anything that was parsed from JSON.
 * @param maxEvents Most events in a batch.
 * @param nowEpochMillis The time of events that bring none, in epoch ms.
 */
export function parseBatch(
  values: readonly unknown[],
  maxEvents: number,
  nowEpochMillis: number,
  options?: SubmissionOptions,
): BatchResult {
  if (values.length > maxEvents) return tooManyEvents(values.length, maxEvents);
  const batch = new BatchBuilder(nowEpochMillis, options);
  for (const value of values) {
    if (batch.isFull) break;
    batch.add(value);
  }
  return batch.finish();
}

/** The message that goes with faults: how many there are, and the first. */
export function describeFaults(faults: readonly Fault[]): string {
  const [first] = reportedFaults(faults);
  return `nothing was stored; ${countFaults(faults)}, the first is ${first!.path}: ` +
    first!.message;
}

/** Reading stops at {@link MAX_REPORTED_FAULTS}: the number of faults beyond it is unknown. */
function countFaults({ length }: readonly Fault[]): string {
  if (length >= MAX_REPORTED_FAULTS) return `${MAX_REPORTED_FAULTS} faults or more`;
  return length === 1 ? "1 fault" : `${length} faults`;
}

/** The faults that an answer names: the first {@link MAX_REPORTED_FAULTS}, each clipped. */
export function reportedFaults(faults: readonly Fault[]): readonly Fault[] {
  return faults.slice(0, MAX_REPORTED_FAULTS).map(({ path, message }) => ({
    path: clip(path),
    message: clip(message),
  }));
}

function clip(text: string): string {
  return text.length <= MAX_FAULT_TEXT ? text : `${text.slice(0, MAX_FAULT_TEXT - 1)}…`;
}
