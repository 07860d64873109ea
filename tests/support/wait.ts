/**
 * Waiting for conditions, never for time: every wait has a deadline, and a message that shows the
 * last state seen.
 *
 * @module
 */

/** How long a condition may take to hold, unless the caller says otherwise. */
export const DEFAULT_DEADLINE_MS = 5_000;

/** Pause between two looks at a condition that cannot announce itself. */
const LOOK_EVERY_MS = 10;

/** A condition did not hold in time. */
export class DeadlineError extends Error {
  /** Names what was waited for, for how long, and the last state seen. */
  constructor(what: string, withinMs: number, lastState: unknown) {
    super(`not within ${withinMs} ms: ${what}\nlast state seen: ${show(lastState)}`);
    this.name = "DeadlineError";
  }
}

/** Settings of {@link waitUntil}. */
export interface WaitOptions {
  /** Deadline in ms; {@link DEFAULT_DEADLINE_MS} when absent. */
  readonly withinMs?: number;
  /** Pause between two looks in ms. */
  readonly everyMs?: number;
}

/**
 * Looks at a state until it satisfies a condition.
 *
 * @param what The condition in words, for the failure's message.
 * @param look Reads the state; what it throws counts as a state that does not satisfy.
 * @param holds The condition.
 * @returns The first state that satisfied it.
 * @throws {DeadlineError} When none did in time.
 */
export async function waitUntil<State>(
  what: string,
  look: () => State | Promise<State>,
  holds: (state: State) => boolean,
  options: WaitOptions = {},
): Promise<State> {
  const withinMs = options.withinMs ?? DEFAULT_DEADLINE_MS;
  const deadline = performance.now() + withinMs;
  let last: unknown = "(none)";
  while (true) {
    try {
      const state = await look();
      last = state;
      if (holds(state)) return state;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) throw new DeadlineError(what, withinMs, last);
    await pause(options.everyMs ?? LOOK_EVERY_MS);
  }
}

/**
 * Gives a promise a deadline. The promise itself goes on; only the waiting ends.
 *
 * @param lastState Describes what was known when the deadline passed.
 * @throws {DeadlineError} When the promise is not settled in time.
 */
export async function within<Value>(
  what: string,
  promise: Promise<Value>,
  withinMs: number = DEFAULT_DEADLINE_MS,
  lastState: () => unknown = () => "(pending)",
): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new DeadlineError(what, withinMs, lastState())),
    withinMs,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets time pass: for pacing a load or a slow reader, not for synchronisation. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Writes a state for people, shortened. */
export function show(state: unknown): string {
  const text = typeof state === "string" ? state : Deno.inspect(state, {
    depth: 6,
    iterableLimit: 20,
    strAbbreviateSize: 400,
  });
  return text.length > 4_000 ? `${text.slice(0, 4_000)}…` : text;
}
