/**
 * What collectors publish, and the faults they are told of.
 *
 * @module
 */
import { z } from "zod";
import { type Channel, ChannelName, LANES } from "./channels.ts";
import { draftEvent, draftRemoval, type EventDraft, PAYLOADS } from "./events/mod.ts";
import { Id } from "./events/fields.ts";

/** Largest event that is accepted, in bytes of its outgoing `data` as JSON. */
export const MAX_EVENT_BYTES = 65_536;

/** How many faults one answer names; the rest are counted only. */
export const MAX_REPORTED_FAULTS = 100;

/** One thing that is wrong with a published event. */
export interface Fault {
  /** Where: `events[1].data.price`. */
  readonly path: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** An event to publish: a payload, or a removal of a key from the snapshot. */
export const PublishEvent = z.union([
  z.strictObject({ channel: ChannelName, data: z.looseObject({}), eventId: Id.optional() }),
  z.strictObject({
    channel: ChannelName,
    id: Id,
    removed: z.literal(true),
    eventId: Id.optional(),
  }),
]);

/** A published event that passed validation. */
export interface Submission {
  /** The event, complete but for its number. */
  readonly draft: EventDraft;
  /** The publisher's own identity of the event, which makes a retry harmless. */
  readonly identity?: {
    readonly eventId: string;
    /** What was published, without defaults: a retry has the same, a reused id another. */
    readonly payload: string;
  };
}

/** The outcome of {@link parseSubmission}: a submission, or everything that is wrong. */
export type SubmissionResult =
  | { readonly ok: true; readonly submission: Submission }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Made once: building a schema costs more than using it. */
const EventId = Id.optional();

const PAYLOAD_KEYS: ReadonlySet<string> = new Set(["channel", "data", "eventId"]);
const REMOVAL_KEYS: ReadonlySet<string> = new Set(["channel", "id", "removed", "eventId"]);

/**
 * Validates one published value.
 *
 * The envelope is checked by hand and the payload by the schema of its channel, so that each fault
 * names one place; {@link PublishEvent} describes the same form for the API description.
 *
 * @param value Anything that was parsed from JSON.
 * @param path How faults name the value, for example `events[3]`.
 * @param nowEpochMillis The time of an event that brings none, in epoch ms.
 */
export function parseSubmission(
  value: unknown,
  path: string,
  nowEpochMillis: number,
): SubmissionResult {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fault(path, 'expected an object {"channel", "data"}');
  }
  const event = value as Record<string, unknown>;
  const channel = ChannelName.safeParse(event["channel"]);
  if (!channel.success) return fault(`${path}.channel`, channel.error.issues[0]!.message);
  const eventId = EventId.safeParse(event["eventId"]);
  if (!eventId.success) return fault(`${path}.eventId`, eventId.error.issues[0]!.message);
  const removal = event["removed"] !== undefined;
  const allowed = removal ? REMOVAL_KEYS : PAYLOAD_KEYS;
  const stray = Object.keys(event).find((key) => !allowed.has(key));
  if (stray !== undefined) {
    return fault(`${path}.${stray}`, `unknown key; allowed are ${[...allowed].join(", ")}`);
  }
  const draft = removal
    ? parseRemoval(channel.data, event, path, nowEpochMillis)
    : parsePayload(channel.data, event["data"], path, nowEpochMillis);
  if (!draft.ok) return draft;
  if (exceedsBytes(draft.draft.data, MAX_EVENT_BYTES)) {
    return fault(`${path}.data`, `too large; at most ${MAX_EVENT_BYTES} bytes as JSON`);
  }
  if (eventId.data === undefined) return { ok: true, submission: { draft: draft.draft } };
  const identity = { eventId: eventId.data, payload: JSON.stringify(draft.payload) };
  return { ok: true, submission: { draft: draft.draft, identity } };
}

/** Whether a text has more than so many bytes in UTF-8. */
export function exceedsBytes(text: string, bytes: number): boolean {
  if (text.length * 3 <= bytes) return false; // No character has more than 3 bytes a unit.
  return text.length > bytes || new TextEncoder().encode(text).length > bytes;
}

type DraftResult =
  | { readonly ok: true; readonly draft: EventDraft; readonly payload: unknown }
  | { readonly ok: false; readonly faults: readonly Fault[] };

function parsePayload(channel: Channel, data: unknown, path: string, now: number): DraftResult {
  const parsed = PAYLOADS[channel].safeParse(data);
  if (parsed.success) {
    return { ok: true, draft: draftEvent(channel, parsed.data, now), payload: parsed.data };
  }
  const faults = parsed.error.issues.map((issue) => ({
    path: [`${path}.data`, ...issue.path].reduce<string>(joinPath, ""),
    message: issue.message,
  }));
  return { ok: false, faults };
}

function parseRemoval(
  channel: Channel,
  event: Record<string, unknown>,
  path: string,
  now: number,
): DraftResult {
  if (LANES[channel] === "lossless") {
    return fault(`${path}.removed`, `${channel} has no snapshot keys to remove`);
  }
  if (event["removed"] !== true) return fault(`${path}.removed`, "expected true");
  const id = Id.safeParse(event["id"]);
  if (!id.success) return fault(`${path}.id`, id.error.issues[0]!.message);
  return { ok: true, draft: draftRemoval(channel, id.data, now), payload: { removed: id.data } };
}

/** Writes a path the way people do: `a.b[2].c`. */
export function joinPath(path: string, part: PropertyKey): string {
  if (typeof part === "number") return `${path}[${part}]`;
  return path === "" ? String(part) : `${path}.${String(part)}`;
}

function fault(path: string, message: string): { ok: false; faults: readonly Fault[] } {
  return { ok: false, faults: [{ path, message }] };
}
