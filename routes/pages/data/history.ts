/**
 * Events of before, over REST and with the page's session.
 *
 * @module
 */
import type { ChannelData } from "../../../protocol/client/mod.ts";
import type { TableChannel } from "./row_store.ts";

/** Events in a page. */
export const PAGE_EVENTS = 1_000;

/** Patience with a page, in ms. */
const TIMEOUT_MILLIS = 15_000;

/** An event of before. */
export interface PastEvent<Data> {
  readonly seq: number;
  /** When it was accepted, epoch ms of the gateway. */
  readonly timestamp: number;
  readonly data: Data;
}

/** A page of events. */
export interface PastPage<Data> {
  readonly epoch: string;
  /** Number of the channel's last event. */
  readonly head: number;
  /** Number of the oldest event that can be read. */
  readonly oldest: number;
  readonly events: readonly PastEvent<Data>[];
}

/**
 * Reads a page.
 *
 * @throws {Error} When it cannot be had, with what the gateway says.
 */
export async function readPage<C extends TableChannel>(
  channel: C,
  query: Readonly<Record<string, string | number>>,
): Promise<PastPage<ChannelData[C]>> {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`]),
  );
  const signal = AbortSignal.timeout(TIMEOUT_MILLIS);
  const response = await fetch(`/api/v1/telemetry/${channel}/events?${search}`, { signal });
  const body = await response.json();
  if (!response.ok) throw new Error(body?.error?.message ?? `HTTP ${response.status}`);
  return body.data;
}

/**
 * Reads events from the newest backwards, page by page.
 *
 * @param take Takes a page; returns whether it wants an older one.
 * @param maxPages Most pages.
 */
export async function readBackwards<C extends TableChannel>(
  channel: C,
  take: (events: readonly PastEvent<ChannelData[C]>[], isOldest: boolean) => boolean,
  maxPages: number,
): Promise<void> {
  const { head, oldest } = await readPage(channel, { limit: 1 });
  let before = head + 1;
  for (let page = 0; page < maxPages && before > oldest; page += 1) {
    const afterSeq = Math.max(oldest - 1, before - 1 - PAGE_EVENTS);
    const { events } = await readPage(channel, { afterSeq, limit: before - 1 - afterSeq });
    if (!take(events, afterSeq === oldest - 1)) return;
    before = afterSeq + 1;
  }
}
