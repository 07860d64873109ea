/**
 * Sessions: what a page holds instead of a key, as a cookie that its scripts cannot read.
 *
 * A token is the random id of a session and a signature over the id and what the session is bound
 * to. The table keeps the digests of ids alone: who can read it, but not the secret, has no session.
 *
 * @module
 */
import { createHmac, hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../ports.ts";
import { SteadyTime } from "../steady_time.ts";
import type { Grant, LimitReached } from "./grant.ts";

/** How long a session counts after its last use, in ms. */
export const SESSION_MILLIS = 43_200_000;

/** Random bytes of an id. */
const ID_BYTES = 24;

/** Longest text that can be a token, in characters. */
const MAX_TOKEN_LENGTH = 128;

/** A use so soon after the one that was kept last is not written to the disk again, in ms. */
const KEPT_USE_MILLIS = 60_000;

/** What a session is bound to. */
export type Bound = Required<Pick<Grant, "name" | "secretId">>;

/** A session as it is kept. */
export interface StoredSession extends Bound {
  /** The digest of its id. */
  readonly digest: string;
  /** Until when it counts unless it is used, epoch ms. */
  readonly expiresAt: number;
}

/** A session that counts. */
export interface Session {
  /** Its public id, for connections that were made from it. */
  readonly id: string;
  /** Whose rights it carries. */
  readonly grant: Bound;
  /** Until when it counts unless it is used, epoch ms. */
  readonly expiresAt: number;
}

/** What sessions are made with. */
export interface SessionsOptions {
  /** Time. */
  readonly clock: Clock;
  /** What tokens are signed with. */
  readonly secret: Uint8Array;
  /** How many there may be of one key, and in all. */
  readonly limits: { readonly perKey: number; readonly all: number };
  /** Those of earlier processes. */
  readonly restored?: readonly StoredSession[];
  /** Told that the table has changed; `urgent` when a session has ended. */
  readonly onChange?: (urgent: boolean) => void;
}

/** Knows what the table of sessions does not. */
export interface SessionJudge {
  /** Whether a session whose time is over has connections: then it is in use, and goes on. */
  readonly isInUse: (session: Session) => boolean;
  /** The ids of all sessions that have connections. */
  readonly inUse: () => ReadonlySet<string>;
  /** Whether a secret counts still: sessions of others make room. */
  readonly isValid: (grant: Bound) => boolean;
}

interface Entry extends Bound {
  readonly digest: string;
  /** The public id. */
  readonly id: string;
  expiresAt: number;
  keptExpiresAt: number;
}

/** See the module. */
export class Sessions {
  readonly #steady: SteadyTime;
  readonly #secret: Uint8Array;
  readonly #limits: SessionsOptions["limits"];
  readonly #onChange: (urgent: boolean) => void;
  /** By the digest of the id. */
  readonly #entries = new Map<string, Entry>();
  /** By the public id. */
  readonly #byId = new Map<string, Entry>();
  #judge: SessionJudge = {
    isInUse: () => false,
    inUse: () => new Set(),
    isValid: () => true,
  };

  /** Begins with the sessions of earlier processes. */
  constructor(options: SessionsOptions) {
    const { clock, secret, limits, restored = [], onChange = () => {} } = options;
    this.#steady = new SteadyTime(clock);
    this.#secret = secret;
    this.#limits = limits;
    this.#onChange = onChange;
    const latest = this.#steady.now() + SESSION_MILLIS;
    for (const { digest, name, secretId, expiresAt } of restored) {
      // The clock may have been set back since: no session counts longer than a new one.
      const until = Math.min(expiresAt, latest);
      this.#add({ digest, name, secretId, expiresAt: until });
    }
  }

  /** Sessions that are remembered; those whose time is over may still count. */
  get size(): number {
    return this.#entries.size;
  }

  /** Says who knows what the table does not. */
  judgeBy(judge: SessionJudge): void {
    this.#judge = judge;
  }

  /** Begins a session, or says which limit forbids it. */
  begin(
    { name, secretId }: Bound,
  ): { readonly token: string; readonly session: Session } | LimitReached {
    const reached = this.#limitReached(name);
    if (reached !== undefined) return reached;
    const id = randomBytes(ID_BYTES).toString("base64url");
    const expiresAt = this.#steady.now() + SESSION_MILLIS;
    const digest = digestOf(id);
    const entry = this.#add({ digest, name, secretId, expiresAt });
    this.#onChange(false);
    return { token: `${id}.${this.#sign(id, entry)}`, session: describe(entry) };
  }

  /**
   * The session of a token, which this use prolongs.
   *
   * @returns Why there is none: `unknown` for what was never a session here or was ended, `expired`
   *   for one that was not used for too long.
   */
  use(token: string): Session | "unknown" | "expired" {
    const entry = this.#find(token);
    if (entry === undefined) return "unknown";
    if (this.#isOver(entry)) {
      this.#forget(entry);
      this.#onChange(false);
      return "expired";
    }
    entry.expiresAt = this.#steady.now() + SESSION_MILLIS;
    if (entry.expiresAt - entry.keptExpiresAt >= KEPT_USE_MILLIS) {
      entry.keptExpiresAt = entry.expiresAt;
      this.#onChange(false);
    }
    return describe(entry);
  }

  /** Whether a session counts still, by its public id. */
  isLive(id: string): boolean {
    const entry = this.#byId.get(id);
    return entry !== undefined && !this.#isOver(entry);
  }

  /** Ends the session of a token; `undefined` when there is none. */
  end(token: string): Session | undefined {
    const entry = this.#find(token);
    if (entry === undefined) return undefined;
    this.#forget(entry);
    this.#onChange(true);
    return describe(entry);
  }

  /**
   * Prolongs the sessions that have connections. To be called from time to time where sessions outlive
   * the process: the next one does not know who was connected.
   */
  prolongInUse(): void {
    const inUse = this.#judge.inUse();
    if (inUse.size === 0) return;
    const expiresAt = this.#steady.now() + SESSION_MILLIS;
    for (const entry of this.#entries.values()) {
      if (inUse.has(entry.id)) entry.expiresAt = entry.keptExpiresAt = expiresAt;
    }
    this.#onChange(false);
  }

  /** Those that a later process goes on with. */
  toStore(): StoredSession[] {
    return [...this.#entries.values()].filter((entry) => !this.#isOver(entry))
      .map(({ digest, name, secretId, expiresAt }) => ({ digest, name, secretId, expiresAt }));
  }

  #add(stored: StoredSession): Entry {
    const { digest, expiresAt } = stored;
    const id = hash("sha256", digest).slice(0, 16);
    const entry = { ...stored, id, keptExpiresAt: expiresAt };
    this.#entries.set(digest, entry);
    this.#byId.set(id, entry);
    return entry;
  }

  #forget({ digest, id }: Entry): void {
    this.#entries.delete(digest);
    this.#byId.delete(id);
  }

  #limitReached(name: string): LimitReached | undefined {
    const { perKey, all } = this.#limits;
    const isFull = (): LimitReached | undefined => {
      const ofKey = this.#entries.values().filter((entry) => entry.name === name);
      if (ofKey.reduce((count) => count + 1, 0) >= perKey) return "key";
      return this.#entries.size >= all ? "all" : undefined;
    };
    if (isFull() === undefined) return undefined;
    for (const entry of this.#entries.values()) {
      if (this.#isOver(entry) || !this.#judge.isValid(entry)) this.#forget(entry);
    }
    return isFull();
  }

  /** Looked up by digest; the signature is compared in constant time. */
  #find(token: string): Entry | undefined {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const [id = "", signature = "", ...rest] = token.split(".");
    if (id === "" || rest.length > 0) return undefined;
    const entry = this.#entries.get(digestOf(id));
    if (entry === undefined) return undefined;
    const expected = new TextEncoder().encode(this.#sign(id, entry));
    const given = new TextEncoder().encode(signature);
    return given.length === expected.length && timingSafeEqual(given, expected) ? entry : undefined;
  }

  #sign(id: string, { name, secretId }: Bound): string {
    const bound = JSON.stringify([id, name, secretId]);
    return createHmac("sha256", this.#secret).update(bound).digest("base64url");
  }

  #isOver(entry: Entry): boolean {
    return entry.expiresAt <= this.#steady.now() && !this.#judge.isInUse(describe(entry));
  }
}

function describe({ id, name, secretId, expiresAt }: Entry): Session {
  return { id, grant: { name, secretId }, expiresAt };
}

function digestOf(id: string): string {
  return hash("sha256", id, "base64url");
}
