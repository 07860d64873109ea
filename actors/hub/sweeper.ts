/**
 * One sweep over all connections for everything that depends on time: heartbeats, silent peers,
 * deadlines. There is no timer per connection.
 *
 * @module
 */
import type { Connection } from "../connection/actor.ts";
import type { Dialect } from "../connection/dialect.ts";
import type { Clock, Logger } from "../ports.ts";

/**
 * How long the peer of an ended connection may hold its socket before its seat is given back, in ms.
 * The runtime offers no way to end the socket.
 */
export const LINGER_MILLIS = 60_000;

/**
 * How long the buffer of a peer that was seen to read is not read again, in ms, or a quarter of the
 * timeout: reading it costs half as much as a frame.
 */
const TRUST_MILLIS = 1_000;

/** What the sweeper works with. */
export interface SweeperDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where timeouts are written. */
  readonly log: Logger;
  /** Time between two heartbeats of the gateway, in ms. */
  readonly heartbeatIntervalMillis: number;
  /** How long a peer may be silent, in ms. */
  readonly heartbeatTimeoutMillis: number;
  /** Whether silence of a client that answers pings is a timeout as well. */
  readonly requireClientHeartbeat: boolean;
}

/** Sends due heartbeats and ends the connections whose deadlines have passed. */
export function sweep(connections: Iterable<Connection>, deps: SweeperDeps): void {
  const now = deps.clock.now();
  const frames = new HeartbeatFrames(deps.clock.epochMillis());
  for (const connection of connections) {
    if (connection.is("open")) {
      if (!sweepSilence(connection, now, deps)) sweepHeartbeat(connection, now, frames, deps);
    } else if (connection.is("live")) sweepHandshake(connection, now, deps);
    else if (connection.is("seated")) sweepLingering(connection, now, deps);
  }
}

function sweepHandshake(connection: Connection, now: number, deps: SweeperDeps): void {
  if (now < connection.handshakeDeadline) return;
  const { id: connectionId, clientId } = connection;
  deps.log.info("handshake timeout", { connectionId, clientId });
  connection.timeOut("handshakeTimeout");
}

function sweepLingering(connection: Connection, now: number, deps: SweeperDeps): void {
  if (now - connection.endedAt < LINGER_MILLIS) return;
  const { id: connectionId, clientId } = connection;
  deps.log.warn("socket still held", { connectionId, clientId, seconds: LINGER_MILLIS / 1_000 });
  connection.abandon();
}

function sweepSilence(connection: Connection, now: number, deps: SweeperDeps): boolean {
  const { id: connectionId, clientId } = connection;
  const trustMillis = Math.min(TRUST_MILLIS, deps.heartbeatTimeoutMillis / 4);
  const stalled = connection.subscriber!.stalledFor(now, trustMillis);
  if (stalled >= deps.heartbeatTimeoutMillis) {
    deps.log.warn("stalled", { connectionId, clientId, millis: Math.round(stalled) });
    connection.timeOut("stalled");
    return true;
  }
  const silent = now - connection.lastInboundAt;
  if (deps.requireClientHeartbeat && silent >= deps.heartbeatTimeoutMillis) {
    deps.log.warn("heartbeat timeout", { connectionId, clientId, millis: Math.round(silent) });
    connection.timeOut("heartbeatTimeout");
    return true;
  }
  return false;
}

function sweepHeartbeat(
  connection: Connection,
  now: number,
  frames: HeartbeatFrames,
  deps: SweeperDeps,
) {
  if (now < connection.nextHeartbeatAt) return;
  connection.nextHeartbeatAt += deps.heartbeatIntervalMillis;
  if (connection.nextHeartbeatAt <= now) {
    connection.nextHeartbeatAt = now + deps.heartbeatIntervalMillis; // The process was asleep.
  }
  const frame = frames.of(connection.dialect);
  // A peer whose buffer is full is checked for progress instead.
  if (connection.subscriber!.fits(frame.length)) connection.subscriber!.send(frame, frame.length);
  connection.session.flushProgress(deps.heartbeatIntervalMillis);
}

/** The heartbeats of one sweep: one frame for all that are due and speak the same. */
class HeartbeatFrames {
  readonly #epochMillis: number;
  readonly #frames = new Map<Dialect, string>();

  constructor(epochMillis: number) {
    this.#epochMillis = epochMillis;
  }

  /** The frame in a dialect; ASCII, so that its length is its size. */
  of(dialect: Dialect): string {
    let frame = this.#frames.get(dialect);
    if (frame === undefined) {
      frame = dialect.heartbeat(this.#epochMillis);
      this.#frames.set(dialect, frame);
    }
    return frame;
  }
}
