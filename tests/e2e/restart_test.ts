/**
 * Publishers against a gateway that is killed again and again: what was acknowledged is stored, once.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { StoredEvent } from "../../actors/ports.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import type { Channel } from "../../protocol/channels.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { BOOT, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { assertWhole, eventIdOf, numberOf, PATHS, Storm, tallyOf } from "../support/storm.ts";
import { settle } from "../support/test_clock.ts";
import { pause, within } from "../support/wait.ts";

/** Kills of a run; the long form sets `TELEMETRY_TEST_KILLS`. */
const KILLS = Number(Deno.env.get("TELEMETRY_TEST_KILLS") ?? 5);

const HTTP_PUBLISHERS = 3;
const SOCKET_PUBLISHERS = 2;

/** Batches that a gateway sees at most before it is killed. */
const MAX_BATCHES = 400;

const CHANNELS = ["risk-alerts", "market-data"] as const satisfies readonly Channel[];

/** Waits for a random number of turns of this loop. */
async function someTurns(most: number): Promise<void> {
  for (let turns = Math.floor(Math.random() * most); turns > 0; turns--) await settle();
}

/**
 * Kills while batches are read, committed or answered. Every other time the way back is cut
 * before: between a commit and its ack there is hardly a moment to be hit otherwise.
 */
async function killSoon(storm: Storm, gateway: GatewayProcess, kill: number): Promise<void> {
  await someTurns(200);
  if (kill % 2 === 1) {
    storm.cut();
    await pause(Math.random() * 100);
  }
  gateway.signal("SIGKILL");
}

/** Starts gateways on a directory and kills each of them under its publishers. */
async function rage(storm: Storm, directory: string): Promise<void> {
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory,
    TELEMETRY_BOOT_ID: BOOT,
    TELEMETRY_DEDUPE_WINDOW_SECONDS: "3600",
  };
  const publishers = [
    ...Array.from({ length: HTTP_PUBLISHERS }, () => storm.overHttp()),
    ...Array.from({ length: SOCKET_PUBLISHERS }, () => storm.overSocket()),
  ];
  for (let kill = 1; kill <= KILLS; kill++) {
    await using gateway = await GatewayProcess.start({ env, apiKey: "restart-test-key" });
    let batches = 1 + Math.floor(Math.random() * MAX_BATCHES);
    storm.serve(gateway, () => {
      if (--batches === 0) void killSoon(storm, gateway, kill);
    });
    await within("the gateway is killed", gateway.status, 60_000);
    storm.interrupt();
  }
  storm.abandon();
  await Promise.all(publishers);
}

async function readAll(directory: string): Promise<Map<Channel, readonly StoredEvent[]>> {
  const store = await SqliteStore.open(sqliteOptions(directory));
  const channels = new Map<Channel, readonly StoredEvent[]>();
  for (const channel of CHANNELS) {
    const events: StoredEvent[] = [];
    for (let page; (page = await store.read(channel, events.length, 1_000))?.length;) {
      events.push(...page);
    }
    assert.equal(store.head(channel).seq, events.length, channel);
    channels.set(channel, events);
  }
  await store.close();
  return channels;
}

Deno.test(`${KILLS} kills under HTTP and socket publishers: what was acknowledged is stored once, under contiguous numbers`, async () => {
  using directory = new TempDir();
  const storm = new Storm();
  await rage(storm, directory.path);
  const channels = await readAll(directory.path);

  const seqs = new Map<string, number>();
  let stored = 0;
  for (const [channel, events] of channels) {
    assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1), channel);
    for (const { data, seq } of events) seqs.set(eventIdOf(data), seq);
    stored += events.length;
  }
  const tallies = PATHS.map((path) => [path, tallyOf(storm, path, (id) => seqs.has(id))] as const);
  for (const [path, tally] of tallies) {
    // deno-lint-ignore no-console
    console.info(
      `${KILLS} kills, ${path}: ${tally.acknowledged} events acknowledged, ${tally.stored} stored, ` +
        `${tally.retried} retried, ${tally.duplicates} recognised as duplicates, ` +
        `${tally.unacknowledgedButStored} stored without an ack`,
    );
  }
  assert.deepEqual(storm.surprises, []);
  assert.equal(seqs.size, stored, "an event was stored twice");
  const known = tallies.reduce((sum, [, tally]) => sum + tally.stored, 0);
  assert.equal(stored, known, "something was stored that nobody sent");

  const batches = PATHS.flatMap((path) => storm.batches[path]);
  for (const batch of batches.flat()) assertWhole(batch, (eventId) => seqs.get(eventId));
  const epochs = batches.flat().flatMap(({ receipt }) =>
    Object.entries(receipt?.last ?? {}).map(([channel, { epoch }]) => `${channel} ${epoch}`)
  );
  assert.equal(new Set(epochs).size, CHANNELS.length, "an epoch changed");
  for (const [channel, events] of channels) {
    const latest = new Map<string, number>();
    for (const { data } of events) {
      const eventId = eventIdOf(data);
      const publisher = eventId.slice(0, eventId.lastIndexOf("-"));
      assert.ok(numberOf(eventId) > (latest.get(publisher) ?? 0), `${channel}: ${eventId}`);
      latest.set(publisher, numberOf(eventId));
    }
  }
  for (const [path, { acknowledged, retried }] of tallies) {
    assert.ok(acknowledged > 0 && retried > 0, `${path} was not under way at any kill`);
  }
});
