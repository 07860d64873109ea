/**
 * The audit: who did what to the gateway, its connections, keys and alerts.
 *
 * @module
 */
import type { AuditAct, AuditRecord } from "../../protocol/rest/audit.ts";
import type { AcknowledgeReceipt } from "../log/event_log.ts";
import type { AuditStore } from "./audit_store.ts";
import type { Principal } from "../ports.ts";

/** Who acts when the keys file was changed by other means than the gateway. */
export const FILE_PRINCIPAL = "file";

/** Who acts when a command works on the store itself. */
export const COMMAND_PRINCIPAL = "command-line";

/** Longest text of an act, in characters; what is longer is cut. */
export const MAX_AUDIT_TEXT = 1_024;

/** An administrative act. Nothing in it may be a credential. */
export interface AuditEntry {
  /** What was done. */
  readonly act: AuditAct;
  /** The name of the key, or {@link FILE_PRINCIPAL} or {@link COMMAND_PRINCIPAL}. */
  readonly principal: string;
  /** The short public id of the secret that was presented. */
  readonly secretId?: string | undefined;
  /** The address of the client, without its port. */
  readonly address?: string | undefined;
  /** What it was done to. */
  readonly object: string;
  /** What else is known; values become text, and what is `undefined` is left out. */
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** Takes note of administrative acts. */
export interface AuditLog {
  /**
   * Writes the line and keeps the row. To be called when an act was done, not when it was only asked
   * for. Returns at once and never throws: the row is kept shortly after.
   */
  record(entry: AuditEntry): void;
}

/** An audit that can be read. */
export interface AuditTrail extends AuditLog, Omit<AuditStore, "append"> {}

/** Takes note of nothing, for what has no gateway around it. */
export const NO_AUDIT: AuditLog = { record: () => {} };

/** Who acts. */
export type Actor = Pick<AuditEntry, "principal" | "secretId" | "address">;

/** Who acts, as entries name them. */
export function actor({ name, secretId }: Principal, address: string): Actor {
  return { principal: name, secretId, address };
}

/** Records what was acknowledged; what had been before is not an act. */
export function recordAcknowledged(
  audit: AuditLog,
  who: Actor,
  { changed }: AcknowledgeReceipt,
): void {
  for (const object of changed) audit.record({ act: "acknowledge", ...who, object });
}

/** An entry as it is kept: without its number. */
export type UnnumberedRecord = Omit<AuditRecord, "id">;

/** Makes the record of an entry. */
export function toRecord(entry: AuditEntry, epochMillis: number): UnnumberedRecord {
  const { act, principal, secretId, address, object } = entry;
  const details = Object.entries(entry.details ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, clip(String(value))]]
  );
  return {
    at: new Date(epochMillis).toISOString(),
    act,
    principal: clip(principal),
    ...(secretId !== undefined && { secretId }),
    ...(address !== undefined && { address }),
    object: clip(object),
    ...(details.length > 0 && { details: Object.fromEntries(details) }),
  };
}

/** Keeps a row of what a command did to a store that no gateway has open. */
export async function recordCommand(
  store: Pick<AuditStore, "append">,
  act: AuditAct,
  epochMillis: number,
): Promise<void> {
  const entry = { act, principal: COMMAND_PRINCIPAL, object: "store" };
  await store.append([toRecord(entry, epochMillis)]);
}

function clip(text: string): string {
  const short = text.length > MAX_AUDIT_TEXT ? `${text.slice(0, MAX_AUDIT_TEXT)}…` : text;
  return short.toWellFormed();
}
