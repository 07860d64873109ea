/**
 * The one catalogue of how connections end: WebSocket close codes, their reasons, and whether to
 * come back. Documentation, metrics labels and clients read it.
 *
 * 1001–1013 are RFC 6455 §7.4.1 and the IANA registry; 4000–4999 are private use.
 *
 * @module
 */

/** Whether and when a client should reconnect after an ending. */
export type Reconnect = "yes" | "after-hint" | "later" | "no";

/** One way in which a connection ends. */
export interface Ending {
  /** The WebSocket close code that the peer sees. */
  readonly code: number;
  /** The reason in the Close frame; at most 123 bytes (RFC 6455 §5.5). */
  readonly reason: string;
  /** What a well-behaved client does next. */
  readonly reconnect: Reconnect;
}

/** Every ending by its cause. The cause is what logs and metrics name. */
export const ENDINGS = {
  goingAway: { code: 1001, reason: "server going away", reconnect: "after-hint" },
  pongTimeout: { code: 1001, reason: "no answer to ping", reconnect: "yes" },
  stalled: { code: 1001, reason: "peer stopped reading", reconnect: "yes" },
  handshakeTimeout: { code: 1001, reason: "handshake not finished in time", reconnect: "yes" },
  scopeChanged: { code: 1001, reason: "rights of the key changed", reconnect: "yes" },
  messageTooLarge: { code: 1009, reason: "message too large", reconnect: "no" },
  internalError: { code: 1011, reason: "internal error", reconnect: "yes" },
  overloaded: { code: 1013, reason: "overloaded", reconnect: "later" },
  protocolViolation: { code: 4400, reason: "repeated protocol violations", reconnect: "no" },
  unauthorized: { code: 4401, reason: "credentials revoked or expired", reconnect: "no" },
  forbidden: { code: 4403, reason: "forbidden", reconnect: "no" },
  heartbeatTimeout: { code: 4408, reason: "heartbeat timeout", reconnect: "yes" },
  replaced: { code: 4409, reason: "replaced by a newer connection", reconnect: "no" },
  disconnected: { code: 4410, reason: "disconnected by an administrator", reconnect: "no" },
  slowConsumer: { code: 4413, reason: "slow consumer", reconnect: "yes" },
  tooManyMessages: { code: 4429, reason: "too many messages", reconnect: "later" },
} as const satisfies Record<string, Ending>;

/** The name of an ending that the gateway decides on. */
export type EndingCause = keyof typeof ENDINGS;
