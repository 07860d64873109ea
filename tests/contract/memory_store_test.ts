import { MemoryStore } from "../../actors/store/memory.ts";
import { testStoreContract } from "./store.ts";

testStoreContract("memory store", false, (retained) => ({ store: new MemoryStore(retained) }));
