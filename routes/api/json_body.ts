/**
 * Reads small JSON bodies by the schema of their endpoint.
 *
 * @module
 */
import type { z } from "zod";
import { isTooDeep } from "../../protocol/json_scan.ts";
import { decodeUtf8 } from "../../protocol/utf8.ts";
import { type AppContext, type AppDeps, fail } from "../context.ts";
import { failSchema } from "./faults.ts";
import { type BodyRules, receiveBody } from "./receive.ts";

/** Reads a body; the answer to the request when it does not fit. */
export async function receiveJson<Schema extends z.ZodType>(
  c: AppContext,
  deps: AppDeps,
  rules: BodyRules,
  schema: Schema,
): Promise<{ readonly value: z.output<Schema> } | Response> {
  const received = await receiveBody(c, deps, rules);
  if (received instanceof Response) return received;
  const json = parseBody(received.bytes);
  received.release();
  if (json === undefined) return fail(c, deps, "INVALID_REQUEST", "the body is not JSON in UTF-8");
  const parsed = schema.safeParse(json);
  return parsed.success ? { value: parsed.data } : failSchema(c, deps, parsed.error);
}

/** Parses a body; an empty one is `{}`. Returns `undefined` when it is not JSON, or too deep. */
function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  const text = decodeUtf8(bytes).next().value; // Too short to be decoded in steps.
  if (typeof text !== "string" || isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
