/**
 * What publishers send, and the faults in it.
 *
 * @module
 */
import type { z } from "zod";
import {
  type ChannelDefinition,
  type ChannelSet,
  MAX_CHANNEL_NAME_LENGTH,
  PRODUCT_CHANNELS,
} from "./channel_set.ts";
import { MAX_ID_LENGTH } from "./events/fields.ts";
import { readPayload, type UnknownFields } from "./events/intake.ts";
import type { EventAttributes } from "./events/attributes.ts";
import { type DraftedEvent, draftEvent, draftRemoval, type EventDraft } from "./events/mod.ts";
import { type Fault, joinPath, MAX_REPORTED_FAULTS } from "./fault.ts";

export { type Fault, joinPath, MAX_REPORTED_FAULTS } from "./fault.ts";

/** Largest event that is accepted, in bytes of its outgoing `data` as JSON. */
export const MAX_EVENT_BYTES = 65_536;

/** A published event that passed validation. */
export interface Submission {
  /** The event, complete but for its number. */
  readonly draft: EventDraft;
  /** What filters read of it; absent for a removal. */
  readonly attributes?: EventAttributes;
  /** The outgoing `data` of an alert. */
  readonly alert?: Readonly<Record<string, unknown>>;
  /** The publisher's own identity of the event, which makes a retry harmless. */
  readonly identity?: {
    readonly eventId: string;
    /** What was published, without defaults: a retry has the same, a reused id another. */
    readonly payload: string;
  };
  /** Paths of unknown fields that were left out; absent when there is none. */
  readonly ignored?: readonly string[];
}

/** How {@link parseSubmission} reads. */
export interface SubmissionOptions {
  /** What to do with unknown fields; `ignore` when absent. */
  readonly unknownFields?: UnknownFields;
  /** The channels that there are; the product's when absent. */
  readonly channels?: ChannelSet;
}

/**
 * The outcome of {@link parseSubmission}: a submission, with the paths of what was left out, or what
 * is wrong, at most {@link MAX_REPORTED_FAULTS}.
 */
export type SubmissionResult =
  | {
    readonly ok: true;
    readonly submission: Submission;
    readonly ignored?: readonly string[];
  }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const PAYLOAD_KEYS: ReadonlySet<string> = new Set(["channel", "data", "eventId"]);
const REMOVAL_KEYS: ReadonlySet<string> = new Set(["channel", "id", "removed", "eventId"]);

/**
 * Validates one published value. Never throws, whatever it is given, and stops at
 * {@link MAX_REPORTED_FAULTS}.
 *
 * The envelope is checked by hand and the payload by the schema of its channel, so that each fault
 * names one place. A key whose value is `null` is absent.
 *
 * @param value Anything that was parsed from JSON.
 * @param path How faults name the value, for example `events[3]`.
 * @param nowEpochMillis The time of an event that brings none, in epoch ms.
 */
export function parseSubmission(
  value: unknown,
  path: string,
  nowEpochMillis: number,
  options: SubmissionOptions = {},
): SubmissionResult {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fault(path, 'expected an object {"channel", "data"}');
  }
  const event = value as Record<string, unknown>;
  const { channels = PRODUCT_CHANNELS } = options;
  const channel = readChannel(channels, event["channel"]);
  if (channel === undefined) {
    return fault(`${path}.channel`, describeChannel(channels, event["channel"]));
  }
  const eventId = event["eventId"] ?? undefined;
  if (eventId !== undefined && !isId(eventId)) return fault(`${path}.eventId`, EXPECTED_ID);
  const removal = (event["removed"] ?? undefined) !== undefined;
  const allowed = removal ? REMOVAL_KEYS : PAYLOAD_KEYS;
  for (const key in event) {
    if (allowed.has(key) || (event[key] ?? undefined) === undefined) continue;
    const message = `unknown key; allowed are ${[...allowed].join(", ")}`;
    return fault(joinPath(path, key), message);
  }
  const parsed = removal
    ? parseRemoval(channel, event, path, nowEpochMillis)
    : parsePayload(channels, channel, event["data"], path, nowEpochMillis, options);
  if (!parsed.ok) return parsed;
  const { drafted, payload, ignored } = parsed;
  const { draft } = drafted;
  if (exceedsBytes(draft.data, MAX_EVENT_BYTES)) {
    return fault(`${path}.data`, `too large; at most ${MAX_EVENT_BYTES} bytes as JSON`);
  }
  const identity = eventId === undefined
    ? undefined
    : { eventId, payload: JSON.stringify(payload) };
  if (ignored === undefined) {
    return { ok: true, submission: identity === undefined ? drafted : { ...drafted, identity } };
  }
  return { ok: true, submission: { ...drafted, ...(identity && { identity }), ignored }, ignored };
}

