/**
 * What sessions need to outlive the process: the secret that tokens are signed with, and the table,
 * in two files of the data directory that only its owner can read.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import type { Clock, Logger } from "../ports.ts";
import { makePrivateDirectory, removeIfPresent, writePrivateFile } from "../store/private_files.ts";
import type { StoredSession } from "./sessions.ts";

/** The file of the secret. */
export const SESSION_SECRET_FILE = "session.secret";

/** The file of the table. */
export const SESSIONS_FILE = "sessions.json";

/** Bytes of the secret. */
export const SESSION_SECRET_BYTES = 32;

/** Least time between two writes of the table, in ms; changes in between are collected. */
export const WRITE_AFTER_MILLIS = 250;

const Table = z.object({
  sessions: z.array(z.object({
    digest: z.string().min(1).max(64),
    name: z.string().max(256),
    secretId: z.string().max(64),
    expiresAt: z.number(),
  })),
});

/** What was found in the data directory. */
export interface RestoredSessions {
  /** What tokens are signed with. */
  readonly secret: Uint8Array;
  /** The table. */
  readonly sessions: readonly StoredSession[];
}

/** Makes a secret. */
export function newSessionSecret(): Uint8Array {
  return new Uint8Array(randomBytes(SESSION_SECRET_BYTES));
}

/**
 * Reads the secret and the table, or makes a secret. A table that cannot be read costs its sessions:
 * people sign in again.
 *
 * @throws {Error} When the secret can neither be read nor made.
 */
export function restoreSessions(dataDir: string, log: Logger): RestoredSessions {
  const path = join(dataDir, SESSION_SECRET_FILE);
  const kept = readIfPresent(path);
  const secret = kept === undefined ? undefined : fromHex(kept);
  if (secret?.length === SESSION_SECRET_BYTES) {
    return { secret, sessions: readTable(join(dataDir, SESSIONS_FILE), log) };
  }
  if (kept !== undefined) log.warn("the secret of sessions was damaged; all have ended", { path });
  makePrivateDirectory(dataDir);
  removeIfPresent(path);
  removeIfPresent(join(dataDir, SESSIONS_FILE)); // Nobody can hold a valid token of these.
  const made = newSessionSecret();
  writePrivateFile(path, `${toHex(made)}\n`);
  return { secret: made, sessions: [] };
}

/**
 * Writes the table when it has changed: at once, so that who has just signed in stays signed in over a
 * kill, but not more often than {@link WRITE_AFTER_MILLIS} unless a session has ended.
 */
export class SessionsWriter {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #path: string;
  readonly #table: () => readonly StoredSession[];
  #timer: unknown;
  #writtenAt = -Infinity;
  #failing = false;

  /** Writes what `table` returns. */
  constructor(clock: Clock, log: Logger, dataDir: string, table: () => readonly StoredSession[]) {
    this.#clock = clock;
    this.#log = log;
    this.#path = join(dataDir, SESSIONS_FILE);
    this.#table = table;
  }

  /** The table has changed. What has ended must not come back after a kill, and is written at once. */
  changed(urgent: boolean): void {
    const elapsed = this.#clock.now() - this.#writtenAt;
    if (urgent || elapsed >= WRITE_AFTER_MILLIS) return this.flush();
    this.#timer ??= this.#clock.setTimeout(() => this.flush(), WRITE_AFTER_MILLIS - elapsed);
  }

  /** Writes now; a failure is logged once, and tried again with the next change. */
  flush(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writtenAt = this.#clock.now();
    const partial = `${this.#path}.partial`;
    try {
      removeIfPresent(partial);
      writePrivateFile(partial, JSON.stringify({ sessions: this.#table() }));
      Deno.renameSync(partial, this.#path);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        const message = "sessions cannot be written down: after a restart people sign in again, " +
          "and what was signed out may count again";
        this.#log.error(message, { path: this.#path, error: String(error) });
      }
      this.#failing = true;
    }
  }

  /** Writes what is not written yet. */
  stop(): void {
    if (this.#timer !== undefined || this.#failing) this.flush();
  }
}

function readTable(path: string, log: Logger): readonly StoredSession[] {
  const text = readIfPresent(path);
  if (text === undefined) return [];
  try {
    return Table.parse(JSON.parse(text)).sessions;
  } catch {
    log.warn("the table of sessions cannot be read; all have ended", { path });
    return [];
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  const pairs = /^(?:[0-9a-f]{2})+$/.test(text) ? text.match(/../g)! : [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}
