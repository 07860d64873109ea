/**
 * Reads the credential of a request that begins a session.
 *
 * @module
 */
import { ENDPOINTS } from "../../protocol/rest/endpoints.ts";
import { decodeUtf8 } from "../../protocol/utf8.ts";
import { failSchema } from "../api/faults.ts";
import { parseMediaType } from "../api/media_type.ts";
import { readBody } from "../api/request_body.ts";
import { type AppContext, type AppDeps, fail } from "../context.ts";
import type { SignIn } from "./authenticator.ts";
import { isSameOrigin } from "./origin.ts";

/** Largest body, in bytes: it comes from somebody who is not known yet. */
export const MAX_SIGN_IN_BYTES = 1_024;

const { body: BODY } = ENDPOINTS.beginSession;

/** Reads the body; where it cannot be taken, the answer is ready. */
export async function readSignIn(c: AppContext, deps: AppDeps): Promise<SignIn | Response> {
  const request = c.req.raw;
  if (request.headers.has("origin") && !isSameOrigin(request)) {
    const message = "sessions are for the gateway's own pages; pages of other origins use tickets";
    return fail(c, deps, "ORIGIN_NOT_ALLOWED", message);
  }
  const { clock, closing } = deps;
  const body = await readBody(request, { clock, closing, maxBytes: MAX_SIGN_IN_BYTES });
  if (!body.ok) return failBody(c, deps, body.fault);
  if (body.bytes.length === 0) return {};
  const { essence } = parseMediaType(request.headers.get("Content-Type"));
  if (!BODY.mediaTypes.some((type) => type === essence)) {
    return fail(c, deps, "UNSUPPORTED_MEDIA_TYPE", `send ${BODY.mediaTypes.join(" or ")}`);
  }
  const value = parseJson(body.bytes);
  if (value === undefined) return fail(c, deps, "INVALID_REQUEST", "the body is not JSON in UTF-8");
  const parsed = BODY.schema.safeParse(value);
  return parsed.success ? parsed.data : failSchema(c, deps, parsed.error);
}

function failBody(
  c: AppContext,
  deps: AppDeps,
  fault: Extract<Awaited<ReturnType<typeof readBody>>, { ok: false }>["fault"],
): Response {
  switch (fault) {
    case "too_large":
      return fail(c, deps, "PAYLOAD_TOO_LARGE", `a body may have ${MAX_SIGN_IN_BYTES} bytes`);
    case "timeout":
      c.header("Connection", "close");
      return fail(c, deps, "REQUEST_TIMEOUT", "the body did not arrive in time");
    case "closing":
    case "no_room":
      c.header("Connection", "close");
      return fail(c, deps, "DRAINING", "the gateway is shutting down; sign in again shortly");
    case "aborted":
      return fail(c, deps, "INVALID_REQUEST", "the body ended before it was complete");
  }
}

function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes).next().value; // Too short to be decoded in steps.
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
