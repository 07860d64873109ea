/**
 * Messages to connected clients that bypass log and store: they have no number, and a client that
 * misses one does not get it later.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Channel } from "../../protocol/channels.ts";
import type { SystemWarning } from "../../protocol/events/system_warning.ts";
import { seesPortfolio } from "../channel_rights.ts";
import type { Connection } from "../connection/actor.ts";
import type { Dialect } from "../connection/dialect.ts";
import type { ChannelStatus } from "../operations.ts";

/**
 * Sends a warning to the connections that are subscribed to system-warnings and may see them. One
 * whose buffer is full does not get it: its lossless events need the room.
 *
 * @param epoch The epoch of system-warnings.
 * @param epochMillis The time, epoch ms.
 */
export function announceWarning(
  connections: Iterable<Connection>,
  warning: SystemWarning,
  epoch: string,
  epochMillis: number,
): void {
  const frames = new Map<Dialect, string | undefined>();
  for (const { dialect, subscriber, peer } of subscribed(connections, "system-warnings")) {
    if (!seesPortfolio(peer.principal)) continue; // It has no number by which a row view judges it.
    if (!frames.has(dialect)) frames.set(dialect, dialect.notice?.(warning, epoch, epochMillis));
    const frame = frames.get(dialect);
    if (frame === undefined) continue;
    const bytes = Buffer.byteLength(frame);
    if (subscriber!.fits(bytes)) subscriber!.send(frame, bytes);
  }
}

/** Tells the connections that are subscribed to a channel of its state. */
export function announceStatus(connections: Iterable<Connection>, status: ChannelStatus): void {
  for (const { session } of subscribed(connections, status.channel)) session.sendStatus(status);
}

/** A copy: a connection that is sent something may end. */
function subscribed(connections: Iterable<Connection>, channel: Channel): Connection[] {
  return [...connections].filter(({ subscriber }) => subscriber?.cursors.has(channel));
}
