/**
 * The life of a connection as a statechart. It decides; it performs nothing: every effect is named
 * here and supplied by `actor.ts`. Telemetry never passes through it.
 *
 * @module
 */
import { assign, setup } from "xstate";
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

/** What happens to a connection. */
export type ConnectionEvent =
  | { readonly type: "REFUSED"; readonly code: string }
  | { readonly type: "OPENED" }
  | { readonly type: "SUBSCRIBE"; readonly channels: readonly Channel[]; readonly open: () => void }
  | {
    readonly type: "UNSUBSCRIBE";
    readonly channels: readonly Channel[];
    readonly close: () => void;
  }
  | { readonly type: "THROTTLED"; readonly reason: ShedReason }
  | { readonly type: "RECOVERED" }
  | { readonly type: "TIMED_OUT"; readonly cause: EndingCause }
  | { readonly type: "CLOSE"; readonly cause: EndingCause; readonly detail?: string }
  | { readonly type: "SOCKET_CLOSED"; readonly code: number };

/** What the statechart remembers. */
export interface ConnectionContext {
  /** The subscribed channels. */
  readonly channels: ReadonlySet<Channel>;
  /** Why it ended; `undefined` while it lives. */
  readonly ended: Cause | undefined;
}

/** Does nothing: the effects are supplied by the actor. */
const supplied = (): void => {};

type EventOf<Type extends ConnectionEvent["type"]> = Extract<ConnectionEvent, { type: Type }>;

const channelsOf = ({ event }: { event: EventOf<"SUBSCRIBE" | "UNSUBSCRIBE"> }) => event.channels;

/** Adds to the subscription. */
const SUBSCRIBE = {
  actions: [{ type: "addChannels", params: channelsOf }, "openCursors"],
} as const;

/** Takes from the subscription; the last one leads back to `authenticated`. */
const UNSUBSCRIBE = [
  {
    guard: { type: "leavesNone", params: channelsOf },
    target: "authenticated",
    actions: [{ type: "removeChannels", params: channelsOf }, "closeCursors"],
  },
  { actions: [{ type: "removeChannels", params: channelsOf }, "closeCursors"] },
] as const;

/** The statechart of one connection. */
export const connectionMachine = setup({
  types: {
    context: {} as ConnectionContext,
    events: {} as ConnectionEvent,
  },
  actions: {
    /** Sends the welcome message. */
    welcome: supplied,
    /** Lets the session acknowledge, open cursors, and replay. */
    openCursors: supplied,
    /** Lets the session acknowledge and close cursors. */
    closeCursors: supplied,
    /** Notes that the connection is conflated from now on. */
    reportThrottled: supplied,
    /** Notes that the connection is streamed again. */
    reportRecovered: supplied,
    /** Takes the connection out of the data plane and closes its socket with the ending's code. */
    release: supplied,
    /** Adds channels. */
    addChannels: assign(({ context }, channels: readonly Channel[]) => ({
      channels: new Set([...context.channels, ...channels]),
    })),
    /** Removes channels. */
    removeChannels: assign(({ context }, channels: readonly Channel[]) => ({
      channels: new Set([...context.channels].filter((channel) => !channels.includes(channel))),
    })),
    /** Remembers why it ended. */
    recordCause: assign((_, cause: Cause) => ({ ended: cause })),
  },
  guards: {
    /** Whether nothing stays subscribed without these channels. */
    leavesNone: ({ context }, channels: readonly Channel[]) =>
      [...context.channels].every((channel) => channels.includes(channel)),
  },
}).createMachine({
  id: "connection",
  initial: "connecting",
  context: { channels: new Set(), ended: undefined },
  on: {
    CLOSE: {
      target: ".closed",
      actions: {
        type: "recordCause",
        params: ({ event: { cause, detail } }) =>
          detail === undefined ? { by: "gateway", cause } : { by: "gateway", cause, detail },
      },
    },
    TIMED_OUT: {
      target: ".timed-out",
      actions: {
        type: "recordCause",
        params: ({ event }) => ({ by: "gateway", cause: event.cause }),
      },
    },
    SOCKET_CLOSED: {
      target: ".closed",
      actions: { type: "recordCause", params: ({ event }) => ({ by: "peer", code: event.code }) },
    },
  },
  states: {
    connecting: {
      description:
        "Handshake of a known peer: admission, pacing, upgrade; until the socket is open.",
      on: {
        OPENED: { target: "authenticated", actions: "welcome" },
        REFUSED: {
          target: "closed",
          actions: {
            type: "recordCause",
            params: ({ event }) => ({ by: "refusal", code: event.code }),
          },
        },
      },
    },
    authenticated: {
      description: "The socket is open; no channel is subscribed.",
      on: {
        SUBSCRIBE: { target: "subscribed", ...SUBSCRIBE },
        UNSUBSCRIBE: { actions: "closeCursors" },
      },
    },
    subscribed: {
      description: "Every event of the subscribed channels is streamed.",
      on: {
        SUBSCRIBE,
        UNSUBSCRIBE,
        THROTTLED: { target: "throttled", actions: "reportThrottled" },
      },
    },
    throttled: {
      description: "Keyed and sampled lanes are conflated; lossless lanes are not affected.",
      on: {
        SUBSCRIBE,
        UNSUBSCRIBE,
        RECOVERED: { target: "subscribed", actions: "reportRecovered" },
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