const EXPECTED_ID = `expected text of 1 to ${MAX_ID_LENGTH} characters`;

function isId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_ID_LENGTH;
}

function readChannel(channels: ChannelSet, name: unknown): ChannelDefinition | undefined {
  if (typeof name !== "string" || name.length > MAX_CHANNEL_NAME_LENGTH) return undefined;
  return channels.find(name);
}

function describeChannel(channels: ChannelSet, name: unknown): string {
  const what = typeof name === "string" ? "unknown channel" : "expected the name of a channel";
  return `${what}; use one of ${channels.list}`;
}

/** Whether a text has more than so many bytes in UTF-8. */
function exceedsBytes(text: string, bytes: number): boolean {
  if (text.length * 3 <= bytes) return false; // No character has more than 3 bytes a unit.
  return text.length > bytes || new TextEncoder().encode(text).length > bytes;
}

type DraftResult =
  | {
    readonly ok: true;
    readonly drafted: DraftedEvent | { readonly draft: EventDraft };
    readonly payload: unknown;
    readonly ignored?: readonly string[] | undefined;
  }
  | { readonly ok: false; readonly faults: readonly Fault[] };

function parsePayload(
  channels: ChannelSet,
  channel: ChannelDefinition,
  data: unknown,
  path: string,
  now: number,
  { unknownFields = "ignore" }: SubmissionOptions,
): DraftResult {
  const root = `${path}.data`;
  const { value, ignored, faults, whole } = readPayload(
    channels,
    channel,
    data,
    root,
    unknownFields,
  );
  if (!whole) return { ok: false, faults };
  const parsed = channel.payload.safeParse(value);
  if (faults.length > 0 || !parsed.success) {
    return { ok: false, faults: mergeFaults(faults, parsed.error?.issues ?? [], value, root) };
  }
  const drafted = draftEvent(channel, parsed.data, now);
  if (drafted.draft.key.length > MAX_ID_LENGTH) {
    const message = `in upper case it is the id, which may have ${MAX_ID_LENGTH} characters`;
    return fault(`${root}.${channel.keyField}`, message);
  }
  const leftOut = ignored.length === 0 ? undefined : ignored;
  return { ok: true, drafted, payload: parsed.data, ignored: leftOut };
}

/** The faults of reading, then those that the schema found elsewhere. */
function mergeFaults(
  faults: readonly Fault[],
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  root: string,
): readonly Fault[] {
  const merged = [...faults];
  const read = new Set(faults.map(({ path }) => path));
  for (const issue of issues) {
    if (merged.length >= MAX_REPORTED_FAULTS) break;
    const path = [root, ...issue.path].reduce<string>(joinPath, "");
    if (read.has(path)) continue; // What was of the wrong type is absent for the schema.
    merged.push({ path, message: isMissing(value, issue.path) ? "is missing" : issue.message });
  }
  return merged;
}

function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  let found = value;
  for (const part of path) found = (found as Readonly<Record<PropertyKey, unknown>>)[part];
  return found === undefined;
}

function parseRemoval(
  channel: ChannelDefinition,
  event: Record<string, unknown>,
  path: string,
  now: number,
): DraftResult {
  if (channel.lane === "lossless") {
    return fault(`${path}.removed`, `${channel.name} has no snapshot keys to remove`);
  }
  if (event["removed"] !== true) return fault(`${path}.removed`, "expected true");
  const { id } = event;
  if (!isId(id)) return fault(`${path}.id`, EXPECTED_ID);
  const draft = draftRemoval(channel, id, now);
  return { ok: true, drafted: { draft }, payload: { removed: id } };
}

function fault(path: string, message: string): { ok: false; faults: readonly Fault[] } {
  return { ok: false, faults: [{ path, message }] };
}
