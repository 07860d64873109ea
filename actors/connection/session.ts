/**
 * A session speaks one dialect on behalf of its connection: it reads what the client sends, opens and
 * closes cursors, reports that to the statechart, and writes every answer. The connection knows no
 * message format.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import type { ChannelStatus } from "../operations.ts";
import type { Subscriber } from "../stream/subscriber.ts";
import type { Peer } from "./peer.ts";

/** What the address of a connection asks for. */
export interface SocketQuery {
  /** Channel names, as they were written; none subscribes nothing. */
  readonly channels: readonly string[];
  /** Whether to begin with the latest states. */
  readonly replay: boolean;
}

/** What a session asks of its connection. */
export interface SessionHost {
  /** Unique per connection. */
  readonly id: string;
  /** The `clientId` given, or one made up. */
  readonly clientId: string;
  /** Who is at the other end. */
  readonly peer: Peer;
  /** The data-plane half; `undefined` until the socket is open. */
  readonly subscriber: Subscriber | undefined;
  /** Sends an answer; one that does not fit ends the connection. */
  reply(frame: string): void;
  /**
   * Cursors of channels were opened, at least one; nothing was sent through them yet.
   *
   * @param replay Whether they begin with a replay or a snapshot, for the log.
   */
  subscribed(channels: readonly Channel[], replay: boolean): void;
  /** The cursors of channels, at least one, were closed; some may not have been open. */
  unsubscribed(channels: readonly Channel[]): void;
  /** Ends the connection. */
  end(cause: EndingCause): void;
}

/** One dialect on one connection. */
export interface Session {
  /** The socket is open: the first message. */
  welcome(): void;
  /** Subscribes what the address asked for. */
  start(query: SocketQuery): void;
  /** Takes one message as the socket delivered it: a string, or binary data. */
  receive(data: unknown): void;
  /**
   * Sends how far the channels have come, where the client was sent nothing.
   *
   * @param heartbeatMillis How often it must be told, in ms; 0 sends all there is.
   */
  flushProgress(heartbeatMillis: number): void;
  /** A channel went stale, came back, or is degraded. */
  sendStatus(status: ChannelStatus): void;
  /** The principal lost the right to channels that are subscribed, at least one: their cursors end. */
  loseChannels(channels: readonly Channel[]): void;
  /** The gateway is about to close the connection, for it to come back after so many ms. */
  sendGoingAway(reconnectAfterMillis: number): void;
}
