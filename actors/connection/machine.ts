/**
 * The life of a connection as a statechart. It decides; it performs nothing: every effect is named
 * here and performed by `actor.ts`. Telemetry never passes through it.
 *
 * What happens depends on nothing but the state and the type of the event: there is no context and
 * no guard, so that `logic.ts` can work each step out once for all connections.
 *
 * @module
 */
import { setup } from "xstate";
import type { Channel } from "../../protocol/channels.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import type { ShedReason } from "../operations.ts";

/** How a connection ended. The first cause wins. */
export type Cause =
  /** Decided here: the peer is sent the close code of the cause. */
  | { readonly by: "gateway"; readonly cause: EndingCause; readonly detail?: string }
  /** The peer closed, or its socket broke. */
  | { readonly by: "peer"; readonly code: number }
  /** The handshake was answered with an error; there never was a socket. */
  | { readonly by: "refusal"; readonly code: string };

/** What ends a connection. */
export type EndingEvent = Extract<ConnectionEvent, { type: typeof ENDING_EVENTS[number] }>;

/** The types of the events that end a connection. */
export const ENDING_EVENTS = ["REFUSED", "TIMED_OUT", "CLOSE", "SOCKET_CLOSED"] as const;

/** The cause that an event names. */
export function causeOf(event: EndingEvent): Cause {
  switch (event.type) {
    case "REFUSED":
      return { by: "refusal", code: event.code };
    case "SOCKET_CLOSED":
      return { by: "peer", code: event.code };
    case "TIMED_OUT":
      return { by: "gateway", cause: event.cause };
    case "CLOSE": {
      const { cause, detail } = event;
      return detail === undefined ? { by: "gateway", cause } : { by: "gateway", cause, detail };
    }
  }
}

/** What happens to a connection. */
export type ConnectionEvent =
  | { readonly type: "REFUSED"; readonly code: string }
  | { readonly type: "OPENED" }
  | {
    readonly type: "SUBSCRIBE";
    readonly channels: readonly Channel[];
    /** Whether something is sent again first, for the log. */
    readonly replay: boolean;
    readonly open: () => void;
  }
  /** From some channels; others stay subscribed. */
  | Unsubscribing<"UNSUBSCRIBE">
  /** From all channels that are left, if there are any. */
  | Unsubscribing<"UNSUBSCRIBE_LAST">
  | { readonly type: "THROTTLED"; readonly reason: ShedReason }
  | { readonly type: "RECOVERED" }
  | { readonly type: "TIMED_OUT"; readonly cause: EndingCause }
  | { readonly type: "CLOSE"; readonly cause: EndingCause; readonly detail?: string }
  | { readonly type: "SOCKET_CLOSED"; readonly code: number };

interface Unsubscribing<Type extends string> {
  readonly type: Type;
  readonly channels: readonly Channel[];
  readonly close: () => void;
}

/** Performed elsewhere. */
const effect = (): void => {};

/** What the statechart wants done. */
const EFFECTS = {
  /** Sends the welcome message. */
  welcome: effect,
  /** Lets the session acknowledge, open cursors, and replay. */
  openCursors: effect,
  /** Lets the session acknowledge and close cursors. */
  closeCursors: effect,
  /** Notes that the connection is conflated from now on. */
  reportThrottled: effect,
  /** Takes the connection out of the data plane and closes its socket with the ending's code. */
  release: effect,
};

/** The name of something that it wants done. */
export type EffectName = keyof typeof EFFECTS;

/** The statechart of one connection. */
export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent },
  actions: EFFECTS,
}).createMachine({
  id: "connection",
  initial: "connecting",
  on: {
    CLOSE: ".closed",
    TIMED_OUT: ".timed-out",
    SOCKET_CLOSED: ".closed",
  },
  states: {
    connecting: {
      description:
        "Handshake of a known peer: admission, pacing, upgrade; until the socket is open.",
      on: {
        OPENED: { target: "authenticated", actions: "welcome" },
        REFUSED: "closed",
      },
    },
    authenticated: {
      description: "The socket is open; no channel is subscribed.",
      on: {
        SUBSCRIBE: { target: "subscribed", actions: "openCursors" },
        // Nothing is subscribed, yet the client is owed an answer.
        UNSUBSCRIBE_LAST: { actions: "closeCursors" },
      },
    },
    subscribed: {
      description: "Every event of the subscribed channels is streamed.",
      on: {
        SUBSCRIBE: { actions: "openCursors" },
        UNSUBSCRIBE: { actions: "closeCursors" },
        UNSUBSCRIBE_LAST: { target: "authenticated", actions: "closeCursors" },
        THROTTLED: { target: "throttled", actions: "reportThrottled" },
      },
    },
    throttled: {
      description: "Keyed and sampled lanes are conflated; lossless lanes are not affected.",
      on: {
        SUBSCRIBE: { actions: "openCursors" },
        UNSUBSCRIBE: { actions: "closeCursors" },
        UNSUBSCRIBE_LAST: { target: "authenticated", actions: "closeCursors" },
        RECOVERED: "subscribed",
      },
    },
    "timed-out": {
      description: "The peer gave no sign of life in time.",
      type: "final",
      entry: "release",
    },
    closed: {
      description: "Ended by either side, or never opened.",
      type: "final",
      entry: "release",
    },
  },
});
