/**
 * Closes sockets with what the catalogue of endings says.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { ENDINGS } from "../../protocol/close_codes.ts";
import type { Socket } from "../ports.ts";
import type { Cause } from "./machine.ts";

/** Starts the closing handshake, unless the peer has done so. */
export function closeSocket(socket: Socket, cause: Cause): void {
  if (cause.by !== "gateway") return;
  const { code, reason } = ENDINGS[cause.cause];
  socket.close(code, clipReason(cause.detail ?? reason));
}

/** Most bytes of a reason in a Close frame (RFC 6455 §5.5: 125 less the code). */
const MAX_REASON_BYTES = 123;

function clipReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  const clipped = Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString();
  return clipped.replace(/\uFFFD+$/, ""); // A character cut in half.
}
