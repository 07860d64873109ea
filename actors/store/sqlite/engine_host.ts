/**
 * Where an engine runs: in this thread, or in a worker.
 *
 * In this thread a commit of `process` durability takes some 20 µs and waits for no disk. A commit of
 * `power` durability waits for one, so that its engine lives in a worker.
 *
 * The worker is loaded from its module. Deno asks for read permission on that and what it imports,
 * which the tasks grant (`actors/store`), and `deno compile` needs it named by `--include`, since it
 * does not follow the URL.
 *
 * @module
 */
import { Engine, type EngineOptions } from "./engine.ts";
import type { Answer, Call, CallName, EngineCalls } from "./engine_calls.ts";
import { StoreError } from "./errors.ts";

/** An engine that can be called from here. Calls are carried out in the order in which they come. */
export interface EngineHost {
  /**
   * Calls a method.
   *
   * @throws {StoreError} What the method throws.
   */
  call<Name extends CallName>(
    name: Name,
    ...args: Parameters<EngineCalls[Name]>
  ): Promise<ReturnType<EngineCalls[Name]>>;
  /** Releases the thread. */
  dispose(): void;
}

/** An engine in this thread. Calls are carried out before `call` returns. */
export function hostInThread(options: EngineOptions): EngineHost {
  const engine: EngineCalls = new Engine(options);
  return {
    // Async, so that what is thrown rejects.
    // deno-lint-ignore require-await
    call: async (name, ...args) => invoke(engine, name, args),
    dispose: () => {},
  };
}

/** Calls a method by its name. */
export function invoke<Name extends CallName>(
  engine: EngineCalls,
  name: Name,
  args: Parameters<EngineCalls[Name]>,
): ReturnType<EngineCalls[Name]> {
  const method = engine[name] as (...args: unknown[]) => ReturnType<EngineCalls[Name]>;
  return method.apply(engine, args);
}

/** Starts a worker and opens an engine in it. */
export async function hostInWorker(options: EngineOptions): Promise<EngineHost> {
  const host = new WorkerHost();
  try {
    await host.post("open", [options]);
    return host;
  } catch (error) {
    host.dispose();
    throw error;
  }
}

class WorkerHost implements EngineHost {
  readonly #worker = new Worker(new URL("./engine_worker.ts", import.meta.url), { type: "module" });
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #failure: StoreError | undefined;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#settle(data);
    this.#worker.onerror = (event) => {
      event.preventDefault(); // Else it ends the process.
      this.#fail(new StoreError("internal", `the thread of the store failed: ${event.message}`));
    };
  }

  async call<Name extends CallName>(
    name: Name,
    ...args: Parameters<EngineCalls[Name]>
  ): Promise<ReturnType<EngineCalls[Name]>> {
    return await this.post(name, args) as ReturnType<EngineCalls[Name]>;
  }

  post(name: Call["name"], args: readonly unknown[]): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const answer = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, answer);
    this.#worker.postMessage({ id: this.#lastId, name, args } satisfies Call);
    return answer.promise;
  }

  dispose(): void {
    this.#worker.terminate();
    this.#fail(new StoreError("closed", "the store is closed"));
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.result);
    else waiting?.reject(new StoreError(answer.code, answer.message));
  }

  #fail(failure: StoreError): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }
}
