import { MemoryStore } from "../../actors/store/memory.ts";
import type { Durability } from "../../actors/store/sqlite/epoch.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { HOUR, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { type StoreFactory, testStoreContract } from "./store.ts";
import { testStoreContinuity } from "./store_continuity.ts";
import { testStoreReads } from "./store_reads.ts";

const inMemory: StoreFactory = (retained) => ({ store: new MemoryStore(retained) });

testStoreContract("memory store", false, inMemory);
testStoreContinuity("memory store", inMemory);
testStoreReads("memory store", inMemory);

testStoreContract("sqlite store", true, sqlite("process"));
testStoreContinuity("sqlite store", sqlite("process"));
testStoreReads("sqlite store", sqlite("process"));

testStoreContract("sqlite store with power durability", true, sqlite("power"));
testStoreContinuity("sqlite store with power durability", sqlite("power"), 10);
testStoreReads("sqlite store with power durability", sqlite("power"));

function sqlite(durability: Durability): StoreFactory {
  return async (retained) => {
    const directory = new TempDir();
    const retention = { events: retained, millis: 1_000 * HOUR * 24 };
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
