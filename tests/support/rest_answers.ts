/**
 * Compares answers of the REST interface with the table of endpoints.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ErrorCode, ERRORS } from "../../protocol/errors.ts";
import { type Endpoint, JSON_MEDIA_TYPE } from "../../protocol/rest/endpoint.ts";
import { type EndpointName, ENDPOINTS, type endpointsOf } from "../../protocol/rest/endpoints.ts";
import { ErrorEnvelope, successSchema } from "../../protocol/rest/envelope.ts";

/** An answer as a test has received it. */
export interface ReceivedAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The `Content-Type`; `null` when there is none. */
  readonly contentType: string | null;
  /** The whole body. */
  readonly text: string;
}

/** The endpoints of a gateway. */
export type Endpoints = ReturnType<typeof endpointsOf>;

/** The endpoint that a request goes to; `undefined` when there is none. */
export function endpointOf(method: string, path: string): EndpointName | undefined {
  const segments = path.replace(/\?.*$/s, "").split("/");
  const found = Object.entries(ENDPOINTS as Readonly<Record<string, Endpoint>>).find(([, one]) => {
    const parts = one.path.split("/");
    return one.method === method && parts.length === segments.length &&
      parts.every((part, at) => part.startsWith(":") || part === segments[at]);
  });
  return found?.[0] as EndpointName | undefined;
}

/** Asserts that an answer is what the table and the catalogue of errors say. */
export function assertAnswer(
  method: string,
  path: string,
  answer: ReceivedAnswer,
  endpoints: Endpoints = ENDPOINTS,
): void {
  const name = endpointOf(method, path);
  if (name === undefined || answer.status === 304) return;
  const seen = `${method} ${path}: ${answer.status} ${answer.text.slice(0, 1_000)}`;
  if (answer.status >= 400) {
    assert.ok(answer.contentType?.startsWith(JSON_MEDIA_TYPE), seen);
    const { error } = ErrorEnvelope.parse(JSON.parse(answer.text));
    assert.equal(ERRORS[error.code satisfies ErrorCode].status, answer.status, seen);
    return;
  }
  const { status, mediaType = JSON_MEDIA_TYPE, data }: Endpoint["answer"] = endpoints[name].answer;
  assert.equal(answer.status, status, seen);
  assert.ok(answer.contentType?.startsWith(mediaType), `${answer.contentType} ${seen}`);
  const schema = data && successSchema(data);
  const faults = schema?.safeParse(JSON.parse(answer.text)).error?.message;
  assert.equal(faults, undefined, `${seen}\n${faults}`);
}
