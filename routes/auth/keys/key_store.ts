/**
 * The keys in force: those of the configuration and those of the keys file, which is read again when
 * it changes.
 *
 * The file is polled, as watching it misses renames and the symbolic links that Kubernetes swaps. It
 * is taken over as a whole or not at all: while it is broken, or gone, the keys before it stay.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { type Actor, FILE_PRINCIPAL } from "../../../actors/audit/audit_log.ts";
import type { Clock, Logger } from "../../../actors/ports.ts";
import { compareKeys, type KeyChange } from "../../../protocol/keys/changes.ts";
import { formatKeys } from "../../../protocol/keys/document.ts";
import { type KeyEdit, KeyError } from "../../../protocol/keys/edits.ts";
import { isExpired, type KeyRecord } from "../../../protocol/keys/record.ts";
import type { ApiKey, KeyStore } from "../api_keys.ts";
import { keysOf, readKeys } from "./edit_keys_file.ts";
import { KeyTable } from "./key_table.ts";
import type { FileStamp, KeysFile } from "./keys_file.ts";

/** Time between two checks of the file, in ms: revocation must take effect within a second. */
export const POLL_MILLIS = 250;

/**
 * How young a change must be for the next one to have the same time, in ms: file systems count time in
 * steps of up to 2 s. Until then the file is read at every check.
 */
const SAME_TIME_MILLIS = 2_000;

/** Most changes of one reading that get a line of their own in the log. */
const MAX_CHANGE_LINES = 100;

/** Stands for the digest of a file that is not there. */
const GONE = "";

/** Rights of group and others. */
const OTHERS_MODE = 0o077;

/** Who changed keys where it was not a request: whoever wrote the file. */
const BY_FILE: Actor = { principal: FILE_PRINCIPAL };

/**
 * Hears what changed, and by whom: a principal, or {@link FILE_PRINCIPAL}.
 *
 * @param keys The keys after it.
 */
export type KeyChangeListener = (
  changes: readonly KeyChange[],
  by: Actor,
  keys: readonly KeyRecord[],
) => void;

/** What {@link FileKeyStore} works with. */
export interface FileKeyStoreDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where it is written what changed. */
  readonly log: Logger;
  /** The keys file. */
  readonly file: KeysFile;
  /** Keys that are not in the file and do not change. */
  readonly fixed: readonly ApiKey[];
  /** The keys of the file when it was last read by an earlier process; none when unknown. */
  readonly before?: readonly KeyRecord[] | undefined;
}

