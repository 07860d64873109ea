/**
 * Records changes of keys as administrative acts.
 *
 * @module
 */
import type { Actor, AuditLog } from "../../../actors/audit/audit_log.ts";
import type { KeyChange } from "../../../protocol/keys/changes.ts";
import type { KeyRecord } from "../../../protocol/keys/record.ts";

const ACTS = {
  "created": "key_created",
  "changed": "key_changed",
  "secret added": "key_changed",
  "secret revoked": "key_changed",
  "revoked": "key_revoked",
} as const satisfies Record<KeyChange["kind"], string>;

/**
 * Records changes of keys.
 *
 * @param keys The keys after them.
 */
export function auditKeyChanges(
  audit: AuditLog,
  changes: readonly KeyChange[],
  by: Actor,
  keys: readonly KeyRecord[],
): void {
  const after = new Map(keys.map((key) => [key.name, key]));
  for (const { kind, name, secretId } of changes) {
    const key = after.get(name);
    audit.record({
      act: ACTS[kind],
      ...by,
      object: name,
      details: {
        ...(ACTS[kind] === "key_changed" && { change: kind === "changed" ? "rights" : kind }),
        ...(secretId !== undefined && { secret: secretId }),
        ...(secretId === undefined && key !== undefined && describeRights(key)),
      },
    });
  }
}

function describeRights(key: KeyRecord): Readonly<Record<string, string | number | undefined>> {
  const { scopes, channels, traders, portfolio, rateLimitPerSecond, expiresAt } = key;
  return {
    scopes: scopes.join(","),
    channels: channels?.join(","),
    traders: traders?.join(","),
    portfolio: portfolio === true ? "true" : undefined,
    rateLimitPerSecond,
    expiresAt,
  };
}
