/**
 * Where a publisher keeps what is not stored at the gateway yet.
 *
 * @module
 */
import { TelemetryError } from "./errors.ts";

/** Most bytes of a memory outbox: 16 MiB. */
const MAX_OUTBOX_BYTES = 16 * 1024 * 1024;

/** An event that waits to be stored. */
export interface OutboxEntry {
  /** Its `eventId`, by which the gateway recognises it when it is sent again. */
  readonly eventId: string;
  /** The event as JSON, with its `eventId`. */
  readonly text: string;
}

/** Keeps entries in order until they are removed. A publisher makes one call at a time. */
export interface Outbox {
  /** What is in it, oldest first: what a program before this one did not get stored. */
  open(): Promise<readonly OutboxEntry[]>;
  /**
   * Adds entries, all or none. Resolves when they are kept as well as this outbox can.
   *
   * @throws {TelemetryError} `outbox_full`.
   */
  append(entries: readonly OutboxEntry[]): Promise<void>;
  /** Removes entries that are stored, or can never be. */
  remove(eventIds: readonly string[]): Promise<void>;
  /** Lets go of files. */
  close(): Promise<void>;
}

/** The size of entries in bytes of UTF-8. */
export function sizeOf(entries: readonly OutboxEntry[]): number {
  const encoder = new TextEncoder();
  return entries.reduce((sum, { text }) => sum + encoder.encode(text).length, 0);
}

/** An outbox that ends with the program. @param maxBytes Most bytes of events in it. */
export function memoryOutbox(maxBytes: number = MAX_OUTBOX_BYTES): Outbox {
  const sizes = new Map<string, number>();
  let bytes = 0;
  return {
    open: () => Promise.resolve([]),
    append(entries) {
      const size = sizeOf(entries);
      if (bytes + size > maxBytes) return Promise.reject(new TelemetryError("outbox_full"));
      bytes += size;
      for (const entry of entries) sizes.set(entry.eventId, sizeOf([entry]));
      return Promise.resolve();
    },
    remove(eventIds) {
      for (const id of eventIds) {
        bytes -= sizes.get(id) ?? 0;
        sizes.delete(id);
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
