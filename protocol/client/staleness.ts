/**
 * Since when a row is not to be trusted.
 *
 * @module
 */
import type { Freshness } from "./feed_user.ts";
import type { Channel } from "./wire_types.ts";
import { BUSY, CLOSING } from "./channel_facts.ts";

/**
 * Age after which a row is stale that promises to change, in ms: the gateway's own default for
 * declared channels (`telemetry.declaredMaxAgeSeconds`).
 */
export const MAX_AGE_MILLIS = 30_000;

/**
 * Since when a row is stale, in epoch ms of the gateway; `undefined` when it is fresh.
 *
 * A row is stale when its channel is not fresh, and on its own when it is a running trader or an open
 * position of which nothing was heard for the maximum age: a stopped trader may rest for weeks.
 *
 * @param acceptedAt When the gateway accepted the row, epoch ms of the gateway.
 * @param now The gateway's present time, epoch ms.
 */
export function staleSince(
  channel: Channel,
  data: Readonly<Record<string, unknown>>,
  acceptedAt: number,
  now: number,
  freshness: Freshness,
  maxAgeMs: number,
): number | undefined {
  if (freshness.state !== "fresh") return acceptedAt;
  // What has ended is no row any more.
  const promises = CLOSING[channel] ?? (data["status"] ?? 0) === BUSY[channel];
  return promises && now - acceptedAt >= maxAgeMs ? acceptedAt : undefined;
}
