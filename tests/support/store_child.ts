/**
 * A process that commits until it is killed, for tests of what survives that.
 *
 * Each batch covers two channels and carries its number, its size and an identity per event. A line
 * with the number of the batch says that its commit was resolved.
 *
 * Arguments: directory, durability, boot id.
 *
 * @module
 */
import type { StoredEvent } from "../../actors/ports.ts";
import type { Durability } from "../../actors/store/sqlite/epoch.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import type { Channel } from "../../protocol/channels.ts";
import { event, identity, sqliteOptions } from "./store_fixture.ts";

const [directory, durability, bootId] = Deno.args as [string, Durability, string];
const retention = { events: 2_000, millis: 1e12 };
const store = await SqliteStore.open(sqliteOptions(directory, { durability, bootId, retention }));
const encoder = new TextEncoder();

for (let batch = 1;; batch++) {
  const size = 1 + (batch * 7) % 40;
  const events = [...draft("positions", batch, size), ...draft("risk-alerts", batch, size)];
  await store.commit(events, events.map(({ channel, seq }) => identity(channel, seq)));
  Deno.stdout.writeSync(encoder.encode(`${batch} ${store.head("positions").seq}\n`));
  if (batch % 10 === 0) await store.retain(0);
}

function draft(channel: Channel, batch: number, size: number): StoredEvent[] {
  const { seq } = store.head(channel);
  return Array.from({ length: size }, (_, index) => {
    const data = JSON.stringify({ batch, index, size, life: bootId });
    return event(channel, seq + 1 + index, `k${index}`, { data });
  });
}
