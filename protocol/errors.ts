/**
 * The one catalogue of errors: the codes of the REST envelope with their HTTP status, the codes of
 * the socket dialects, which of them may succeed when tried again, and what they mean. Routes,
 * sessions and `docs/errors.md` read it.
 *
 * @module
 */

/** When a request that was refused only for the moment may be sent again, in ms. */
export const RETRY_AFTER_MILLIS = 1_000;

/** What is known of an error code on sockets. */
interface SocketErrorEntry {
  /** The dialects that send it; `telemetry.v1` sends it as `meta.reason`. */
  readonly dialects: readonly ("v1" | "v2" | "collector")[];
  /** Whether the same message may succeed later. */
  readonly retryable: boolean;
  /** What it means. */
  readonly meaning: string;
}

/** The error codes of the socket dialects. */
export const SOCKET_ERRORS = {
  invalid_payload: {
    dialects: ["v1", "v2", "collector"],
    retryable: false,
    meaning: "The message is not a JSON object of the expected form.",
  },
  invalid_channels: {
    dialects: ["v1", "v2"],
    retryable: false,
    meaning: "A name is not a channel.",
  },
  unknown_action: {
    dialects: ["v1", "v2", "collector"],
    retryable: false,
    meaning: "The action does not exist.",
  },
  unauthorized: {
    dialects: ["v1"],
    retryable: false,
    meaning: "Reserved by the replaced service; never sent, as handshakes are refused over HTTP.",
  },
  too_large: {
    dialects: ["v1", "v2", "collector"],
    retryable: false,
    meaning: "The message has too many bytes, characters or events.",
  },
  invalid_events: {
    dialects: ["collector"],
    retryable: false,
    meaning: "Events are not valid; nothing of the batch was stored.",
  },
  event_id_reused: {
    dialects: ["collector"],
    retryable: false,
    meaning: "An eventId was used before for another payload.",
  },
  snapshot_full: {
    dialects: ["collector"],
    retryable: false,
    meaning: "The latest states of the channel have reached their bound of keys or bytes.",
  },
  forbidden: {
    dialects: ["v1", "v2", "collector"],
    retryable: false,
    meaning: "The key does not have the scope or the channel that this needs, or nobody may do it.",
  },
  scope_changed: {
    dialects: ["v2"],
    retryable: false,
    meaning: "The key lost rights: the subscription of channel was ended, nothing was asked for.",
  },
  not_found: {
    dialects: ["v2"],
    retryable: false,
    meaning: "The alert is not known.",
  },
  rate_limited: {
    dialects: ["v1", "v2", "collector"],
    retryable: true,
    meaning: "Too many messages, batches without an answer, or bytes of faulty batches.",
  },
  overloaded: {
    dialects: ["v2", "collector"],
    retryable: true,
    meaning: "Too much waits to be parsed or stored.",
  },
  unavailable: {
    dialects: ["v2", "collector"],
    retryable: true,
    meaning: "The store cannot take events now, or the gateway is shutting down.",
  },
} as const satisfies Readonly<Record<string, SocketErrorEntry>>;

/** Any error code of a socket dialect. */
export type SocketErrorCode = keyof typeof SOCKET_ERRORS;

type Dialect = SocketErrorEntry["dialects"][number];

/** The error codes that a dialect sends. */
export type ErrorCodeOf<D extends Dialect> = {
  [Code in SocketErrorCode]: D extends (typeof SOCKET_ERRORS)[Code]["dialects"][number] ? Code
    : never;
}[SocketErrorCode];

/** Lists the error codes that a dialect sends, in the order of the catalogue. */
export function errorCodesOf<D extends Dialect>(dialect: D): readonly ErrorCodeOf<D>[] {
  const codes = Object.keys(SOCKET_ERRORS) as SocketErrorCode[];
  return codes.filter((code) => {
    const { dialects }: SocketErrorEntry = SOCKET_ERRORS[code];
    return dialects.includes(dialect);
  }) as ErrorCodeOf<D>[];
}

/** What is known of an error code of the REST envelope. */
interface ErrorEntry {
  /** The HTTP status. */
  readonly status:
    | 400
    | 401
    | 403
    | 404
    | 405
    | 408
    | 409
    | 410
    | 413
    | 415
    | 421
    | 422
    | 426
    | 429
    | 500
    | 503
    | 507;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** What it means, and where it is not plain what to do. */
  readonly meaning: string;
  /** Its code on sockets, in the dialects that know it. */
  readonly onSocket?: SocketErrorCode;
}

