/**
 * What every REST answer looks like, asserted.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Asserts an answer of an error, in the envelope and with nothing else in it. */
export function assertError(
  answer: { readonly status: number; readonly text?: string; readonly body: unknown },
  status: number,
  code: string,
): Readonly<Record<string, string>> {
  const body = typeof answer.body === "string" ? parse(answer.body) : answer.body;
  const seen = `HTTP ${answer.status} ${JSON.stringify(body)}`;
  assert.equal(answer.status, status, seen);
  const { success, error, timestamp, ...rest } = body as Record<string, unknown>;
  assert.equal(success, false, seen);
  assert.deepEqual(rest, {}, seen);
  assert.equal(new Date(timestamp as string).toISOString(), timestamp, seen);
  const { code: actual, message, details, ...others } = error as Record<string, unknown>;
  assert.equal(actual, code, seen);
  assert.ok(typeof message === "string" && message.length > 0, seen);
  assert.deepEqual(others, {}, seen);
  for (const value of Object.values(details ?? {})) assert.equal(typeof value, "string", seen);
  return (details ?? {}) as Record<string, string>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    assert.fail(`not an envelope: ${text.slice(0, 500)}`);
  }
}
