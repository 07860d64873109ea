/**
 * Managing keys, for administrators.
 *
 * @module
 */
import { actor } from "../../actors/audit/audit_log.ts";
import * as edits from "../../protocol/keys/edits.ts";
import { isExpired, type KeyRecord } from "../../protocol/keys/record.ts";
import { JSON_MEDIA_TYPE } from "../../protocol/rest/endpoint.ts";
import type { EndpointInput } from "../../protocol/rest/endpoints.ts";
import type { KeyInfo } from "../../protocol/rest/keys.ts";
import { keyDraft } from "../../protocol/keys/record.ts";
import { makeSecret } from "../auth/keys/edit_keys_file.ts";
import { type AppContext, type AppDeps, fail, succeed } from "../context.ts";
import { addressOf } from "../request_info.ts";
import { receiveJson } from "./json_body.ts";
import type { BodyRules } from "./receive.ts";

/** Largest body of a new key, in bytes: a thousand traders of 60 characters. */
export const MAX_KEY_BYTES = 65_536;

const RULES: BodyRules = {
  maxBytes: MAX_KEY_BYTES,
  advice: 'send {"name": "desk", "scopes": ["subscribe"]} with the limits of the key',
  mediaTypes: [JSON_MEDIA_TYPE],
};

/** `GET /api/v1/keys`: the keys of the file. */
export function listKeys(c: AppContext, deps: AppDeps): Response {
  const now = deps.clock.epochMillis();
  return succeed(c, deps, "listKeys", deps.keyAdmin.keys.map((key) => describe(key, now)));
}

/** `POST /api/v1/keys`: makes a key, and answers with its secret. */
export async function createKey(c: AppContext, deps: AppDeps): Promise<Response> {
  const body = await receiveJson(c, deps, RULES, keyDraft(deps.channels));
  if (body instanceof Response) return body;
  const { value: draft } = body;
  const now = deps.clock.epochMillis();
  if (isExpired(draft, now)) {
    return fail(c, deps, "INVALID_REQUEST", "expiresAt: the time is not in the future");
  }
  const { secret, record } = makeSecret(now);
  const failure = await edit(c, deps, edits.createKey(draft, record, now));
  if (failure !== undefined) return failure;
  const key = describe({ ...draft, secrets: [record] }, now);
  const answer = { key: { ...key, createdAt: record.createdAt! }, secretId: record.id, secret };
  return succeed(c, deps, "createKey", answer);
}

/** `POST /api/v1/keys/{name}/rotate`: a second secret. */
export async function rotateKey(
  c: AppContext,
  deps: AppDeps,
  { params: { name } }: EndpointInput<"rotateKey">,
): Promise<Response> {
  const now = deps.clock.epochMillis();
  const { secret, record } = makeSecret(now);
  let after: KeyRecord | undefined;
  const failure = await edit(c, deps, (keys) => {
    const changed = edits.rotateKey(name, record)(keys);
    after = changed.find((key) => key.name === name);
    return changed;
  });
  if (failure !== undefined) return failure;
  const key = describe(after!, now);
  return succeed(c, deps, "rotateKey", { key, secretId: record.id, secret });
}

/** `DELETE /api/v1/keys/{name}`: ends a key. */
export async function revokeKey(
  c: AppContext,
  deps: AppDeps,
  { params: { name } }: EndpointInput<"revokeKey">,
): Promise<Response> {
  const failure = await edit(c, deps, edits.revokeKey(name));
  return failure ?? succeed(c, deps, "revokeKey", { name, revoked: true });
}

/** `DELETE /api/v1/keys/{name}/secrets/{id}`: ends one secret of a key. */
export async function revokeSecret(
  c: AppContext,
  deps: AppDeps,
  { params: { name, id } }: EndpointInput<"revokeSecret">,
): Promise<Response> {
  let after: KeyRecord | undefined;
  const failure = await edit(c, deps, (keys) => {
    const changed = edits.revokeSecret(name, id)(keys);
    after = changed.find((key) => key.name === name);
    return changed;
  });
  const now = deps.clock.epochMillis();
  return failure ?? succeed(c, deps, "revokeSecret", describe(after!, now));
}

/** Edits the file as the principal of a request; returns the answer when that fails. */
async function edit(
  c: AppContext,
  deps: AppDeps,
  change: edits.KeyEdit,
): Promise<Response | undefined> {
  try {
    await deps.keyAdmin.edit(actor(c.get("principal"), addressOf(c.env)), change);
    return undefined;
  } catch (error) {
    if (!(error instanceof edits.KeyError)) throw error;
    return fail(c, deps, error.code, error.message);
  }
}

function describe(key: KeyRecord, now: number): KeyInfo {
  const { name, scopes, channels, traders, portfolio, rateLimitPerSecond, createdAt, expiresAt } =
    key;
  return {
    name,
    scopes,
    ...(channels !== undefined && { channels }),
    ...(traders !== undefined && { traders }),
    ...(portfolio !== undefined && { portfolio }),
    ...(rateLimitPerSecond !== undefined && { rateLimitPerSecond }),
    ...(createdAt !== undefined && { createdAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    expired: isExpired(key, now),
    secrets: key.secrets.map(({ id, createdAt }) =>
      createdAt === undefined ? { id } : { id, createdAt }
    ),
  };
}
