/**
 * An engine in a thread of its own, which is replaced when it is lost.
 *
 * A thread that ends takes its answers with it, but not what it committed: SQLite keeps a
 * transaction whole or not at all. So a new thread opens the file, and the file is asked what became
 * of a commit whose answer is missing. A stored batch is
 * never reported as not stored.
 *
 * @module
 */
import type { Channel } from "../../../protocol/channels.ts";
import type { StoredEvent } from "../../ports.ts";
import type { EngineOptions } from "./engine.ts";
import type { CallName, EngineCalls } from "./engine_calls.ts";
import { StoreError } from "./errors.ts";
import type { FileId } from "./file_guard.ts";
import { type EngineThread, startThread } from "./engine_thread.ts";

/** What tests and operators need to know of threads. */
export interface HostOptions {
  /** The module of the threads; that of this folder when absent. */
  readonly module?: URL | undefined;
  /** Told that a thread was lost, when another takes over. */
  readonly onLost?: ((why: StoreError) => void) | undefined;
}

/** See the module. */
export class EngineHost {
  readonly #options: EngineOptions;
  readonly #host: HostOptions;
  readonly #file: FileId | undefined;
  #thread: Promise<EngineThread>;
  #disposed = false;
  #failure: StoreError | undefined;

  private constructor(
    options: EngineOptions,
    host: HostOptions,
    thread: EngineThread,
    file: FileId | undefined,
  ) {
    this.#options = options;
    this.#host = host;
    this.#file = file;
    this.#thread = Promise.resolve(thread);
  }

  /**
   * Starts the first thread and opens an engine in it.
   *
   * @throws {StoreError} What opening throws.
   */
  static async start(options: EngineOptions, host: HostOptions = {}): Promise<EngineHost> {
    const thread = await startThread(options, host.module);
    return new EngineHost(options, host, thread, await thread.call("file"));
  }

  /**
   * Calls a method. Calls are carried out in the order in which they come.
   *
   * @throws {StoreError} What the method throws; `lost` when the thread ended and what was called was
   * not done.
   */
  async call<Name extends CallName>(
    name: Name,
    ...args: Parameters<EngineCalls[Name]>
  ): Promise<ReturnType<EngineCalls[Name]>> {
    const thread = await this.#living();
    try {
      return await thread.call(name, ...args);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "lost") throw error;
      if (name !== "commit") return await (await this.#living()).call(name, ...args);
      if (await this.#wasStored(args[0] as readonly StoredEvent[])) {
        return undefined as ReturnType<EngineCalls[Name]>;
      }
      throw error;
    }
  }

  /** Ends the thread. */
  dispose(): void {
    this.#disposed = true;
    this.#thread.then((thread) => thread.dispose(), () => {});
  }

  /** The thread; a new one when the last was lost. */
  async #living(): Promise<EngineThread> {
    if (this.#failure !== undefined) throw this.#failure;
    const known = this.#thread;
    // Nobody else replaces it meanwhile: a replacement is set before the first of them waits.
    const thread = await known.catch(() => undefined);
    if (thread !== undefined && (thread.lost === undefined || this.#disposed)) return thread;
    if (this.#thread === known) {
      if (thread?.lost !== undefined) this.#host.onLost?.(thread.lost);
      thread?.dispose();
      this.#thread = startThread(this.#resuming(), this.#host.module);
      this.#thread.catch(() => {});
    }
    return await this.#thread;
  }

  #resuming(): EngineOptions {
    return { ...this.#options, resumes: this.#file ?? { dev: 0, ino: null } };
  }

  /**
   * Whether the file holds a batch, which it holds whole or not at all.
   *
   * @throws {StoreError} When that cannot be told; nothing is taken any more then, as numbers that
   * were not given out may be in use.
   */
  async #wasStored(batch: readonly StoredEvent[]): Promise<boolean> {
    try {
      const { extents } = await (await this.#living()).call("opened");
      const last = batch.at(-1);
      return last === undefined || extents.get(last.channel as Channel)!.seq >= last.seq;
    } catch (error) {
      const message =
        "the thread of the store ended during a commit and the file cannot be opened " +
        `again (${(error as Error).message}); restart the gateway`;
      this.#failure = new StoreError("lost", message, { cause: error });
      throw this.#failure;
    }
  }
}
