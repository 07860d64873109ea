/**
 * How large a body may be, and how a client that sends more still hears of it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type AppDeps, fail, type Handler } from "./context.ts";

/**
 * How much of a body beyond its limit is read and thrown away, in bytes. Many clients read the answer
 * only when they have written everything; a connection that closes before is a broken pipe to them,
 * and the reason is lost.
 */
const DISCARDED_BYTES = 16 * 1_048_576;

/**
 * Refuses larger bodies with 413, whether their length was declared or not.
 *
 * Our own, since Hono's `bodyLimit` leaves the rest unread behind a locked reader: the client's writes
 * stand still, and break when the stream is collected.
 *
 * @param maxBytes Largest body that passes.
 * @param advice What to do about a larger one, for people.
 */
export function limitBody(
  deps: AppDeps,
  maxBytes: number,
  advice: string,
  handler: Handler,
): Handler {
  return async (c) => {
    const declared = declaredLength(c.req.raw.headers);
    if (declared !== undefined && declared <= maxBytes) return await handler(c);
    // Asked only now, as asking makes a stream of the body.
    const { body } = c.req.raw;
    if (body === null) return await handler(c);
    const bytes = await readUpTo(body, maxBytes);
    if (bytes === undefined) {
      return fail(c, deps, "PAYLOAD_TOO_LARGE", `a body may have ${maxBytes} bytes; ${advice}`);
    }
    c.req.raw = new Request(c.req.raw, { body: bytes });
    return await handler(c);
  };
}

/** The length that the listener holds the client to: chunks overrule it (RFC 9112, section 6.3). */
function declaredLength(headers: Headers): number | undefined {
  if (headers.has("Transfer-Encoding")) return undefined;
  const length = headers.get("Content-Length");
  return length === null ? undefined : Number(length);
}

async function readUpTo(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else if (size > maxBytes + DISCARDED_BYTES) break;
  }
  return size <= maxBytes ? Buffer.concat(chunks) : undefined;
}
