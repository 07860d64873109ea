/**
 * One planted fault with the outcome that is right.
 *
 * @module
 */
import type { Message } from "../honest_gateway.ts";
import type { Stage } from "../stage.ts";

/** A planted fault. */
export interface Scenario {
  /** What goes wrong. */
  readonly fault: string;
  /** What a client has to do, by the WebSocket guide. */
  readonly outcome: string;
  /** Plants the fault. @throws {Error} When the client does something else. */
  readonly play: (stage: Stage) => Promise<void>;
}

/** Changes messages of a type, so many of them, after letting others through. */
export function changing(
  matches: (message: Message) => boolean,
  change: (message: Message) => readonly (Message | string | Uint8Array)[],
  { times = 1, after = 0 } = {},
): (message: Message) => readonly (Message | string | Uint8Array)[] | undefined {
  let seen = 0;
  return (message) => {
    if (!matches(message)) return undefined;
    seen += 1;
    return seen > after && seen <= after + times ? change(message) : undefined;
  };
}

/** Whether a message is a frame of a channel. */
export function isFrame(channel: string): (message: Message) => boolean {
  return (message) => message["type"] === "events" && message["channel"] === channel;
}

/** Publishes a price and an alert, and waits until the client has both. */
export async function goesOn(
  stage: Stage,
  before: readonly number[],
  gaps: readonly string[] = [],
) {
  stage.price("p1", "after");
  await stage.isRight([...before, stage.alert()], gaps);
}
