/**
 * Takes in the body of a request, and answers the request when that fails.
 *
 * @module
 */
import { SMALL_BYTES } from "../../actors/intake/byte_budget.ts";
import type { Intake } from "../../actors/intake/intake.ts";
import { redactUrl } from "../auth/credentials.ts";
import { type AppContext, type AppDeps, fail, failForNow } from "../context.ts";
import { isUtf8, parseContentEncoding, parseMediaType } from "./media_type.ts";
import { type BodyFault, discardBody, readBody } from "./request_body.ts";
import { unpackGzip, type UnpackResult } from "./unpack.ts";

/** A body that is held for its principal until {@link ReceivedBody.release}. */
export interface ReceivedBody {
  /** Its bytes, unpacked. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its media type without parameters. */
  readonly mediaType: string;
  /** Gives back the room that it takes. Idempotent. */
  readonly release: () => void;
}

/** What a route takes. */
export interface BodyRules {
  /** Largest body, before and after unpacking. */
  readonly maxBytes: number;
  /** What to do about a larger one, for people. */
  readonly advice: string;
  /** Media types that are understood. */
  readonly mediaTypes: readonly string[];
  /** Whether a body without any byte passes whatever its type. */
  readonly optional?: boolean;
}

/** Reads a body by the rules of a route. The caller releases it; otherwise the answer is ready. */
export async function receiveBody(
  c: AppContext,
  deps: AppDeps,
  rules: BodyRules,
): Promise<ReceivedBody | Response> {
  const { headers } = c.req.raw;
  const type = parseMediaType(headers.get("Content-Type"));
  const encoding = parseContentEncoding(headers.get("Content-Encoding"));
  const unsupported = encoding === undefined
    ? "send the body plain, or with Content-Encoding: gzip"
    : !isUtf8(type)
    ? "send text in UTF-8"
    : rules.mediaTypes.includes(type.essence)
    ? undefined
    : `send ${rules.mediaTypes.join(" or ")}`;
  if (unsupported !== undefined && !rules.optional) {
    return await refuseUnread(c, deps, () => fail(c, deps, "UNSUPPORTED_MEDIA_TYPE", unsupported));
  }
  const { intake } = deps;
  const { maxBytes } = rules;
  const room = new Room(intake, c.get("principal").name);
  const announced = announcedBytes(headers);
  // What is larger than it may be is read only to be thrown away.
  if (SMALL_BYTES < announced && announced <= maxBytes && !await room.waitForTurn(announced)) {
    // Not even thrown away: there may be many of them.
    return answer(c, deps, rules, "no_room");
  }
  let result: Awaited<ReturnType<typeof receive>>;
  try {
    result = await receive(c.req.raw, deps, maxBytes, encoding, room);
  } catch (error) {
    room.release();
    throw error;
  }
  if (!result.ok) {
    room.release();
    return answer(c, deps, rules, result.fault);
  }
  const { bytes } = result;
  if (unsupported !== undefined && bytes.length > 0) {
    room.release();
    return fail(c, deps, "UNSUPPORTED_MEDIA_TYPE", `${unsupported}, or no body`);
  }
  const refusal = renewRights(c, deps);
  if (refusal !== undefined) {
    room.release();
    return refusal;
  }
  return { bytes, mediaType: type.essence, release: room.release };
}

/** Applies the rights of the key as they are when the body is there; it may have taken a minute. */
function renewRights(c: AppContext, deps: AppDeps): Response | undefined {
  const before = c.get("principal");
  const principal = deps.currentPrincipal(before);
  if (principal === undefined) {
    const message = "the key was revoked, or has expired, while the body arrived";
    return fail(c, deps, "API_KEY_INVALID", message);
  }
  if ([...before.scopes].some((scope) => !principal.scopes.has(scope))) {
    const message = "the key lost scopes while the body arrived; send it again";
    return fail(c, deps, "FORBIDDEN", message);
  }
  c.set("principal", principal);
  return undefined;
}

async function receive(
  request: Request,
  { clock, closing }: AppDeps,
  maxBytes: number,
  encoding: ReturnType<typeof parseContentEncoding>,
  { take }: Room,
) {
  const received = await readBody(request, { clock, closing, maxBytes, take });
  return received.ok && encoding === "gzip"
    ? await unpackGzip(received.bytes, maxBytes, clock, take)
    : received;
}

/** How long a body of unknown length is taken to be, in bytes. */
const CHUNKED_BYTES = 1_048_576;

/** The announced length of a body. Chunks overrule a length (RFC 9112, section 6.3). */
function announcedBytes(headers: Headers): number {
  if (headers.has("Transfer-Encoding")) return CHUNKED_BYTES;
  return Number(headers.get("Content-Length") ?? 0);
}

/** The room that one body takes. */
class Room {
  readonly #intake: Intake;
  readonly #principal: string;
  #held = 0;
  #admitted = 0;

  constructor(intake: Intake, principal: string) {
    this.#intake = intake;
    this.#principal = principal;
  }

  /** Waits until it is the turn of a body of so many bytes; `false` when that took too long. */
  async waitForTurn(bytes: number): Promise<boolean> {
    if (!await this.#intake.queue.enter(this.#principal, bytes)) return false;
    this.#admitted = bytes;
    return true;
  }

  /** Makes room for a body of so many bytes, packed or unpacked. */
  readonly take = (size: number): boolean => {
    const more = size - this.#held;
    if (more <= 0) return true;
    if (!this.#intake.bodies.take(this.#principal, more, size)) return false;
    this.#held = size;
    return true;
  };

  /** Gives everything back. Idempotent. */
  readonly release = (): void => {
    if (this.#held > 0) this.#intake.bodies.give(this.#principal, this.#held);
    this.#held = 0;
    if (this.#admitted > 0) this.#intake.queue.leave(this.#principal, this.#admitted);
    this.#admitted = 0;
  };
}

/** Answers a request whose body nobody reads, when its client has written it. */
export async function refuseUnread(
  c: AppContext,
  deps: AppDeps,
  refusal: () => Response,
): Promise<Response> {
  const { clock, closing } = deps;
  await discardBody(c.req.raw, { clock, closing });
  return refusal();
}

type Fault = BodyFault | Extract<UnpackResult, { ok: false }>["fault"];

function answer(
  c: AppContext,
  deps: AppDeps,
  { maxBytes, advice }: BodyRules,
  fault: Fault,
): Response {
  switch (fault) {
    case "too_large":
      return fail(c, deps, "PAYLOAD_TOO_LARGE", `a body may have ${maxBytes} bytes; ${advice}`);
    case "no_room":
      return failForNow(
        c,
        deps,
        "OVERLOADED",
        "too many bytes wait to be read; send fewer at a time",
      );
    case "timeout":
      c.header("Connection", "close");
      return fail(c, deps, "REQUEST_TIMEOUT", "the body did not arrive in time");
    case "aborted":
      // Nobody reads the answer: the client has gone.
      deps.log.debug("upload aborted by its client", { url: redactUrl(c.req.url) });
      return fail(c, deps, "INVALID_REQUEST", "the body ended before it was complete");
    case "closing":
      c.header("Connection", "close");
      return failForNow(c, deps, "DRAINING", "the gateway is shutting down; send it again");
    case "damaged":
      return fail(c, deps, "INVALID_REQUEST", "the body is not one member of gzip");
  }
}
