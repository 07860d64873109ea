/**
 * The last transitions of a connection, for administrators.
 *
 * @module
 */
import type { ClientTransition, ConnectionState } from "../../protocol/api.ts";
import { type Step, STEPS } from "./logic.ts";

/** Most entries that are kept; the oldest is dropped. */
export const MAX_TRANSITIONS = 16;

/**
 * Entries of a connection, two numbers each, oldest first: `step id + step count × repetitions`, and
 * the time in epoch ms. At most 32 numbers, so that an array that grew holds 328 bytes at most.
 */
export type TransitionHistory = number[];

/**
 * Adds a transition. A recovery replaces the throttling before it, and is merged with the recovery
 * before that: one entry stands for all of them and counts them.
 *
 * @param epochMillis When it happened, epoch ms.
 */
export function recordTransition(
  history: TransitionHistory,
  { id, event }: Step,
  epochMillis: number,
): void {
  let repetitions = 0;
  if (event === "RECOVERED") {
    if (stepAt(history, -2)?.event === "THROTTLED") history.length -= 2;
    if (stepAt(history, -2)?.event === "RECOVERED") {
      repetitions = Math.floor(history.at(-2)! / STEPS.length) + 1;
      history.length -= 2;
    }
  }
  if (history.length === 2 * MAX_TRANSITIONS) history.splice(0, 2);
  history.push(id + STEPS.length * repetitions, epochMillis);
}

/** The entries as administrators see them, oldest first. */
export function describeTransitions(history: TransitionHistory): ClientTransition[] {
  return Array.from({ length: history.length / 2 }, (_, index) => {
    const { from, to, event } = stepAt(history, 2 * index)!;
    const repetitions = Math.floor(history[2 * index]! / STEPS.length);
    return {
      from: from.value as ConnectionState,
      to: to.value as ConnectionState,
      event,
      atEpochMillis: history[2 * index + 1]!,
      ...(repetitions > 0 && { count: repetitions + 1 }),
    };
  });
}

function stepAt(history: TransitionHistory, index: number): Step | undefined {
  const code = history.at(index);
  return code === undefined ? undefined : STEPS[code % STEPS.length];
}
