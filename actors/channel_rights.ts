/**
 * What a principal may do with which channels, and with whose events.
 *
 * @module
 */
import type { PublishReceipt } from "../protocol/api.ts";
import type { ChannelSet } from "../protocol/channel_set.ts";
import type { Channel, ChannelSpec } from "../protocol/channels.ts";
import type { Submission } from "../protocol/publish.ts";
import {
  acknowledgeAlerts,
  type AcknowledgeReceipt,
  type AlertReference,
  type EventLog,
} from "./log/event_log.ts";
import { PublishError } from "./operations.ts";
import type { Principal } from "./ports.ts";
import { rowFilterOf } from "./stream/row_filter.ts";

/** Whether a principal may subscribe to a channel, read it, publish on it and acknowledge in it. */
export function mayUse({ channels }: Principal, channel: Channel): boolean {
  return channels === undefined || channels.has(channel);
}

/** Whether a principal gets what concerns no single trader. */
export function seesPortfolio({ traders, portfolio = false }: Principal): boolean {
  return traders === undefined || portfolio;
}

/**
 * The channels among those of a set of which a principal may have less than before: the channel
 * itself, or rows of it.
 */
export function lostChannels(
  before: Principal,
  after: Principal,
  channels: readonly Channel[],
  set: ChannelSet,
): readonly Channel[] {
  return channels.filter((channel) =>
    (mayUse(before, channel) && !mayUse(after, channel)) ||
    losesRows(before, after, set.get(channel).rows)
  );
}

function losesRows(before: Principal, after: Principal, rows: ChannelSpec["rows"]): boolean {
  if (rows === "all" || after.traders === undefined) return false;
  const losesPortfolio = after.portfolio !== true &&
    (before.traders === undefined || before.portfolio === true);
  if (losesPortfolio || rows === "portfolio") return losesPortfolio;
  const { traders } = after;
  return before.traders === undefined || [...before.traders].some((one) => !traders.has(one));
}

/** The message for people about a channel that a principal may not use. */
export function describeForbidden(channels: readonly Channel[]): string {
  return `this key may not use ${channels.join(", ")}`;
}

/**
 * Publishes a batch, unless it has an event of a channel, or of a trader, that its principal may not
 * use.
 */
export function publishAs(
  eventLog: Pick<EventLog, "append">,
  principal: Principal,
  submissions: readonly Submission[],
): Promise<PublishReceipt> {
  const foreign = principal.channels === undefined
    ? undefined
    : submissions.find(({ draft }) => !mayUse(principal, draft.channel));
  if (foreign === undefined) {
    return eventLog.append(principal.name, submissions, rowFilterOf(principal));
  }
  const message = `nothing was stored; ${describeForbidden([foreign.draft.channel])}`;
  return Promise.reject(new PublishError("FORBIDDEN", message));
}

/** Acknowledges alerts; to a principal that is limited to traders, those of others are not known. */
export function acknowledgeAs(
  eventLog: Pick<EventLog, "append">,
  principal: Principal,
  alerts: readonly AlertReference[],
): Promise<AcknowledgeReceipt> {
  return acknowledgeAlerts(eventLog, principal.name, alerts, rowFilterOf(principal));
}
