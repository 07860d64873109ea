/**
 * The statechart of a connection: the single source of truth for its lifecycle. It names its effects
 * and performs none; `actor.ts` performs them. Telemetry never passes through it.
 *
 * A step depends on nothing but the state and the type of the event: there is no context and no
 * guard, so that `logic.ts` can compute the transition table once for all connections.
 *
 * @module
 */
import { setup } from "xstate";
import type { ConnectionState } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import type { ShedReason } from "../operations.ts";

/** A state of the machine: those that administrators see, and two that only count. */
export type LifecycleState = ConnectionState | "abandoned" | "gone";

/**
 * What a state means to the rest of the process.
 *
 * - `live`: the connection has not ended.
 * - `open`: the socket is open and served.
 * - `lingering`: the connection ended, and its peer still holds the socket.
 * - `seated`: it counts against the limits of connections.
 */
export type LifecycleTag = "live" | "open" | "lingering" | "seated";

/** Why a connection ended. */
export type Cause =
  /** Decided here: the peer is sent the close code of the cause. */
  | { readonly by: "gateway"; readonly cause: EndingCause; readonly detail?: string }
  /** The peer closed, or its socket broke. */
  | { readonly by: "peer"; readonly code: number }
  /** The handshake was answered with an error; there never was a socket. */
  | { readonly by: "refusal"; readonly code: string };

/** The types of the events that end a live connection. */
export const ENDING_EVENTS = ["REFUSED", "TIMED_OUT", "CLOSE", "FAILED", "SOCKET_CLOSED"] as const;

/** An event that ends a live connection. */
export type EndingEvent = Extract<ConnectionEvent, { type: typeof ENDING_EVENTS[number] }>;

/** The cause that an event stands for. */
export function causeOf(event: EndingEvent): Cause {
  switch (event.type) {
    case "REFUSED":
      return { by: "refusal", code: event.code };
    case "SOCKET_CLOSED":
      return { by: "peer", code: event.code };
    case "FAILED":
      return { by: "gateway", cause: "internalError" };
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
  /** The socket is open. */
  | { readonly type: "OPENED" }
  /** The socket is open, although the handshake had ended before. */
  | { readonly type: "OPENED_LATE" }
  /** The handshake was answered with an error. */
  | { readonly type: "REFUSED"; readonly code: string }
  /** The session opened cursors. */
  | {
    readonly type: "SUBSCRIBED";
    readonly channels: readonly Channel[];
    /** Whether a replay or a snapshot is sent first. */
    readonly replay: boolean;
  }
  /** The session closed cursors; others remain. */
  | { readonly type: "UNSUBSCRIBED"; readonly channels: readonly Channel[] }
  /** The session closed cursors; none remains. */
  | { readonly type: "UNSUBSCRIBED_ALL"; readonly channels: readonly Channel[] }
  /** The data plane conflates what may be conflated from now on. */
  | { readonly type: "THROTTLED"; readonly reason: ShedReason }
  /** The data plane streams every event again. */
  | { readonly type: "RECOVERED" }
  /** The peer was silent for too long. */
  | { readonly type: "TIMED_OUT"; readonly cause: EndingCause }
  /** The gateway closes the connection. */
  | { readonly type: "CLOSE"; readonly cause: EndingCause; readonly detail?: string }
  /** An effect or the session threw. */
  | { readonly type: "FAILED" }
  /** The socket is gone. */
  | { readonly type: "SOCKET_CLOSED"; readonly code: number }
  /** The peer has held the socket of an ended connection for too long. */
  | { readonly type: "ABANDONED" };

/** Performed in `actor.ts`. */
const effect = (): void => {};

const EFFECTS = {
  /** Sends the welcome message. */
  welcome: effect,
  /** Closes the socket with the code for which the handshake ended. */
  rejectSocket: effect,
  /** Logs the channels. */
  reportSubscribed: effect,
  /** Logs the channels. */
  reportUnsubscribed: effect,
  /** Logs and counts the throttling. */
  reportThrottled: effect,
  /** Records the cause, leaves the data plane, and closes the socket with the code of the cause. */
  release: effect,
};

/** The name of an effect. */
export type EffectName = keyof typeof EFFECTS;

/** How an open connection ends. */
const ENDINGS = {
  CLOSE: { target: "closed", actions: "release" },
  FAILED: { target: "closed", actions: "release" },
  TIMED_OUT: { target: "timed-out", actions: "release" },
  SOCKET_CLOSED: { target: "gone", actions: "release" },
} as const;

/** How an ended connection goes on while its peer holds the socket. */
const LINGERING = { ABANDONED: "abandoned", SOCKET_CLOSED: "gone" } as const;

/** The statechart of one connection. */
export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent, tags: {} as LifecycleTag },
  actions: EFFECTS,
}).createMachine({
  id: "connection",
  initial: "connecting",
  states: {
    connecting: {
      description: "The handshake of an admitted peer, pacing included, until the socket is open.",
      tags: ["live", "seated"],
      on: {
        OPENED: { target: "authenticated", actions: "welcome" },
        OPENED_LATE: { target: "closed", actions: "rejectSocket" },
        // There is no socket that a peer could hold.
        REFUSED: { target: "gone", actions: "release" },
        CLOSE: { target: "gone", actions: "release" },
        FAILED: { target: "gone", actions: "release" },
        TIMED_OUT: { target: "gone", actions: "release" },
        SOCKET_CLOSED: { target: "gone", actions: "release" },
      },
    },
    authenticated: {
      description: "The socket is open; no channel is subscribed.",
      tags: ["live", "open", "seated"],
      on: {
        ...ENDINGS,
        SUBSCRIBED: { target: "subscribed", actions: "reportSubscribed" },
        // Also an unsubscription from channels that were not subscribed is logged.
        UNSUBSCRIBED_ALL: { actions: "reportUnsubscribed" },
      },
    },
    subscribed: {
      description: "Every event of the subscribed channels is streamed.",
      tags: ["live", "open", "seated"],
      on: {
        ...ENDINGS,
        SUBSCRIBED: { actions: "reportSubscribed" },
        UNSUBSCRIBED: { actions: "reportUnsubscribed" },
        UNSUBSCRIBED_ALL: { target: "authenticated", actions: "reportUnsubscribed" },
        THROTTLED: { target: "throttled", actions: "reportThrottled" },
      },
    },
    throttled: {
      description: "States and prices are conflated; lossless lanes are not affected.",
      tags: ["live", "open", "seated"],
      on: {
        ...ENDINGS,
        SUBSCRIBED: { actions: "reportSubscribed" },
        UNSUBSCRIBED: { actions: "reportUnsubscribed" },
        UNSUBSCRIBED_ALL: { target: "authenticated", actions: "reportUnsubscribed" },
        RECOVERED: "subscribed",
      },
    },
    "timed-out": {
      description: "Ended without a sign of life; the peer may still hold the socket.",
      tags: ["lingering", "seated"],
      on: LINGERING,
    },
    closed: {
      description: "Ended by the gateway; the peer may still hold the socket.",
      tags: ["lingering", "seated"],
      on: LINGERING,
    },
    abandoned: {
      description: "The peer has held the socket for a minute; its seat is given back.",
      tags: ["lingering"],
      on: { SOCKET_CLOSED: "gone" },
    },
    gone: {
      description: "There is no socket any more.",
      type: "final",
    },
  },
});