/** The codes of the REST envelope. */
export const ERRORS = {
  INVALID_REQUEST: {
    status: 400,
    retryable: false,
    meaning: "A parameter or the body is not valid; the message names it.",
    onSocket: "invalid_payload",
  },
  MALFORMED_HOST: {
    status: 400,
    retryable: false,
    meaning: "The Host header is missing, empty, or more than a host and a port.",
  },
  UNSUPPORTED_PROTOCOL: {
    status: 400,
    retryable: false,
    meaning: "None of the offered subprotocols is spoken here.",
  },
  API_KEY_MISSING: {
    status: 401,
    retryable: false,
    meaning: "No key was sent, and clients without a key are not let in.",
  },
  API_KEY_INVALID: {
    status: 401,
    retryable: false,
    meaning: "The key is not one of this gateway, or is not valid for this request.",
  },
  FORBIDDEN: {
    status: 403,
    retryable: false,
    meaning: "The key does not have the scope or the channel that this needs, or nobody may do it.",
    onSocket: "forbidden",
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    retryable: false,
    meaning: "The origin of the page is neither the gateway's own nor in security.allowedOrigins.",
  },
  BANNED: {
    status: 403,
    retryable: true,
    meaning:
      "An administrator banned this client, its key or its address for a while; see Retry-After.",
  },
  NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "There is no such path or channel.",
  },
  NO_SESSION: {
    status: 404,
    retryable: false,
    meaning: "The request has no session that could end.",
  },
  CLIENT_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "No such connection is open.",
  },
  BAN_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "No such ban is in force.",
  },
  ALERT_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "No such alert is known, or seq is not of its latest incident.",
    onSocket: "not_found",
  },
  KEY_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "The keys file has no key of this name, or the key no such secret.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    retryable: false,
    meaning: "The path has other methods; see Allow.",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    retryable: true,
    meaning: "The body did not arrive in time.",
  },
  SEQ_AHEAD: {
    status: 409,
    retryable: false,
    meaning: "The number afterSeq is beyond the head: start over with the snapshot.",
  },
  KEY_EXISTS: {
    status: 409,
    retryable: false,
    meaning: "There is a key of this name: rotate it, or revoke it first.",
  },
  KEY_LIMIT: {
    status: 409,
    retryable: false,
    meaning: "A file has at most 1000 keys, and a key one or two secrets.",
  },
  KEYS_FILE_INVALID: {
    status: 409,
    retryable: false,
    meaning: "Somebody broke the keys file: repair the line that the message names.",
  },
  KEYS_READ_ONLY: {
    status: 409,
    retryable: false,
    meaning: "The gateway cannot write its keys file: change it where it comes from.",
  },
  BACKUP_RUNNING: {
    status: 409,
    retryable: true,
    meaning: "Another backup is being made.",
  },
  NOTHING_TO_BACK_UP: {
    status: 409,
    retryable: false,
    meaning: "The gateway keeps its events in memory.",
  },
  EPOCH_CHANGED: {
    status: 410,
    retryable: false,
    meaning: "The channel has begun a new sequence: start over with the snapshot.",
  },
  EVENTS_EXPIRED: {
    status: 410,
    retryable: false,
    meaning: "The events after afterSeq are no longer kept.",
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    retryable: false,
    meaning: "The body has too many bytes or events.",
    onSocket: "too_large",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    retryable: false,
    meaning: "The media type, character set or content encoding of the body is not read here.",
  },
  MISDIRECTED_REQUEST: {
    status: 421,
    retryable: false,
    meaning: "The host name is not served here; it can be added to server.publicHosts.",
  },
  INVALID_EVENTS: {
    status: 422,
    retryable: false,
    meaning: "Events are not valid; nothing of the batch was stored. details names the faults.",
    onSocket: "invalid_events",
  },
  EVENT_ID_REUSED: {
    status: 422,
    retryable: false,
    meaning: "An eventId was used before for another payload.",
    onSocket: "event_id_reused",
  },
  SNAPSHOT_FULL: {
    status: 422,
    retryable: false,
    meaning: "The latest states of the channel have reached their bound of keys or bytes.",
    onSocket: "snapshot_full",
  },
  UPGRADE_REQUIRED: {
    status: 426,
    retryable: false,
    meaning: "The path is a WebSocket, and this was a plain HTTP request.",
  },
  TOO_MANY_CONNECTIONS: {
    status: 429,
    retryable: true,
    meaning: "The address or key has all the connections it may have; see Retry-After.",
  },
  TOO_MANY_SESSIONS: {
    status: 429,
    retryable: true,
    meaning:
      "There are as many sessions as security.maxSessionsPerKey or security.maxSessions allow.",
  },
  TOO_MANY_TICKETS: {
    status: 429,
    retryable: true,
    meaning:
      "As many tickets wait for their use as security.maxTicketsPerKey or security.maxTickets allow.",
  },
  RATE_LIMITED: {
    status: 429,
    retryable: true,
    meaning:
      "Too many requests, handshakes, wrong credentials or bytes of faulty batches in a short time; the message says what, and names the option that limits it. See Retry-After.",
    onSocket: "rate_limited",
  },
  INTERNAL_ERROR: {
    status: 500,
    retryable: false,
    meaning: "The gateway failed; its log says why.",
  },
  EVENT_DAMAGED: {
    status: 500,
    retryable: false,
    meaning: "A stored event is not what was written, and is not sent.",
  },
  OVERLOADED: {
    status: 503,
    retryable: true,
    meaning: "The gateway has as much to do as it can; see Retry-After.",
    onSocket: "overloaded",
  },
  DRAINING: {
    status: 503,
    retryable: true,
    meaning: "The gateway is shutting down; see Retry-After.",
  },
  STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The store cannot be read or written now.",
  },
  DISK_FULL: {
    status: 507,
    retryable: true,
    meaning: "The disk of the store has no room for the copy.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** A code of the REST envelope. */
export type ErrorCode = keyof typeof ERRORS;

/** Every code of the REST envelope, in the order of the catalogue. */
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/**
 * The code that a dialect has for an error of the REST envelope; `undefined` when it has none.
 */
export function socketCodeOf<D extends Dialect>(
  code: ErrorCode,
  dialect: D,
): ErrorCodeOf<D> | undefined {
  const { onSocket }: ErrorEntry = ERRORS[code];
  return errorCodesOf(dialect).find((one) => one === onSocket);
}
