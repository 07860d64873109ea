import { restoreRequest } from "../../actors/gateway.ts";
import { LocalLog } from "../../actors/log/local_log.ts";
import type { Store } from "../../actors/ports.ts";
import { MemoryStore } from "../../actors/store/memory.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { systemClock as clock } from "../../actors/system_clock.ts";
import { ChannelStream } from "../../actors/stream/channel_stream.ts";
import { Fanout } from "../../actors/stream/fanout.ts";
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { CHANNELS } from "../../protocol/channels.ts";
import { Config } from "../../protocol/config.ts";
import { RecordingLogger } from "../support/fake_gateway.ts";
import { retainAll, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { type LogFactory, type LogUnderTest, testLogWriting } from "./event_log.ts";
import { testLogFollowing } from "./event_log_following.ts";

const onMemory: LogFactory = (retained) => {
  return localLog(new MemoryStore(retained), () => Promise.resolve());
};

const onSqlite: LogFactory = async (retained) => {
  const directory = new TempDir();
  const retention = { events: retained, millis: 1e12 };
  const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
  return localLog(store, () => retainAll(store, Date.now()), () => directory[Symbol.dispose]());
};

testLogWriting("local log on the memory store", onMemory);
testLogFollowing("local log on the memory store", onMemory);
testLogWriting("local log on SQLite", onSqlite);
testLogFollowing("local log on SQLite", onSqlite);

/** A local log on an empty store, with the streams that it reads the bounds of states from. */
function localLog(store: Store, forget: () => Promise<unknown>, dispose = () => {}): LogUnderTest {
  const streams = new Map(CHANNELS.map((channel) => {
    const { epoch, seq } = store.head(channel);
    return [channel, ChannelStream.begin(PRODUCT_CHANNELS.get(channel), epoch, seq, 4_096)];
  }));
  let failures = 0;
  const commit = store.commit.bind(store);
  store.commit = (batch, identities) => {
    if (failures === 0) return commit(batch, identities);
    failures -= 1;
    return Promise.reject(new Error("disk full"));
  };
  const log = new LocalLog({
    clock,
    log: new RecordingLogger(),
    store,
    streams,
    restoreRequest: () => restoreRequest(Config.parse({}), clock),
    dedupeWindowSeconds: 120,
    incidentGapSeconds: 300,
  });
  const places = new Map(CHANNELS.map((channel) => [channel, store.head(channel)]));
  const stop = log.follow(new Fanout(clock, streams), places);
  return {
    log,
    forget,
    failOnce: () => void (failures += 1),
    [Symbol.asyncDispose]: async () => {
      stop();
      await store.close();
      dispose();
    },
  };
}
