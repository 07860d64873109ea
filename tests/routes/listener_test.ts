import assert from "node:assert/strict";
import { ResilientListener, type Server } from "../../routes/listener.ts";
import { RecordingLogger } from "../support/fake_gateway.ts";
import { settle, TestClock } from "../support/test_clock.ts";

/** A server that is lost and stopped when the test says so. */
class FakeServer implements Server {
  readonly #finished = Promise.withResolvers<void>();
  readonly finished: Promise<void> = this.#finished.promise;
  shutdowns = 0;
  /** Settles {@link FakeServer.shutdown}. */
  readonly drained = Promise.withResolvers<void>();

  lose(error: unknown = new Error("too many open files")): void {
    this.#finished.reject(error);
  }

  stop(): void {
    this.#finished.resolve();
  }

  shutdown(): Promise<void> {
    this.shutdowns += 1;
    return this.drained.promise;
  }
}

/** A listener on servers that can be had or not. */
class Fixture {
  readonly clock = new TestClock();
  readonly log = new RecordingLogger();
  readonly servers: FakeServer[] = [];
  /** When an attempt to listen was made, ms. */
  readonly attempts: number[] = [];
  available = true;
  /** Whether anybody is connected. */
  connected = false;
  losses = 0;
  givenUp = 0;
  readonly listener: ResilientListener;

  constructor() {
    this.listener = new ResilientListener({
      clock: this.clock,
      log: this.log,
      listen: () => {
        this.attempts.push(this.clock.now());
        if (!this.available) throw new Error("address in use");
        const server = new FakeServer();
        this.servers.push(server);
        return server;
      },
      hasClients: () => this.connected,
      onLost: () => void (this.losses += 1),
      giveUp: () => void (this.givenUp += 1),
    });
  }

  get messages(): string[] {
    return this.log.lines.map(({ message }) => message);
  }
}

