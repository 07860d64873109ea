import assert from "node:assert/strict";
import { LIFE, type TraderState } from "../../../actors/sources/lifecycle.ts";
import { Big } from "../../../actors/sources/money.ts";
import type { SourceEvent } from "../../../actors/sources/publish.ts";
import { Simulator } from "../../../actors/sources/simulator.ts";
import { Decimal } from "../../../protocol/decimal.ts";
import { parseSubmission } from "../../../protocol/publish.ts";
import { TestClock } from "../../support/test_clock.ts";

interface LogLine {
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>> | undefined;
}

/** A logger that remembers its warnings, and fails a test that logs anything else. */
function recorder() {
  const warnings: LogLine[] = [];
  const unexpected = (message: string) => assert.fail(`logged: ${message}`);
  const warn = (message: string, properties?: Readonly<Record<string, unknown>>) =>
    void warnings.push({ message, properties });
  return {
    warnings,
    logger: { debug: unexpected, info: unexpected, warn, error: unexpected },
  };
}

/** Simulates and returns everything that was published, the farewell included. */
async function simulate(minutes: number, seed: string, traders = 5): Promise<SourceEvent[]> {
  const clock = new TestClock();
  const events: SourceEvent[] = [];
  const publish = (batch: readonly unknown[]) => {
    assert.ok(batch.length > 0 && batch.length <= 500);
    events.push(...batch as SourceEvent[]);
    return Promise.resolve();
  };
  const { logger, warnings } = recorder();
  const simulator = new Simulator({ clock, publish, logger, seed, traders });
  simulator.start();
  // A second at a time: what was published settles, and it is much faster than every step.
  for (let second = 0; second < minutes * 60; second++) {
    for (let step = 0; step < 20; step++) {
      clock.advance(50);
      // `publish` settles within a few microtasks.
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  }
  await simulator.stop();
  assert.equal(clock.pendingTimers, 0);
  assert.deepEqual(warnings, []);
  return events;
}

const long = simulate(30, "long run");

function of<C extends SourceEvent["channel"]>(events: SourceEvent[], channel: C) {
  return events.filter((event): event is Extract<SourceEvent, { channel: C }> =>
    event.channel === channel
  );
}

Deno.test("Simulator repeats itself for the same seed and clock, and not for another seed", async () => {
  const [one, same, other] = await Promise.all([
    simulate(2, "seed"),
    simulate(2, "seed"),
    simulate(2, "another"),
  ]);
  assert.ok(one.length > 2_000, `${one.length} events`);
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
});

Deno.test("Simulator publishes nothing that the gateway would refuse", async () => {
  for (const event of await long) {
    const result = parseSubmission(JSON.parse(JSON.stringify(event)), "event", 0);
    assert.ok(result.ok, JSON.stringify(result));
  }
});

Deno.test("Simulator runs at human speed", async () => {
  const events = await long;
  const seconds = 30 * 60;
  const symbols = new Map<string, number>();
  for (const { data } of of(events, "market-data")) {
    symbols.set(data.symbol, (symbols.get(data.symbol) ?? 0) + 1);
    assert.match(data.price, /^\d+\.\d+$/);
  }
  assert.equal(symbols.size, 8);
  for (const [symbol, count] of symbols) {
    assert.ok(count / seconds > 2 && count / seconds < 6, `${symbol}: ${count / seconds}/s`);
  }
  const lastStatus = new Map<string, number>();
  for (const { data } of of(events, "trader-status")) {
    const at = Date.parse(data.updatedAt!);
    assert.ok(at - (lastStatus.get(data.id) ?? at) <= 5_600, `${data.id} was silent`);
    lastStatus.set(data.id, at);
  }
  assert.equal(lastStatus.size, 5);
});

Deno.test("Simulator opens every position, values it exactly, and ends it once", async () => {
  const states = new Map<string, { status: string; at: number }>();
  const reasons = new Set<string>();
  let trailing = 0;
  for (const { data } of of(await long, "positions")) {
    const at = Date.parse(data.updatedAt!);
    const before = states.get(data.id);
    assert.notEqual(before?.status, "CLOSED", `${data.id} was updated after it was closed`);
    assert.equal(data.status === "OPEN", before === undefined);
    if (before !== undefined) assert.ok(at - before.at <= 1_300, `${data.id} was silent`);
    states.set(data.id, { status: data.status, at });
    const direction = data.action === "LONG" ? 1 : -1;
    const gain = new Big(data.currentPrice).minus(data.entryPrice).times(direction);
    const profit = gain.times(data.quantity);
    if (data.trailingStopActivated) trailing++;
    if (data.status === "CLOSED") {
      assert.ok(profit.eq(data.realizedPnL!));
      assert.ok(new Big(data.unrealizedPnL).eq(0));
      assert.equal(data.isActive, false);
      reasons.add(data.reason!);
      if (data.reason === "TAKE_PROFIT") assert.ok(profit.gt(0));
      if (data.reason === "STOP_LOSS") assert.ok(profit.lt(0));
    } else {
      assert.ok(profit.eq(data.unrealizedPnL));
      assert.equal(data.realizedPnL, undefined);
      assert.equal(data.isActive, true);
      assert.equal(data.reason, undefined);
    }
    for (const amount of [data.quantity, data.stopLossPrice, data.takeProfitPrice]) {
      assert.ok(Decimal.safeParse(amount).success, amount);
    }
  }
  assert.ok(states.size > 100, `${states.size} positions`);
  for (const [id, { status }] of states) assert.equal(status, "CLOSED", `${id} was left open`);
  const expected = ["TAKE_PROFIT", "STOP_LOSS", "TRAILING_STOP", "SIGNAL", "TRADER_STOPPED"];
  assert.deepEqual([...reasons].sort(), expected.sort());
  assert.ok(trailing > 0);
});

Deno.test("Simulator leads traders through every state, and only along their ways", async () => {
  const events = await long;
  const seen = new Set<string>();
  const states = new Map<string, TraderState>();
  const lives = of(events, "trader-status");
  for (const { data } of lives.slice(0, -5)) {
    const from = states.get(data.id) ?? "IDLE";
    const allowed = from === data.status || LIFE[from].ways.some(({ to }) => to === data.status);
    assert.ok(allowed, `${data.id} went from ${from} to ${data.status}`);
    states.set(data.id, data.status);
    seen.add(data.status);
  }
  assert.deepEqual([...seen].sort(), Object.keys(LIFE).sort());
  for (const { data } of lives.slice(-5)) assert.equal(data.status, "STOPPED");
});

Deno.test("Simulator publishes metrics that follow from the closed positions", async () => {
  const realised = new Map<string, Big>();
  const started = new Map<string, string>();
  for (const { channel, data } of await long) {
    if (channel === "positions" && data.realizedPnL !== undefined) {
      const sum = realised.get(data.traderId) ?? new Big(0);
      realised.set(data.traderId, sum.plus(data.realizedPnL));
    } else if (channel === "trader-status") {
      const metrics = data.metrics!;
      if (started.get(data.id) !== metrics.startTime) realised.delete(data.id);
      started.set(data.id, metrics.startTime!);
      assert.equal(metrics.totalTrades, metrics.winningTrades + metrics.losingTrades);
      const net = new Big(metrics.totalProfit).minus(metrics.totalLoss);
      assert.ok(net.eq(metrics.netProfit));
      assert.ok(net.eq(realised.get(data.id) ?? 0), `${data.id}: ${metrics.netProfit}`);
    }
  }
});

Deno.test("Simulator raises alerts of every kind, repeated while they last", async () => {
  const types = new Set<string>();
  const incidents = new Map<string, number>();
  for (const { data } of of(await long, "risk-alerts")) {
    const violation = data.violations[0]!;
    types.add(violation.type);
    const incident = `${data.id} since ${violation.details["since"]}`;
    incidents.set(incident, (incidents.get(incident) ?? 0) + 1);
  }
  assert.deepEqual([...types].sort(), ["DAILY_LOSS", "EXPOSURE", "STOP_LOSS"]);
  assert.ok([...incidents.values()].some((count) => count > 2));
});

Deno.test("Simulator publishes one batch at a time and coalesces what happens meanwhile", async () => {
  const clock = new TestClock();
  const batches: SourceEvent[][] = [];
  const waiting: (() => void)[] = [];
  const publish = (batch: readonly unknown[]) => {
    batches.push(batch as SourceEvent[]);
    return new Promise<void>((resolve) => void waiting.push(resolve));
  };
  const simulator = new Simulator({ clock, publish, logger: recorder().logger });
  simulator.start();
  await clock.advanceAsync(60_000);
  assert.equal(batches.length, 1);
  waiting[0]!();
  await clock.advanceAsync(50);
  assert.equal(batches.length, 2);
  const keys = batches[1]!.map((event) =>
    `${event.channel} ${event.channel === "market-data" ? event.data.symbol : event.data.id}`
  );
  assert.equal(new Set(keys).size, keys.length);
  const stopped = simulator.stop();
  assert.equal(clock.pendingTimers, 0);
  waiting[1]!();
  await clock.advanceAsync(0);
  assert.equal(batches.length, 3, "the farewell comes after the batch under way");
  waiting[2]!();
  await stopped;
});

Deno.test("Simulator survives a publisher that rejects, and says so every ten seconds", async () => {
  const clock = new TestClock();
  const { logger, warnings } = recorder();
  let attempts = 0;
  let broken = true;
  const published: SourceEvent[] = [];
  const publish = (batch: readonly unknown[]) => {
    attempts++;
    // Thrown and not rejected, which has to be as harmless.
    if (broken) throw new Error("no gateway");
    published.push(...batch as SourceEvent[]);
    return Promise.resolve();
  };
  const simulator = new Simulator({ clock, publish, logger });
  simulator.start();
  await clock.advanceAsync(25_000);
  assert.equal(warnings.length, 3);
  assert.ok(attempts >= 20 && attempts <= 26, `${attempts} attempts`);
  assert.equal(published.length, 0);
  broken = false;
  await clock.advanceAsync(2_000);
  const missed = published.filter(({ channel }) => channel === "trader-status");
  assert.ok(missed.length >= 5, "the states from the time of the outage come after it");
  await simulator.stop();
  assert.equal(warnings.length, 3);
});

Deno.test("Simulator can be started again, and its position ids never come back", async () => {
  const clock = new TestClock();
  const ids: Set<string>[] = [];
  const publish = (batch: readonly unknown[]) => {
    for (const { channel, data } of batch as SourceEvent[]) {
      if (channel === "positions") ids.at(-1)!.add(data.id);
    }
    return Promise.resolve();
  };
  const simulator = new Simulator({ clock, publish, logger: recorder().logger });
  for (let day = 0; day < 2; day++) {
    ids.push(new Set());
    simulator.start();
    simulator.start();
    await clock.advanceAsync(60_000);
    await simulator.stop();
    await simulator.stop();
  }
  assert.ok(ids[0]!.size > 0 && ids[1]!.size > 0);
  for (const id of ids[1]!) assert.ok(!ids[0]!.has(id), id);
});
