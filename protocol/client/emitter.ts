/**
 * Handlers of users, kept apart from the client's own state.
 *
 * @module
 */

/** What becomes of an exception in a user's handler. */
export type HandlerErrorSink = (error: unknown) => void;

/** Writes it to the console: the program goes on, and its author learns of it. */
// deno-lint-ignore no-console -- a library has no other place to report a bug of its user
export const reportToConsole: HandlerErrorSink = (error) => console.error(error);

/** Calls handlers; whatever they do, neither the caller nor the other handlers notice. */
export class Emitter<Events> {
  readonly #handlers = new Map<keyof Events, Set<(event: never) => unknown>>();
  readonly #report: HandlerErrorSink;

  /** Has no handlers. @param report Receives what handlers throw, and what their promises are rejected with. */
  constructor(report: HandlerErrorSink) {
    this.#report = report;
  }

  /** Adds a handler; the result removes it. */
  on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => unknown): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    // The same function may be added twice, and removed once.
    const own = (event: Events[Name]) => handler(event);
    handlers.add(own);
    return () => void handlers.delete(own);
  }

  /** Calls every handler that is there at this moment. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const handlers = this.#handlers.get(name);
    if (handlers === undefined || handlers.size === 0) return;
    for (const handler of [...handlers]) {
      try {
        const result = handler(event as never);
        if (result instanceof Promise) result.catch((error) => this.#tell(error));
      } catch (error) {
        this.#tell(error);
      }
    }
  }

  #tell(error: unknown): void {
    try {
      this.#report(error);
    } catch {
      // The sink is a handler, too.
    }
  }
}
