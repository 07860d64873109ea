/**
 * Publishers against a gateway that is killed again and again: what was acknowledged is stored, once.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { StoredEvent } from "../../actors/ports.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { BOOT, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { settle } from "../support/test_clock.ts";

/** Kills of a run; the long form sets `TELEMETRY_TEST_KILLS`. */
const KILLS = Number(Deno.env.get("TELEMETRY_TEST_KILLS") ?? 5);

const PUBLISHERS = 4;
const KEY = "restart-test-key";

/** Publishers that never give up, and a gateway that comes back every time. */
class Storm {
  /** Acknowledged events by `eventId`, with the number that the last answer named. */
  readonly acknowledged = new Map<string, number>();
  /** Events that were already stored when they were sent again. */
  duplicates = 0;
  retries = 0;
  #gateway = Promise.withResolvers<GatewayProcess>();
  #killAt = Infinity;
  #stopping = false;

  /** A gateway is there. */
  serve(gateway: GatewayProcess, requestsUntilKill: number): void {
    this.#killAt = requestsUntilKill;
    this.#gateway.resolve(gateway);
  }

  /** No gateway is there. */
  interrupt(): void {
    this.#gateway = Promise.withResolvers();
  }

  /** Publishers end with the request that they are at. */
  stop(): void {
    this.#stopping = true;
  }

  async publisher(name: number): Promise<void> {
    for (let batch = 1; !this.#stopping; batch++) {
      const size = 1 + (batch * 5 + name) % 20;
      const ids = Array.from({ length: size }, (_, index) => `${name}-${batch}-${index}`);
      const body = JSON.stringify(ids.map((eventId) => ({
        channel: "risk-alerts",
        eventId,
        data: { id: eventId, severity: "INFO", message: "x", violations: [], status: "ACTIVE" },
      })));
      while (!await this.#send(body, ids)) this.retries += 1;
    }
  }

  async #send(body: string, ids: readonly string[]): Promise<boolean> {
    const gateway = await this.#gateway.promise;
    if (--this.#killAt === 0) void killSoon(gateway);
    try {
      const answer = await fetch(`${gateway.url}/api/v1/telemetry/events`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-API-Key": KEY },
        body,
      });
      const text = await answer.text();
      assert.equal(answer.status, 202, text);
      const { duplicates, last } = JSON.parse(text).data;
      this.duplicates += duplicates;
      for (const id of ids) this.acknowledged.set(id, last["risk-alerts"].seq);
      return true;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // The gateway is gone; whether it has stored the batch is unknown.
      await gateway.status;
      return false;
    }
  }
}

/** Kills while requests are read, committed or answered: so many turns of this loop from now. */
async function killSoon(gateway: GatewayProcess): Promise<void> {
  for (let turns = Math.floor(Math.random() * 200); turns > 0; turns--) await settle();
  gateway.signal("SIGKILL");
}

Deno.test(`${KILLS} kills of the gateway: every acknowledged event is stored once, under contiguous numbers`, async () => {
  using directory = new TempDir();
  const storm = new Storm();
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory.path,
    TELEMETRY_BOOT_ID: BOOT,
    TELEMETRY_DEDUPE_WINDOW_SECONDS: "3600",
  };
  const publishers = Array.from({ length: PUBLISHERS }, (_, name) => storm.publisher(name));
  for (let life = 0; life <= KILLS; life++) {
    await using gateway = await GatewayProcess.start({ env, apiKey: KEY });
    const requests = life < KILLS ? 1 + Math.floor(Math.random() * 400) : Infinity;
    storm.serve(gateway, requests);
    if (life === KILLS) storm.stop();
    await Promise.race([gateway.status, Promise.all(publishers)]);
    if (life < KILLS) storm.interrupt();
    else await gateway.stop();
  }

  const store = await SqliteStore.open(sqliteOptions(directory.path));
  const events: StoredEvent[] = [];
  for (let page; (page = await store.read("risk-alerts", events.length, 1_000))?.length;) {
    events.push(...page);
  }
  const { seq } = store.head("risk-alerts");
  await store.close();
  const numbers = new Map(events.map((event) => [event.key, event.seq]));
  // deno-lint-ignore no-console
  console.info(
    `${KILLS} kills, ${storm.acknowledged.size} events acknowledged, ${events.length} stored, ` +
      `${storm.retries} retries, ${storm.duplicates} recognised as duplicates`,
  );
  assert.deepEqual(events.map((event) => event.seq), events.map((_, index) => index + 1));
  assert.equal(seq, events.length);
  assert.equal(numbers.size, events.length, "an event was stored twice");
  assert.equal(events.length, storm.acknowledged.size, "something was stored that nobody knows of");
  for (const [id, last] of storm.acknowledged) assert.ok(numbers.get(id)! <= last, id);
});
