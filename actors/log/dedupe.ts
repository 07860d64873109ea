/**
 * Remembers the identities of recent events, so that a publisher's retry is harmless.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Channel } from "../../protocol/channels.ts";
import type { Submission } from "../../protocol/publish.ts";
import { BoundedMap } from "../bounded_map.ts";
import type { Clock, StoredIdentity } from "../ports.ts";

/** Most identities remembered; beyond it the oldest is forgotten before its window ends. */
export const MAX_IDENTITIES = 1_000_000;

/** Most bytes of memory for identities (256 MiB); beyond it as with {@link MAX_IDENTITIES}. */
export const MAX_IDENTITY_BYTES = 268_435_456;

/**
 * What an identity costs beside its characters, in bytes: the entry of the map, what is remembered
 * and its digest. A million identities of 53 characters hold 239 MB of heap, of 128 223 MB.
 */
const OVERHEAD_BYTES = 176;

/** Longest key that is kept as it is, in characters; a longer one is replaced by its digest. */
const MAX_PLAIN_KEY = 96;

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
  /** By identity, in the order in which they expire. */
  readonly #entries: BoundedMap<string, Remembered>;

  /**
   * Starts empty.
   *
   * @param windowSeconds How long an identity is remembered; 0 remembers none.
   */
  constructor(
    windowSeconds: number,
    { maxIdentities = MAX_IDENTITIES, maxBytes = MAX_IDENTITY_BYTES } = {},
  ) {
    this.#windowMillis = windowSeconds * 1_000;
    this.#entries = new BoundedMap({
      maxEntries: maxIdentities,
      maxWeight: maxBytes,
      weigh: (_, identity) => OVERHEAD_BYTES + identity.length,
    });
  }

  /** Identities remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** About how much memory they take, in bytes. */
  get bytes(): number {
    return this.#entries.weight;
  }

  /** What is known of an identity at `now` (monotonic ms). */
  find(identity: string, now: number): Remembered | undefined {
    const entry = this.#entries.get(identity);
    return entry !== undefined && entry.expiresAt > now ? entry : undefined;
  }

  /** Remembers an identity from `now` on. */
  remember(identity: string, digest: string, seq: number, now: number): void {
    this.#entries.set(identity, { digest, seq, expiresAt: now + this.#windowMillis });
    for (const [oldest, { expiresAt }] of this.#entries) {
      if (expiresAt > now) break;
      this.forget(oldest);
    }
  }

  /**
   * Remembers an identity of an earlier process, in the order in which they were given.
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

/**
 * The key of an event's identity: NUL cannot stand in a principal's or a channel's name. Long ones,
 * and those that need two bytes a character, are replaced by a digest of 44 characters; a principal
 * is longer than none, so no plain key begins with the NUL that marks a digest.
 */
export function identityKey(principal: string, channel: Channel, eventId: string): string {
  const key = `${principal}\0${channel}\0${eventId}`;
  if (key.length <= MAX_PLAIN_KEY && isLatin1(key)) return key;
  return `\0${createHash("sha256").update(key).digest("base64")}`;
}

/** Whether a text takes one byte a character. */
function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}

/** Digest of what was published; collisions would take a forged payload of the same publisher. */
export function digestOf(identity: NonNullable<Submission["identity"]>): string {
  return createHash("sha256").update(identity.payload).digest("base64");
}

/** The window of an earlier process, as far as it is known. */
export function recoverDedupe(
  identities: readonly StoredIdentity[],
  windowSeconds: number,
  clock: Clock,
): DedupeWindow {
  const dedupe = new DedupeWindow(windowSeconds);
  const now = clock.now();
  const epochMillis = clock.epochMillis();
  const windowMillis = windowSeconds * 1_000;
  for (const { principal, channel, eventId, digest, seq, expiresAt } of identities) {
    const key = identityKey(principal, channel, eventId);
    const remaining = expiresAt - epochMillis;
    // Outside of its window either the gateway was down for long or a clock was set. In doubt it is
    // remembered: a retry that is stored twice is worse than one that is recognised late.
    const plausible = remaining > 0 && remaining <= windowMillis;
    dedupe.restore(key, digest, seq, now, plausible ? remaining : windowMillis);
  }
  return dedupe;
}
