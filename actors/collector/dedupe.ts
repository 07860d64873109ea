/**
 * Remembers the identities of recent events, so that a publisher's retry is harmless.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Channel } from "../../protocol/channels.ts";
import type { Submission } from "../../protocol/publish.ts";

/** Most identities remembered; beyond it the oldest is forgotten before its window ends. */
export const MAX_IDENTITIES = 1_000_000;

/** What is remembered of an event. */
export interface Remembered {
  /** Digest of what was published under the identity. */
  readonly digest: string;
  /** The number it was given. */
  readonly seq: number;
  /** When it is forgotten, monotonic ms. */
  readonly expiresAt: number;
}

/** A window of identities, unique per principal and channel. */
export class DedupeWindow {
  readonly #windowMillis: number;
  readonly #entries = new Map<string, Remembered>();

  /**
   * Starts empty.
   *
   * @param windowSeconds How long an identity is remembered; 0 remembers none.
   */
  constructor(windowSeconds: number) {
    this.#windowMillis = windowSeconds * 1_000;
  }

  /** Identities remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** What is known of an identity at `now` (monotonic ms). */
  find(identity: string, now: number): Remembered | undefined {
    const entry = this.#entries.get(identity);
    return entry !== undefined && entry.expiresAt > now ? entry : undefined;
  }

  /** Remembers an identity from `now` on. */
  remember(identity: string, digest: string, seq: number, now: number): void {
    this.#entries.delete(identity); // Insertion order is the order of expiry.
    this.#entries.set(identity, { digest, seq, expiresAt: now + this.#windowMillis });
    for (const [oldest, entry] of this.#entries) {
      if (entry.expiresAt > now && this.#entries.size <= MAX_IDENTITIES) break;
      this.#entries.delete(oldest);
    }
  }

  /**
   * Remembers an identity of an earlier process.
   *
   * @param remainingMillis How long it has left, in ms; never longer than the window.
   */
  restore(
    identity: string,
    digest: string,
    seq: number,
    now: number,
    remainingMillis: number,
  ): void {
    const expiresAt = now + Math.min(remainingMillis, this.#windowMillis);
    this.#entries.set(identity, { digest, seq, expiresAt });
  }

  /** Forgets an identity whose event was not stored after all. */
  forget(identity: string): void {
    this.#entries.delete(identity);
  }
}

/** The key of an event's identity: NUL cannot stand in a principal's or a channel's name. */
export function identityKey(principal: string, channel: Channel, eventId: string): string {
  return `${principal}\0${channel}\0${eventId}`;
}

/** Digest of what was published; collisions would take a forged payload of the same publisher. */
export function digestOf(identity: NonNullable<Submission["identity"]>): string {
  return createHash("sha256").update(identity.payload).digest("base64");
}
