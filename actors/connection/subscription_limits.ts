/**
 * How much one connection may subscribe to.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { Filter } from "../../protocol/v2/client_message.ts";
import type { Subscriber } from "../stream/subscriber.ts";
import type { SessionDeps } from "./session_deps.ts";

type Limits = Pick<SessionDeps, "maxSubscriptions" | "maxFilterValues" | "limitHits">;

/** The channels of a request beyond what the connection may have, in their order. */
export function channelsBeyondLimit(
  { cursors }: Pick<Subscriber, "cursors">,
  channels: readonly Channel[],
  { maxSubscriptions, limitHits }: Limits,
): readonly Channel[] {
  const added = channels.filter((channel) => !cursors.has(channel));
  const beyond = added.slice(Math.max(0, maxSubscriptions - cursors.size));
  if (beyond.length > 0) limitHits.record("telemetry.maxSubscriptions");
  return beyond;
}

/** The message for people about channels that are too many. */
export function describeBeyondLimit(
  channels: readonly Channel[],
  { maxSubscriptions }: Limits,
): string {
  return `a connection may have ${maxSubscriptions} subscriptions (telemetry.maxSubscriptions); ` +
    `not subscribed: ${channels.join(", ")}`;
}

/** What is wrong with the size of a filter; `undefined` when nothing is. */
export function filterFault(
  { symbols = [], traderIds = [] }: Filter,
  { maxFilterValues, limitHits }: Limits,
): string | undefined {
  if (Math.max(symbols.length, traderIds.length) <= maxFilterValues) return undefined;
  limitHits.record("telemetry.maxFilterValues");
  return `a list of a filter may have ${maxFilterValues} values (telemetry.maxFilterValues)`;
}
