import { MemoryStore } from "../../actors/store/memory.ts";
import type { Durability } from "../../actors/store/sqlite/epoch.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { HOUR, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { type StoreFactory, testStoreContract } from "./store_contract.ts";

testStoreContract("memory store", (retained) =>
  Promise.resolve({
    store: new MemoryStore(retained),
    dispose: () => {},
  }));

testStoreContract("sqlite store", sqlite("process"));

testStoreContract("sqlite store with power durability", sqlite("power"), 10);

function sqlite(durability: Durability): StoreFactory {
  return async (retained) => {
    const directory = new TempDir();
    const retention = { events: retained, millis: 1_000 * HOUR };
    const options = sqliteOptions(directory.path, { durability, retention });
    const first = await SqliteStore.open(options);
    let last = first;
    return {
      store: first,
      reopen: async () => {
        await last.close();
        return last = await SqliteStore.open(options);
      },
      dispose: () => directory[Symbol.dispose](),
    };
  };
}
