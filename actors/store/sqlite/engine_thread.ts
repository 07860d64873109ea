/**
 * An engine in a worker, which may be lost.
 *
 * `node:sqlite` waits for the disk, and not for its syncs alone: a write waits as well while the file
 * system is busy with its journal. So no store runs in the thread of the event loop.
 *
 * The worker is loaded from its module. Deno asks for read permission on that and what it imports,
 * which the tasks grant (`actors/store`), and `deno compile` needs it named by `--include`, since it
 * does not follow the URL.
 *
 * @module
 */
import type { EngineOptions } from "./engine.ts";
import type { Call, CallName, EngineAnswer, EngineCalls } from "./engine_calls.ts";
import { packBatch, type PackedBatch } from "./packed_batch.ts";
import { StoreError, type StoreErrorCode } from "./errors.ts";

/** The module of the worker. */
const ENGINE_WORKER: URL = new URL("./engine_worker.ts", import.meta.url);

/**
 * Starts a worker and opens an engine in it.
 *
 * @throws {StoreError} What opening throws; `lost` when the worker does not start.
 */
export async function startThread(
  options: EngineOptions,
  module: URL = ENGINE_WORKER,
): Promise<EngineThread> {
  const thread = new EngineThread(module);
  try {
    await thread.open(options);
    return thread;
  } catch (error) {
    thread.dispose();
    throw error;
  }
}

/** See the module. Calls are carried out in the order in which they come. */
export class EngineThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #failure: StoreError | undefined;

  /** Starts the worker. */
  constructor(module: URL) {
    this.#worker = new Worker(module, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<EngineAnswer>) => this.#settle(data);
    this.#worker.onmessageerror = () => this.#lose("it sent what cannot be read");
    this.#worker.onerror = (event) => {
      event.preventDefault(); // Else it ends the process.
      this.#lose(event.message);
    };
  }

  /** Why the worker has ended by itself; `undefined` while it lives. */
  get lost(): StoreError | undefined {
    return this.#failure?.code === "lost" ? this.#failure : undefined;
  }

  /** Makes the engine. */
  async open(options: EngineOptions): Promise<void> {
    await this.#post("open", [options]);
  }

  /**
   * Calls a method.
   *
   * @throws {StoreError} What the method throws; `lost` when the thread has ended.
   */
  async call<Name extends CallName>(
    name: Name,
    ...args: Parameters<EngineCalls[Name]>
  ): Promise<ReturnType<EngineCalls[Name]>> {
    const packed = name === "commit" ? pack(args as Parameters<EngineCalls["commit"]>) : args;
    return await this.#post(name, packed) as ReturnType<EngineCalls[Name]>;
  }

  /** Ends the thread. */
  dispose(): void {
    this.#worker.terminate();
    this.#fail(new StoreError("closed", "the store is closed"));
  }

  #post(name: Call["name"], args: readonly unknown[]): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const answer = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, answer);
    this.#worker.postMessage({ id: this.#lastId, name, args } satisfies Call);
    return answer.promise;
  }

  #settle(answer: EngineAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.result);
    else waiting?.reject(toError(answer.code, answer.message));
  }

  #lose(why: string): void {
    this.#fail(new StoreError("lost", `the thread of the store ended: ${why}`));
  }

  #fail(failure: StoreError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }
}

function pack([batch, identities]: Parameters<EngineCalls["commit"]>): [PackedBatch] {
  return [packBatch(batch, identities)];
}

function toError(code: StoreErrorCode | "permission", message: string): Error {
  return code === "permission"
    ? new Deno.errors.NotCapable(message)
    : new StoreError(code, message);
}
