/**
 * The listener, which is opened again when it is lost.
 *
 * When the process runs out of descriptors the runtime stops accepting for good while live
 * sockets go on. So a lost listener is opened again, with growing pauses, beside them, for as long as
 * anybody is connected.
 *
 * @module
 */
import type { Clock, Logger } from "../actors/ports.ts";

/** The first pause before listening again, in ms; it doubles up to {@link MAX_PAUSE_MILLIS}. */
const MIN_PAUSE_MILLIS = 100;

/** The longest pause between two attempts, in ms. */
const MAX_PAUSE_MILLIS = 5_000;

/** How long there may be neither a listener nor a client before the process should give up, in ms. */
const GIVE_UP_MILLIS = 60_000;

/** The part of a server that is watched. */
export interface Server {
  /** Settles when the server has stopped; rejects when its listener was lost. */
  readonly finished: Promise<void>;
  /** Stops accepting and waits for open requests. */
  shutdown(): Promise<void>;
}

/** What the listener works with. */
export interface ListenerDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where the loss and the return of the listener are written. */
  readonly log: Logger;
  /** Starts to listen; throws when the address cannot be had. */
  readonly listen: () => Server;
  /** Whether anybody is connected; asked before every attempt to listen again. */
  readonly hasClients: () => boolean;
  /** Called for every loss: also for one that follows at once on an attempt to come back. */
  readonly onLost: () => void;
  /** Called when there has been neither a listener nor a client for {@link GIVE_UP_MILLIS}. */
  readonly giveUp: () => void;
}

/** Keeps a server listening until it is closed. */
export class ResilientListener {
  readonly #deps: ListenerDeps;
  #server: Server;
  #closing = false;
  /** Whether there is no server at present. */
  #isLost = false;
  #timer: unknown;
  #listeningSince: number;
  /** When the last stable listener was lost, monotonic ms; `undefined` before the first loss. */
  #lostAt: number | undefined;
  /** When somebody was connected last while the listener was lost, monotonic ms. */
  #clientsSeenAt = -Infinity;
  #pause = MIN_PAUSE_MILLIS;

  /**
   * Starts to listen.
   *
   * @throws What `listen` throws: an address that cannot be had at the start is an error.
   */
  constructor(deps: ListenerDeps) {
    this.#deps = deps;
    this.#listeningSince = deps.clock.now();
    this.#server = deps.listen();
    this.#watch(this.#server);
  }

  /**
   * Listens anew beside the server that is there, and then lets that one go: open requests of its are
   * still answered, and its sockets stay. Does nothing while the listener is lost: what listens again
   * does so anew anyway.
   *
   * @throws What `listen` throws; the server from before is kept then.
   */
  replace(): void {
    if (this.#isLost || this.#closing) return;
    const { clock, log, listen } = this.#deps;
    const before = this.#server;
    this.#server = listen();
    this.#listeningSince = clock.now();
    this.#watch(this.#server);
    before.shutdown().catch((error) => log.warn("shutdown failed", { error: String(error) }));
  }

  /** Stops listening and waits for open requests, but not longer than `deadlineMillis`. */
  async close(deadlineMillis: number): Promise<void> {
    const { clock, log } = this.#deps;
    this.#closing = true;
    clock.clearTimeout(this.#timer);
    let timer: unknown;
    const deadline = new Promise<void>((done) => timer = clock.setTimeout(done, deadlineMillis));
    const shutdown = this.#server.shutdown().catch((error) =>
      log.warn("shutdown failed", { error: String(error) })
    );
    await Promise.race([shutdown, deadline]);
    clock.clearTimeout(timer);
  }

  #watch(server: Server): void {
    server.finished.then(
      () => this.#lost(server, new Error("the listener stopped by itself")),
      (error) => this.#lost(server, error),
    );
  }

  #lost(server: Server, error: unknown): void {
    if (this.#closing || server !== this.#server) return;
    this.#isLost = true;
    const { clock, log, onLost } = this.#deps;
    onLost();
    // Without descriptors, listening succeeds and the first accept fails: that was no recovery.
    const wasStable = clock.now() - this.#listeningSince >= MAX_PAUSE_MILLIS;
    if (this.#lostAt === undefined || wasStable) {
      this.#lostAt = clock.now();
      this.#pause = MIN_PAUSE_MILLIS;
    }
    log.error("listener lost; live connections are kept", {
      error: String(error),
      retryMillis: this.#pause,
    });
    this.#retryLater(this.#lostAt);
  }

  #retryLater(lostAt: number): void {
    const { clock } = this.#deps;
    this.#timer = clock.setTimeout(() => this.#retry(lostAt), this.#pause);
    this.#pause = Math.min(MAX_PAUSE_MILLIS, this.#pause * 2);
  }

  #retry(lostAt: number): void {
    const { clock, log, listen, hasClients, giveUp } = this.#deps;
    const now = clock.now();
    const lostFor = now - lostAt;
    if (hasClients()) this.#clientsSeenAt = now;
    if (now - Math.max(lostAt, this.#clientsSeenAt) >= GIVE_UP_MILLIS) {
      log.error("no listener and no client for a minute; giving up", {
        millis: Math.round(lostFor),
      });
      giveUp();
      return;
    }
    try {
      this.#listeningSince = clock.now();
      this.#server = listen();
      this.#isLost = false;
      log.warn("listening again", { afterMillis: Math.round(lostFor) });
      this.#watch(this.#server);
    } catch (error) {
      log.error("cannot listen", { error: String(error), retryMillis: this.#pause });
      this.#retryLater(lostAt);
    }
  }
}
