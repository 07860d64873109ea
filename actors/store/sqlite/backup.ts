/**
 * A backup as those who ask for it see it: progress, and then the bytes of a store.
 *
 * The copying is done in the thread of the store ({@link BackupCopy}), a step at a time, with pauses
 * in which commits come first. The finished copy is read here, slowly enough that the event loop has
 * time for its clients.
 *
 * @module
 */
import type { Channel } from "../../../protocol/channels.ts";
import type { BackupBegun } from "./engine.ts";
import type { EngineHost } from "./engine_host.ts";
import type { Extent } from "./reader.ts";

/** Shortest pause between two steps, in ms. */
const MIN_PAUSE_MILLIS = 4;

/** How long a pause is at least, in times of the step before: the thread stays mostly free. */
const PAUSE_FACTOR = 1.5;

/** Time between two messages of progress, in ms. */
const PROGRESS_MILLIS = 500;

/** Bytes of the finished copy that are read at once. */
const CHUNK_BYTES = 131_072;

/** Pause between two chunks, in ms: at most 64 MB/s. */
const CHUNK_PAUSE_MILLIS = 2;

/** What a backup yields: how far the copying is, then that it is whole, then its bytes. */
export type BackupPart =
  | { readonly kind: "progress"; readonly copied: number }
  | { readonly kind: "file"; readonly bytes: number; readonly damaged: number }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** A backup that has begun. It must be read to its end, or ended. */
export class Backup {
  /** Rows to copy, latest states not counted. */
  readonly rows: number;
  /** About the size of the result, in bytes. */
  readonly bytes: number;
  /** Where every channel begins and ends in it. */
  readonly extents: ReadonlyMap<Channel, Extent>;
  readonly #path: string;
  readonly #host: EngineHost;
  readonly #pause: (millis: number) => Promise<void>;

  private constructor(
    host: EngineHost,
    pause: (millis: number) => Promise<void>,
    begun: BackupBegun,
  ) {
    this.#host = host;
    this.#pause = pause;
    this.#path = begun.path;
    this.rows = begun.rows;
    this.bytes = begun.bytes;
    this.extents = begun.extents;
  }

  /** See `SqliteStore.backup`. */
  static async begin(
    host: EngineHost,
    pause: (millis: number) => Promise<void>,
  ): Promise<Backup> {
    return new Backup(host, pause, await host.call("beginBackup"));
  }

  /** Makes the copy and reads it. Whoever stops early leaves nothing behind either. */
  async *parts(): AsyncGenerator<BackupPart, void, void> {
    try {
      yield* this.#copy();
      const { bytes, damaged } = await this.#host.call("finishBackup");
      yield { kind: "file", bytes, damaged };
      yield* this.#read();
    } finally {
      await this.end();
    }
  }

  /** Removes what is left of it; needed when its parts are never read. Never rejects. */
  async end(): Promise<void> {
    // A store that is closing has removed it, and a next start would.
    await this.#host.call("endBackup").catch(() => {});
  }

  async *#copy(): AsyncGenerator<BackupPart, void, void> {
    yield { kind: "progress", copied: 0 };
    let told = performance.now();
    for (let done = false; !done;) {
      const startedAt = performance.now();
      const progress = await this.#host.call("stepBackup");
      const now = performance.now();
      if (now - told >= PROGRESS_MILLIS) {
        told = now;
        yield { kind: "progress", copied: progress.copied };
      }
      done = progress.done;
      await this.#pause(Math.max(MIN_PAUSE_MILLIS, (now - startedAt) * PAUSE_FACTOR));
    }
  }

  async *#read(): AsyncGenerator<BackupPart, void, void> {
    using file = await Deno.open(this.#path);
    while (true) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const count = await file.read(chunk);
      if (count === null) return;
      yield { kind: "bytes", bytes: chunk.subarray(0, count) };
      await this.#pause(CHUNK_PAUSE_MILLIS);
    }
  }
}