/** The keys in force. */
export class FileKeyStore implements KeyStore {
  readonly #deps: FileKeyStoreDeps;
  readonly #listeners = new Set<() => void>();
  #keys: readonly KeyRecord[];
  #table: KeyTable;
  #stamp: FileStamp | undefined;
  /** Digest of the text that was read last, whether it was taken over or not. */
  #seen: string | undefined;
  /** What was found broken once, and may have been read while it was written. */
  #doubtful: string | undefined;
  /** Why the file is not in force; said once. */
  #fault: string | undefined;
  #expiresAt = Infinity;
  #timer: unknown;
  #stopped = false;
  #recorder: KeyChangeListener | undefined;
  /** What changed before somebody recorded it: since the last start. */
  #unrecorded: readonly KeyChange[] = [];
  /** Readings and edits come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(deps: FileKeyStoreDeps) {
    this.#deps = deps;
    this.#keys = deps.before ?? [];
    this.#table = new KeyTable(deps.fixed, []);
  }

  /**
   * Reads the file and begins to poll it. A file that is empty or does not exist has no keys.
   *
   * @throws {KeyError} `KEYS_FILE_INVALID` when the file is broken: there are no keys to stay in force.
   */
  static async open(deps: FileKeyStoreDeps): Promise<FileKeyStore> {
    const store = new FileKeyStore(deps);
    const { file, log } = deps;
    store.#stamp = await file.stat();
    const text = await file.read();
    store.#seen = text === undefined ? GONE : digestOf(text);
    const keys = keysOf(text, file.path);
    if (deps.before === undefined) store.#keys = keys; // Nobody knows what changed.
    store.#adopt(keys, BY_FILE);
    const { path } = file;
    if (store.#stamp !== undefined) log.info("keys read", { path, keys: keys.length });
    const { mode = 0 } = store.#stamp ?? {};
    if ((mode & OTHERS_MODE) !== 0) {
      const advice = `chmod 600 ${path}`;
      log.warn("other users may use the keys file", { mode: (mode & 0o777).toString(8), advice });
    }
    store.#arm();
    return store;
  }

  /** The keys of the file that are in force, expired ones included. */
  get keys(): readonly KeyRecord[] {
    return this.#keys;
  }

  /** {@inheritDoc KeyStore.find} */
  find(secret: string): ApiKey | undefined {
    return this.#table.find(hash("sha256", secret, "hex"), this.#deps.clock.epochMillis());
  }

  /** {@inheritDoc KeyStore.current} */
  current(name: string, secretId: string): ApiKey | undefined {
    return this.#table.current(name, secretId, this.#deps.clock.epochMillis());
  }

  /** {@inheritDoc KeyStore.onChange} */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Records what changes from now on, and what has changed since the last start. */
  recordChanges(recorder: KeyChangeListener): void {
    this.#recorder = recorder;
    if (this.#unrecorded.length > 0) recorder(this.#unrecorded, BY_FILE, this.#keys);
    this.#unrecorded = [];
  }

  /** Reads the file whether it seems to have changed or not, as for SIGHUP. Never rejects. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#read(true));
  }

  /**
   * Edits the file and takes the result over before it returns.
   *
   * @param by The principal who asks for it.
   * @throws {KeyError} When the edit cannot be made, or the file cannot be read or replaced.
   */
  edit(by: Actor, edit: KeyEdit): Promise<void> {
    const { file } = this.#deps;
    return this.#inTurn(() =>
      file.locked(async () => {
        const text = await file.read();
        const present = keysOf(text, file.path);
        this.#adopt(present, BY_FILE);
        const keys = edit(present);
        const next = formatKeys(keys);
        await file.replace(next);
        this.#stamp = await file.stat();
        this.#seen = digestOf(next);
        this.#fault = undefined;
        this.#adopt(keys, by);
      })
    );
  }

  /** Ends the polling. */
  stop(): void {
    this.#stopped = true;
    this.#deps.clock.clearTimeout(this.#timer);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock } = this.#deps;
    this.#timer = clock.setTimeout(() => {
      void this.#inTurn(() => this.#read(false)).then(() => this.#arm());
      this.#expire();
    }, POLL_MILLIS);
  }

  /** Reports keys that have expired. They are not found any more, with or without a listener. */
  #expire(): void {
    const now = this.#deps.clock.epochMillis();
    if (now < this.#expiresAt) return;
    for (const key of this.#keys) {
      const { name, expiresAt } = key;
      if (expiresAt !== undefined && Date.parse(expiresAt) === this.#expiresAt) {
        this.#deps.log.info("key expired", { name, expiresAt });
      }
    }
    this.#expiresAt = nextExpiry(this.#keys, now);
    this.#notify();
  }

  /** Reads the file if it has changed, and takes it over if it is sound. Never rejects. */
  async #read(always: boolean): Promise<void> {
    const { file, clock } = this.#deps;
    try {
      const stamp = await file.stat();
      const isYoung = stamp !== undefined &&
        Math.abs(clock.epochMillis() - stamp.changedAt) < SAME_TIME_MILLIS;
      const isSame = stamp?.identity === this.#stamp?.identity;
      if (isSame && !isYoung && !always && this.#doubtful === undefined) return;
      const text = stamp === undefined ? undefined : await file.read();
      this.#stamp = stamp;
      const digest = text === undefined ? GONE : digestOf(text);
      if (digest !== this.#seen || always) this.#take(text, digest, isYoung && !always);
    } catch (error) {
      this.#reject(`${file.path} cannot be read: ${(error as Error).message}`);
    }
  }

  /**
   * Takes a text over.
   *
   * @param isYoung Whether somebody may be writing it still: a fault counts at the second look.
   */
  #take(text: string | undefined, digest: string, isYoung: boolean): void {
    const { file, log } = this.#deps;
    try {
      const keys = text === undefined ? this.#missing() : readKeys(text, file.path);
      if (this.#fault !== undefined) log.info("keys file accepted again", { keys: keys.length });
      this.#fault = undefined;
      this.#adopt(keys, BY_FILE);
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      const isFirst = this.#doubtful !== digest;
      if (isFirst && (isYoung || text === undefined)) {
        this.#doubtful = digest;
        return;
      }
      this.#reject(error.message);
    }
    this.#seen = digest;
    this.#doubtful = undefined;
  }

  #missing(): readonly KeyRecord[] {
    if (this.#keys.length === 0) return [];
    const { path } = this.#deps.file;
    throw new KeyError(
      "KEYS_FILE_INVALID",
      `${path} is gone; to revoke every key, write one without keys`,
    );
  }

  #reject(message: string): void {
    if (message === this.#fault) return;
    this.#fault = message;
    const { keys } = this;
    this.#deps.log.error("keys file refused; the keys before it stay in force", {
      fault: message,
      keys: keys.length,
    });
  }

  #adopt(keys: readonly KeyRecord[], by: Actor): void {
    const { fixed, clock } = this.#deps;
    const changes = compareKeys(this.#keys, keys);
    this.#keys = keys;
    this.#table = new KeyTable(fixed, keys, this.#table);
    this.#expiresAt = nextExpiry(keys, clock.epochMillis());
    if (changes.length === 0) return;
    this.#report(changes, by);
    if (this.#recorder === undefined) this.#unrecorded = [...this.#unrecorded, ...changes];
    else this.#recorder(changes, by, keys);
    this.#notify();
  }

  #report(changes: readonly KeyChange[], { principal: by }: Actor): void {
    const { log } = this.#deps;
    for (const { kind, ...rest } of changes.slice(0, MAX_CHANGE_LINES)) {
      log.info(`key ${kind}`, { ...rest, by });
    }
    const more = changes.length - MAX_CHANGE_LINES;
    if (more > 0) log.info("more keys changed", { count: more, by });
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function nextExpiry(keys: readonly KeyRecord[], now: number): number {
  let next = Infinity;
  for (const key of keys) {
    if (key.expiresAt !== undefined && !isExpired(key, now)) {
      next = Math.min(next, Date.parse(key.expiresAt));
    }
  }
  return next;
}

function digestOf(text: string): string {
  return hash("sha256", Buffer.from(text), "hex");
}
