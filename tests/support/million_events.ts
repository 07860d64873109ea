/**
 * A store with a million events, for tests of starts and retention. Run as a program it fills the
 * store of the directory that it is given, so that no test has to clean up after that.
 *
 * @module
 */
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import type { Channel } from "../../protocol/channels.ts";
import { fromFileUrl } from "./paths.ts";
import { event, identity, sqliteOptions } from "./store_fixture.ts";

/** Events in the store, over all channels. */
export const MILLION = 1_000_000;

/** The channels that share them. */
export const FILLED: readonly Channel[] = [
  "market-data",
  "positions",
  "trader-status",
  "risk-alerts",
];

/** Keys of a channel; each has a latest state. */
export const FILLED_KEYS = 20_000;

const DATA = JSON.stringify({ id: "BTCUSDT", price: "64231.15", fill: "x".repeat(250) });

/** Fills the store of a directory, in a process of its own. */
export async function fillMillion(directory: string): Promise<void> {
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const args = ["run", "-A", "--config", config, import.meta.url, directory];
  const { success } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new Error("the store could not be filled");
}

/** The last fifth was published with an `eventId`. */
async function fill(directory: string): Promise<void> {
  const store = await SqliteStore.open(sqliteOptions(directory));
  const timestamp = Date.now();
  const expiresAt = timestamp + 3_600_000;
  const each = MILLION / FILLED.length;
  for (const channel of FILLED) {
    for (let first = 1; first <= each; first += 1_000) {
      const batch = Array.from({ length: 1_000 }, (_, index) => {
        const seq = first + index;
        return event(channel, seq, `K${seq % FILLED_KEYS}`, { data: DATA, timestamp });
      });
      const identities = first > each * 0.8
        ? batch.map(({ seq }) => identity(channel, seq, { expiresAt }))
        : [];
      await store.commit(batch, identities);
    }
  }
  await store.close();
}

/** Copies the files of a store as they are, as if its process had been killed. */
export function copyFiles(from: string, to: string): void {
  for (const { name } of Deno.readDirSync(from)) {
    Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

if (import.meta.main) await fill(Deno.args[0]!);
