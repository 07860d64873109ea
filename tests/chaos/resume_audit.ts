/**
 * What must hold when the storm is over.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Channel } from "../../protocol/channels.ts";
import type { EventV2 } from "../../protocol/v2/server_message.ts";
import type { HttpApi, Json } from "../support/http_api.ts";
import { auditBooks, TABLES, type Truth } from "../support/v2_audit.ts";
import type { RoamingClient } from "./resume_client.ts";

/** Reads everything from a gateway's history, and looks whether the log of alerts is whole. */
export async function askForTruth(api: HttpApi): Promise<Truth> {
  const epochs: Record<string, string> = {};
  const tables = new Map<Channel, ReadonlyMap<string, EventV2>>();
  for (const channel of TABLES) {
    const { epoch, events } = await read(api, `/api/v1/telemetry/${channel}/snapshot`);
    epochs[channel] = epoch;
    tables.set(channel, new Map(events.map((event: EventV2) => [event.data.id, event])));
  }
  const alerts: EventV2[] = [];
  let next: string | undefined = "/api/v1/telemetry/risk-alerts/events?afterSeq=0";
  while (next !== undefined) {
    const page: Json = await read(api, next);
    epochs["risk-alerts"] = page["epoch"];
    alerts.push(...page["events"]);
    next = page["next"];
  }
  const heads = await api.heads();
  assert.deepEqual(alerts.map(({ seq }) => seq), alerts.map((_, index) => index + 1));
  assert.equal(alerts.length, heads["risk-alerts"]);
  return { epochs, heads, alerts, tables };
}

async function read(api: HttpApi, path: string): Promise<Json> {
  const { status, text, body } = await api.request(path);
  assert.equal(status, 200, text);
  return body["data"];
}

/** What publishers were promised is stored, once. */
export function auditAlerts({ alerts }: Truth, promised: readonly string[]): void {
  // An acknowledgement emits the alert once more.
  const emitted = alerts.filter(({ data }) => data["status"] === "ACTIVE").map(({ data }) =>
    data.id
  );
  assert.equal(new Set(emitted).size, emitted.length, "an alert was stored twice");
  const stored = new Set(emitted);
  for (const id of promised) assert.ok(stored.has(id), `${id} was acknowledged, but is not stored`);
}

/** What is wrong with the books of one client, in words. */
export function auditClient({ faults, ledger, channels }: RoamingClient, truth: Truth): string[] {
  const found = channels.flatMap((channel) => auditBooks(ledger.of(channel), truth));
  return [...faults, ...ledger.violations, ...found];
}
