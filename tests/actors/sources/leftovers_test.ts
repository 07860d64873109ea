import assert from "node:assert/strict";
import { createGateway, restoreRequest } from "../../../actors/gateway.ts";
import { clearFloor, findLeftovers } from "../../../actors/sources/leftovers.ts";
import { Simulator } from "../../../actors/sources/simulator.ts";
import { SqliteStore } from "../../../actors/store/sqlite/sqlite_store.ts";
import { Config } from "../../../protocol/config.ts";
import { publishInProcess } from "../../../routes/in_process_publisher.ts";
import { position, traderStatus } from "../../support/events.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { sqliteOptions, TempDir } from "../../support/store_fixture.ts";
import { TestClock } from "../../support/test_clock.ts";

/** A process on a directory, until it is killed: nothing is told goodbye. */
class Run {
  readonly log = new RecordingLogger();

  private constructor(
    readonly clock: TestClock,
    readonly store: SqliteStore,
    readonly gateway: ReturnType<typeof createGateway>,
    readonly restored: Awaited<ReturnType<SqliteStore["restore"]>>,
  ) {}

  static async begin(directory: string, clock: TestClock): Promise<Run> {
    const store = await SqliteStore.open(sqliteOptions(directory));
    const config = Config.parse({});
    const restored = await store.restore(restoreRequest(config, clock));
    const gateway = createGateway(config, clock, new RecordingLogger(), store, restored);
    return new Run(clock, store, gateway, restored);
  }

  readonly publish = (events: readonly unknown[]) =>
    this.settled(publishInProcess(this.gateway.eventLog, this.clock, "demo")(events));

  /** Waits for commits, which take real time. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const finish = () => void (done = true);
    promise.then(finish, finish);
    while (!done) await this.clock.advanceAsync(0);
    return await promise;
  }

  /** The keys of a snapshot. */
  async keys(channel: "positions" | "trader-status"): Promise<string[]> {
    const restored = await this.store.restore(restoreRequest(Config.parse({}), this.clock));
    const { latest } = restored.channels.get(channel)!;
    return latest.filter(({ ends }) => ends === undefined).map(({ key }) => key);
  }

  async end(): Promise<void> {
    this.gateway.hub.stop();
    await this.store.close();
  }
}

Deno.test("a simulation that was killed leaves nothing on the floor of the next one", async () => {
  using directory = new TempDir();
  const clock = new TestClock();
  const first = await Run.begin(directory.path, clock);
  await first.publish([
    traderStatus("real"),
    position("mine", { traderId: "real" }),
    position("trader-1", { traderId: "nobody" }),
  ]);
  const { publish, log: logger } = first;
  const simulator = new Simulator({ clock, publish, logger, traders: 8 });
  simulator.start();
  for (let second = 0; second < 60; second++) await clock.advanceAsync(1_000);
  await first.publish([]).catch(() => {});
  const open = await first.keys("positions");
  assert.ok(open.length > 2, "the simulation has open positions");
  assert.equal((await first.keys("trader-status")).length, 9);
  await first.end();

  const second = await Run.begin(directory.path, clock);
  await clearFloor(second.restored, second.publish, second.log);
  assert.deepEqual((await second.keys("positions")).sort(), ["mine", "trader-1"]);
  assert.deepEqual(await second.keys("trader-status"), ["real"]);
  assert.deepEqual(second.log.lines, []);
  await second.end();

  const third = await Run.begin(directory.path, clock);
  assert.deepEqual(findLeftovers(third.restored), [], "what was removed stays so");
  await third.end();
});

Deno.test("a store that takes nothing does not stop the demo", async () => {
  const latest = [{
    channel: "trader-status" as const,
    seq: 1,
    key: "trader-1",
    timestamp: 0,
    time: "2026-01-31T12:00:00Z",
    data: JSON.stringify({ id: "trader-1", exchange: "simulator" }),
  }];
  const channel = { epoch: "e", seq: 1, events: latest, latest, horizon: 0 };
  const restored = { channels: new Map([["trader-status" as const, channel]]), identities: [] };
  const log = new RecordingLogger();
  await clearFloor(restored, () => Promise.reject(new Error("disk full")), log);
  assert.deepEqual(log.lines.map(({ level }) => level), ["warn"]);
});
