/**
 * What an ending of a connection means for the client.
 *
 * @module
 */
import { LATER_MILLIS } from "./backoff.ts";
import { type ErrorCode, TelemetryError } from "./errors.ts";
import type { CodesWhere } from "./wire_types.ts";

/** Ends for good. The compiler holds that it names exactly what the gateway's catalogue does. */
const FINAL: Readonly<Record<CodesWhere<"no">, ErrorCode>> = {
  1009: "protocol",
  4400: "protocol",
  4401: "unauthorized",
  4403: "forbidden",
  4409: "replaced",
  4410: "disconnected",
};

/** Come back, but later than otherwise. */
const LATER: Readonly<Record<CodesWhere<"later">, ErrorCode>> = {
  1013: "overloaded",
  4429: "overloaded",
};

/** Come back. 1001 is also what the gateway says when it lost patience with this end. */
const RETRY: Readonly<Record<CodesWhere<"yes" | "after-hint">, ErrorCode>> = {
  1001: "going_away",
  1011: "lost",
  4408: "stalled",
  4413: "slow_consumer",
};

/**
 * The error that stands for an ending. Codes that are not in the catalogue come from the network or a
 * proxy: come back.
 *
 * @param hintMs What `going_away` asked for, in ms.
 */
export function endingError(code: number, reason: string, hintMs?: number): TelemetryError {
  const said = reason === "" ? "" : `: ${reason}`;
  const message = `the connection ended with ${code}${said}`;
  const final = (FINAL as Record<number, ErrorCode>)[code];
  if (final !== undefined) {
    return new TelemetryError(final, message, { final: true, closeCode: code });
  }
  const later = (LATER as Record<number, ErrorCode>)[code];
  const askedMs = Math.max(hintMs ?? 0, later === undefined ? 0 : LATER_MILLIS);
  const other = hintMs === undefined ? (RETRY as Record<number, ErrorCode>)[code] : "going_away";
  return new TelemetryError(later ?? other ?? "lost", message, {
    closeCode: code,
    ...(askedMs > 0 && { retryAfterMs: askedMs }),
  });
}
