/**
 * Brings events that version 0.1.0 of 2026-11-23 or an earlier one stored to the form in which events
 * are stored today, so that what is replayed decodes in the deployed classes. Nothing is refused.
 *
 * What is stored today comes back as it is: a test of the text says so for most events, and only the
 * metrics of traders are parsed to find out.
 *
 * @module
 */
import { type Fields, isObject, type StoredRepair, TOO_FINE } from "./stored_repairs.ts";

/** An event as a store returns it. */
export interface StoredPayload {
  /** `removed` for a removal, which has no payload. */
  readonly ends?: "closed" | "removed";
  /** The ISO time of the payload. */
  readonly time: string;
  /** The outgoing `data`, as JSON. */
  readonly data: string;
}

/** The times of payloads. */
const TIME_FIELDS = ["updatedAt", "createdAt"] as const;

/**
 * The event in today's form: the same object when it is in it. Times have at most nine digits of
 * fraction; the rest is up to the channel.
 *
 * @param repair What the channel's spec has for it.
 */
export function normaliseStored<E extends StoredPayload>(
  event: E,
  repair: StoredRepair | undefined,
): E {
  const { ends, time, data: stored } = event;
  if (ends === "removed") return event;
  if (!TOO_FINE.test(time) && repair?.suspects(stored) !== true) return event;
  const payload = parseObject(stored);
  if (payload === undefined) return event; // Damaged: what reads it will say so.
  for (const name of TIME_FIELDS) {
    const time = payload[name];
    if (typeof time === "string") payload[name] = time.replace(TOO_FINE, "$1");
  }
  const data = JSON.stringify(repair === undefined ? payload : repair.apply(payload));
  if (data === stored) return event;
  return { ...event, time: time.replace(TOO_FINE, "$1"), data };
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
