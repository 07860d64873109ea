/**
 * Snapshots that come in parts.
 *
 * @module
 */
import type { SnapshotPart, WireEvent } from "./wire_types.ts";

/** Keeps the parts of one snapshot until it is whole. */
export class SnapshotBuilder {
  #events: WireEvent[] | undefined;
  #key = "";

  /** Whether a part has come, but not the last one. */
  get isOpen(): boolean {
    return this.#events !== undefined;
  }

  /** Takes a part; one of another snapshot begins that one. @returns Whether it is whole. */
  add({ epoch, seq, events, last }: SnapshotPart): boolean {
    const key = `${seq} ${epoch}`;
    if (this.#events === undefined || key !== this.#key) this.#events = [];
    this.#key = key;
    for (const event of events) this.#events.push(event);
    return last === true;
  }

  /** Hands over what is whole. */
  take(): readonly WireEvent[] {
    const events = this.#events ?? [];
    this.clear();
    return events;
  }

  /** Forgets a snapshot that was cut off. */
  clear(): void {
    this.#events = undefined;
  }
}
