/**
 * The signals of the process. They are listened to before anything else is done, as most of them would
 * end it.
 *
 * @module
 */
import { constants } from "node:os";
import type { Clock } from "../../actors/ports.ts";

/**
 * The same signal again so soon counts as one, in ms: for Ctrl-C the terminal signals every process of
 * the foreground, and npx and the task runner pass on what they got.
 */
export const REPEAT_MILLIS = 1_000;

/** Signals that ask the process to end. */
const ENDING: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGQUIT"];

/** Signals that would end the process and mean nothing here. */
const IGNORED: readonly Deno.Signal[] = ["SIGUSR1", "SIGUSR2"];

/** What is done about signals. */
export interface SignalActions {
  /** Ends the process in order. */
  readonly shutDown: (signal: Deno.Signal) => void;
  /** Ends the process at once; asked for a second time while it ends in order. */
  readonly exitNow: (code: number) => void;
  /** SIGHUP: reads again what can be read again, or ends in order when the terminal was closed. */
  readonly reload: () => void;
}

/** What came until somebody acts on it, and what is done about it from then on. */
export class Signals {
  readonly #clock: Clock;
  #actions: SignalActions | undefined;
  #first: Deno.Signal | undefined;
  /** When each ending signal was last acted on, monotonic ms. */
  readonly #actedAt = new Map<Deno.Signal, number>();

  /** Takes the clock. Nothing is listened to yet: see {@link listenToSignals}. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The signal that asked the process to end; `undefined` while none has. */
  get ending(): Deno.Signal | undefined {
    return this.#first;
  }

  /** Acts on signals from now on, and on what has come already. */
  attach(actions: SignalActions): void {
    this.#actions = actions;
    if (this.#first !== undefined) actions.shutDown(this.#first);
  }

  /** A signal has come. */
  receive(signal: Deno.Signal): void {
    if (signal === "SIGHUP") this.#actions?.reload();
    else if (ENDING.includes(signal)) this.#end(signal);
  }

  #end(signal: Deno.Signal): void {
    const now = this.#clock.now();
    // Counted from the one acted on: whoever presses Ctrl-C again and again wants the process to end.
    if (now - (this.#actedAt.get(signal) ?? -Infinity) < REPEAT_MILLIS) return;
    this.#actedAt.set(signal, now);
    if (this.#first === undefined) {
      this.#first = signal;
      this.#actions?.shutDown(signal);
    } else {
      this.#exit(128 + (constants.signals as Record<string, number>)[signal]!);
    }
  }

  /** Before anybody acts on signals it is as if the process was killed, which the store survives. */
  #exit(code: number): void {
    if (this.#actions === undefined) Deno.exit(code);
    this.#actions.exitNow(code);
  }
}

/** Begins to listen to every signal that would end the process. */
export function listenToSignals(clock: Clock): Signals {
  const signals = new Signals(clock);
  // Windows knows SIGINT alone of these.
  const known = Deno.build.os === "windows" ? ["SIGINT"] as const : [...ENDING, "SIGHUP"] as const;
  for (const signal of known) Deno.addSignalListener(signal, () => signals.receive(signal));
  if (Deno.build.os !== "windows") {
    for (const signal of IGNORED) Deno.addSignalListener(signal, () => {});
  }
  return signals;
}
