/**
 * Where a v2 subscription begins: the table of the protocol, case by case.
 *
 * @module
 */
import type { ChannelSubscription } from "../../protocol/v2/client_message.ts";
import type { ChannelStream } from "./channel_stream.ts";

/** Where a subscription begins, and what the client is told about it. */
export interface Start {
  /** Live from the head on, with a snapshot before it, or with what the client missed. */
  readonly kind: "live" | "snapshot" | "resume";
  /** Identity of the sequence. */
  readonly epoch: string;
  /** The last number before the first event that will be sent. */
  readonly seq: number;
  /** Whether everything after `since` follows; absent without `since`. */
  readonly recovered?: boolean;
  /** Events of the same epoch that the client will not get one by one. */
  readonly lost?: number;
  /** Whether the client has seen numbers that are not there: the store went back in time. */
  readonly rolledBack?: boolean;
}

/**
 * Decides where a subscription begins.
 *
 * @param oldestStored Number of the oldest event in the store; absent when it is not read from.
 * @param horizon Up to which number the reader's view may not know of ended keys.
 */
export function decideStart(
  stream: ChannelStream,
  oldestStored: number | undefined,
  { since, snapshot }: Pick<ChannelSubscription, "since" | "snapshot">,
  horizon: number = stream.latest?.horizon ?? 0,
): Start {
  const { head, epoch } = stream.log;
  if (since === undefined) return { kind: snapshot ? "snapshot" : "live", epoch, seq: head };
  if (since.epoch !== epoch) return { kind: "snapshot", epoch, seq: head, recovered: false };
  if (since.seq > head) {
    return { kind: "snapshot", epoch, seq: head, recovered: false, lost: 0, rolledBack: true };
  }
  if (isRecoverable(stream, oldestStored, since.seq, horizon)) {
    return { kind: "resume", epoch, seq: since.seq, recovered: true };
  }
  return { kind: "snapshot", epoch, seq: head, recovered: false, lost: head - since.seq };
}

/**
 * Whether all that follows a number can be told: every event of a lossless channel, the latest state
 * of every key, ended ones included, on the others.
 */
function isRecoverable(
  { log, latest }: ChannelStream,
  oldestStored: number | undefined,
  seq: number,
  horizon: number,
): boolean {
  if (seq + 1 >= log.oldest) return true;
  if (latest !== undefined) return seq >= horizon;
  return oldestStored !== undefined && seq + 1 >= oldestStored;
}