Deno.test("it listens at once, and an address that cannot be had at the start is an error", () => {
  assert.deepEqual(new Fixture().attempts, [0]);
  const clock = new TestClock();
  const listen = () => {
    throw new Error("address in use");
  };
  assert.throws(
    () =>
      new ResilientListener({
        clock,
        log: new RecordingLogger(),
        listen,
        hasClients: () => false,
        onLost: () => {},
        giveUp: () => {},
      }),
    /address in use/,
  );
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("a lost listener comes back after a short pause, and says both", async () => {
  const fixture = new Fixture();
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(99);
  assert.equal(fixture.servers.length, 1);
  await fixture.clock.advanceAsync(1);
  assert.equal(fixture.servers.length, 2);
  assert.deepEqual(fixture.messages, [
    "listener lost; live connections are kept",
    "listening again",
  ]);
  assert.match(String(fixture.log.lines[0]!.properties["error"]), /too many open files/);
  assert.equal(fixture.clock.pendingTimers, 0);
});

Deno.test("the time without a listener is counted from the loss, also from one soon after the start", async () => {
  const fixture = new Fixture();
  await fixture.clock.advanceAsync(3_000);
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(100);
  const { message, properties } = fixture.log.lines.at(-1)!;
  assert.equal(message, "listening again");
  assert.equal(properties["afterMillis"], 100);
});

Deno.test("a listener that stops by itself is lost as well", async () => {
  const fixture = new Fixture();
  fixture.servers[0]!.stop();
  await fixture.clock.advanceAsync(100);
  assert.equal(fixture.servers.length, 2);
});

Deno.test("a listener that lasted for five seconds comes back after the short pause every time", async () => {
  const fixture = new Fixture();
  for (let i = 0; i < 5; i++) {
    await fixture.clock.advanceAsync(5_000);
    fixture.servers.at(-1)!.lose();
    await fixture.clock.advanceAsync(99);
    assert.equal(fixture.servers.length, i + 1);
    await fixture.clock.advanceAsync(1);
    assert.equal(fixture.servers.length, i + 2);
  }
  assert.equal(fixture.givenUp, 0);
});

Deno.test("a listener that is lost as soon as it listens did not come back: pauses grow, then it gives up", async () => {
  const fixture = new Fixture();
  const lost = new Set<FakeServer>();
  while (fixture.givenUp === 0 && fixture.clock.now() < 120_000) {
    const server = fixture.servers.at(-1)!;
    if (!lost.has(server)) server.lose();
    lost.add(server);
    await fixture.clock.advanceAsync(100);
  }
  const times = fixture.attempts;
  const pauses = times.slice(1).map((time, i) => time - times[i]!);
  assert.deepEqual(pauses.slice(0, 5), [100, 200, 400, 800, 1_600]);
  assert.ok(Math.max(...pauses) === 5_000, `${pauses}`);
  const now = fixture.clock.now();
  assert.ok(now >= 60_000 && now <= 65_100, `${now}`);
  assert.equal(fixture.givenUp, 1);
});

Deno.test("pauses double up to five seconds", async () => {
  const fixture = new Fixture();
  fixture.available = false;
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(30_000);
  const times = fixture.attempts.slice(1);
  const pauses = times.map((time, i) => time - (times[i - 1] ?? 0));
  assert.deepEqual(pauses.slice(0, 8), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  assert.ok(pauses.slice(8).every((pause) => pause === 5_000));
  fixture.available = true;
  await fixture.clock.advanceAsync(5_000);
  assert.equal(fixture.servers.length, 2);
  assert.equal(fixture.givenUp, 0);
});

Deno.test("after a minute without a listener and without a client it gives up, once", async () => {
  const fixture = new Fixture();
  fixture.available = false;
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(59_999);
  assert.equal(fixture.givenUp, 0);
  await fixture.clock.advanceAsync(5_001);
  assert.equal(fixture.givenUp, 1);
  await fixture.clock.advanceAsync(600_000);
  assert.equal(fixture.givenUp, 1);
  assert.equal(fixture.clock.pendingTimers, 0);
});

Deno.test("while a client is connected it goes on trying, and gives up a minute after the last one left", async () => {
  const fixture = new Fixture();
  fixture.available = false;
  fixture.connected = true;
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(600_000);
  assert.equal(fixture.givenUp, 0);
  const lastAttempt = fixture.attempts.at(-1)!;
  assert.ok(fixture.clock.now() - lastAttempt <= 5_000, "it still tries every five seconds");
  fixture.connected = false;
  await fixture.clock.advanceAsync(50_000);
  assert.equal(fixture.givenUp, 0);
  await fixture.clock.advanceAsync(15_000);
  assert.equal(fixture.givenUp, 1);
});

Deno.test("what the last client frees is used: the listener comes back when it has left", async () => {
  const fixture = new Fixture();
  fixture.available = false;
  fixture.connected = true;
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(600_000);
  fixture.connected = false;
  fixture.available = true;
  await fixture.clock.advanceAsync(5_000);
  assert.equal(fixture.servers.length, 2);
  assert.equal(fixture.givenUp, 0);
});

Deno.test("every loss is counted, attempts that fail at once included", async () => {
  const fixture = new Fixture();
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(100);
  fixture.servers[1]!.lose();
  await fixture.clock.advanceAsync(200);
  assert.equal(fixture.servers.length, 3);
  assert.equal(fixture.losses, 2);
});

Deno.test("the minute is counted anew for every loss", async () => {
  const fixture = new Fixture();
  for (let i = 0; i < 2; i++) {
    fixture.available = false;
    fixture.servers.at(-1)!.lose();
    await fixture.clock.advanceAsync(50_000);
    fixture.available = true;
    await fixture.clock.advanceAsync(10_000);
  }
  assert.equal(fixture.servers.length, 3);
  assert.equal(fixture.givenUp, 0);
});

Deno.test("closing shuts the server down and waits for open requests", async () => {
  const fixture = new Fixture();
  let closed = false;
  const closing = fixture.listener.close(1_000).then(() => closed = true);
  await settle();
  assert.equal(fixture.servers[0]!.shutdowns, 1);
  assert.equal(closed, false);
  fixture.servers[0]!.stop();
  fixture.servers[0]!.drained.resolve();
  await closing;
  await fixture.clock.advanceAsync(10_000);
  assert.equal(fixture.servers.length, 1, "a closed listener does not come back");
  assert.deepEqual(fixture.messages, []);
  assert.equal(fixture.clock.pendingTimers, 0);
});

Deno.test("closing ends at its deadline although a request stays open", async () => {
  const fixture = new Fixture();
  let closed = false;
  const closing = fixture.listener.close(1_000).then(() => closed = true);
  await fixture.clock.advanceAsync(999);
  assert.equal(closed, false);
  await fixture.clock.advanceAsync(1);
  await closing;
  assert.equal(closed, true);
  assert.equal(fixture.clock.pendingTimers, 0);
});

Deno.test("closing while the listener is lost ends the attempts to come back", async () => {
  const fixture = new Fixture();
  fixture.servers[0]!.lose();
  await settle();
  fixture.servers[0]!.drained.resolve();
  await fixture.listener.close(1_000);
  await fixture.clock.advanceAsync(120_000);
  assert.equal(fixture.servers.length, 1);
  assert.equal(fixture.givenUp, 0);
});

Deno.test("a shutdown that fails does not keep the process from ending", async () => {
  const fixture = new Fixture();
  fixture.servers[0]!.shutdown = () => Promise.reject(new Error("already closed"));
  await fixture.listener.close(1_000);
  assert.equal(fixture.clock.pendingTimers, 0);
});

Deno.test("a server is replaced by a new one first, and only then let go; its end is no loss", async () => {
  const fixture = new Fixture();
  fixture.listener.replace();
  assert.equal(fixture.servers.length, 2);
  assert.deepEqual(fixture.servers.map(({ shutdowns }) => shutdowns), [1, 0]);
  fixture.servers[0]!.stop();
  await fixture.clock.advanceAsync(10_000);
  assert.equal(fixture.losses, 0);
  assert.equal(fixture.servers.length, 2);
  fixture.servers[1]!.lose();
  await fixture.clock.advanceAsync(100);
  assert.equal(fixture.losses, 1, "the new one is watched");
  assert.equal(fixture.servers.length, 3);
});

Deno.test("when there is no new server, the one from before is kept", async () => {
  const fixture = new Fixture();
  fixture.available = false;
  assert.throws(() => fixture.listener.replace(), /address in use/);
  assert.equal(fixture.servers[0]!.shutdowns, 0);
  fixture.available = true;
  fixture.servers[0]!.lose();
  await fixture.clock.advanceAsync(100);
  assert.equal(fixture.losses, 1, "it is still watched");
});

Deno.test("nothing is replaced while the listener is lost, or closed", async () => {
  const fixture = new Fixture();
  fixture.available = false;
  fixture.servers[0]!.lose();
  await settle();
  fixture.listener.replace();
  assert.equal(fixture.servers.length, 1);
  fixture.available = true;
  await fixture.clock.advanceAsync(100);
  fixture.listener.replace();
  assert.equal(fixture.servers.length, 3);
  fixture.servers[2]!.drained.resolve();
  await fixture.listener.close(1_000);
  fixture.listener.replace();
  assert.equal(fixture.servers.length, 3);
});
