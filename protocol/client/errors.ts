/**
 * The one family of errors of the client. Programs check `code`; `message` is for people.
 *
 * @module
 */

/**
 * What kind of error it is.
 *
 * - `closed`: this program closed it.
 * - `unreachable`: nobody answered.
 * - `lost`: the connection ended without a word.
 * - `stalled`: the connection is open, but nothing comes.
 * - `going_away`: the gateway announced that it stops or restarts.
 * - `overloaded`: the gateway asked to come back later.
 * - `slow_consumer`: the gateway gave up on this reader.
 * - `unauthorized`: the credentials are missing, wrong, revoked or expired.
 * - `forbidden`: the credentials do not allow this.
 * - `refused`: the gateway refuses this client for another reason.
 * - `replaced`: a newer connection with the same `clientId` took over.
 * - `disconnected`: an administrator ended the connection.
 * - `protocol`: one of the two ends does not keep to the protocol.
 * - `invalid_request`: the gateway does not accept the request.
 * - `not_found`: what the request names is not known.
 * - `unavailable`: the gateway, or the outbox, cannot do this now.
 * - `timeout`: no answer in time.
 * - `gap`: events are missing, see {@link Gap}.
 * - `outbox_full`: the outbox has no room.
 * - `rejected`: the gateway does not accept an event.
 */
export type ErrorCode =
  | "closed"
  | "unreachable"
  | "lost"
  | "stalled"
  | "going_away"
  | "overloaded"
  | "slow_consumer"
  | "unauthorized"
  | "forbidden"
  | "refused"
  | "replaced"
  | "disconnected"
  | "protocol"
  | "invalid_request"
  | "not_found"
  | "unavailable"
  | "timeout"
  | "gap"
  | "outbox_full"
  | "rejected";

/** What is known beside the code. */
export interface ErrorDetails {
  /** Whether trying again would end the same way. */
  readonly final?: boolean;
  /** Shortest time until trying again makes sense, in ms. */
  readonly retryAfterMs?: number;
  /** The WebSocket close code, when one was received. */
  readonly closeCode?: number;
  /** The HTTP status, when an answer was received. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** Any error of the client. No credential is ever part of its message. */
export class TelemetryError extends Error {
  /** {@inheritDoc Error.name} */
  override readonly name: string = "TelemetryError";
  readonly code: ErrorCode;
  /** Whether trying again would end the same way. */
  readonly final: boolean;
  /** Shortest time until trying again makes sense, in ms. */
  readonly retryAfterMs: number | undefined;
  /** The WebSocket close code, when one was received. */
  readonly closeCode: number | undefined;
  /** The HTTP status, when an answer was received. */
  readonly status: number | undefined;

  /** The message defaults to the code. */
  constructor(code: ErrorCode, message: string = code, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.final = details.final ?? false;
    this.retryAfterMs = details.retryAfterMs;
    this.closeCode = details.closeCode;
    this.status = details.status;
  }
}

/** A place in a channel: everything up to `seq` is known. */
export interface StreamPosition {
  /** Identity of the sequence. */
  readonly epoch: string;
  /** The last number that is known. */
  readonly seq: number;
}

/**
 * Why events are missing: the sequence is another one, the gateway no longer has them, its store was
 * replaced by an older one, it shed them, or they went missing on the way and could not be had again.
 */
export type GapReason = "epoch_changed" | "not_recoverable" | "rolled_back" | "skipped" | "hole";

/** A log cannot go on without leaving something out. */
export class Gap extends TelemetryError {
  /** {@inheritDoc Error.name} */
  override readonly name: string = "Gap";
  /** Why. */
  readonly reason: GapReason;
  /** The last place before the gap. */
  readonly after: StreamPosition;
  /** The `since` of a log that goes on behind the gap. */
  readonly resumeAt: StreamPosition;

  /** Names the two ends. */
  constructor(reason: GapReason, after: StreamPosition, resumeAt: StreamPosition) {
    const at = ({ epoch, seq }: StreamPosition) => `${seq} of epoch ${epoch}`;
    super("gap", `events are missing (${reason}) between ${at(after)} and ${at(resumeAt)}`);
    this.reason = reason;
    this.after = after;
    this.resumeAt = resumeAt;
  }
}
