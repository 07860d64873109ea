/**
 * A batch of published events: checked whole, and by the same rules on every way in.
 *
 * @module
 */
import type { ErrorCode } from "./api.ts";
import {
  type Fault,
  MAX_REPORTED_FAULTS,
  parseSubmission,
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
  /** What is wrong with which event, when events are to blame. */
  readonly faults: readonly Fault[];
}

/** The outcome of {@link parseBatch}: every submission, or why there is none. */
export type BatchResult =
  | { readonly ok: true; readonly submissions: readonly Submission[] }
  | { readonly ok: false; readonly refusal: BatchRefusal };

/**
 * Validates a batch.
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
  if (values.length > maxEvents) {
    const message = `at most ${maxEvents} events in a batch, these are ${values.length}`;
    return refuse("PAYLOAD_TOO_LARGE", message);
  }
  const submissions: Submission[] = [];
  const faults: Fault[] = [];
  if (values.length === 0) faults.push({ path: "events", message: "no event was sent" });
  for (const [index, value] of values.entries()) {
    const result = parseSubmission(value, `events[${index}]`, nowEpochMillis, options);
    if (result.ok) submissions.push(result.submission);
    else faults.push(...result.faults);
  }
  if (faults.length > 0) return refuse("INVALID_EVENTS", "the events are not valid", faults);
  if (submissions.some(({ draft }) => draft.channel === "system-warnings")) {
    return refuse("FORBIDDEN", "system-warnings are published by the gateway alone");
  }
  return { ok: true, submissions };
}

/** The message that goes with faults: how many there are, and the first. */
export function describeFaults(faults: readonly Fault[]): string {
  const [first] = reportedFaults(faults);
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  return `nothing was stored; ${count}, the first is ${first!.path}: ${first!.message}`;
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

function refuse(
  code: ErrorCode,
  message: string,
  faults: readonly Fault[] = [],
): { readonly ok: false; readonly refusal: BatchRefusal } {
  return { ok: false, refusal: { code, message, faults } };
}
