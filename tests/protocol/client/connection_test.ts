/**
 * A connection that comes back: endings, refusals, credentials, wakes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { TelemetryError } from "../../../protocol/client/mod.ts";
import { ENDINGS } from "../../../protocol/close_codes.ts";
import { settle } from "../../support/test_clock.ts";
import { FakeNetwork } from "./fake_network.ts";

/** The state as a test compares it. */
function stateOf({ state }: ReturnType<FakeNetwork["connect"]>): string {
  return state.status === "waiting" || state.status === "ended"
    ? `${state.status}: ${state.why.code}`
    : state.status;
}

for (const [cause, { code, reconnect }] of Object.entries(ENDINGS)) {
  Deno.test(`after ${code} (${cause}) a client does what the catalogue says: ${reconnect}`, async () => {
    const network = new FakeNetwork();
    network.random = 0;
    const gateway = network.live();
    network.connection.end(code, "why");
    assert.equal(gateway.state.status, reconnect === "no" ? "ended" : "waiting");
    await network.clock.advanceAsync(9_999);
    const expected = reconnect === "no" || reconnect === "later" ? 1 : 2;
    assert.equal(network.connections.length, expected);
    gateway.close();
    assert.equal(network.clock.pendingTimers, 0);
  });
}

Deno.test("a client comes back when going_away said, and not before", async () => {
  const network = new FakeNetwork();
  network.random = 0;
  const gateway = network.live();
  network.connection.say({ type: "going_away", reconnectAfterMs: 4_000 });
  network.connection.end(1001);
  assert.equal(stateOf(gateway), "waiting: going_away");
  network.window.dispatchEvent(new Event("online"));
  await network.clock.advanceAsync(3_999);
  assert.equal(network.connections.length, 1);
  await network.clock.advanceAsync(1);
  assert.equal(network.connections.length, 2);
  gateway.close();
});

Deno.test("a hint of an earlier connection does not hold for a later one", async () => {
  const network = new FakeNetwork();
  network.random = 0;
  const gateway = network.live();
  network.connection.say({ type: "going_away", reconnectAfterMs: 4_000 });
  network.connection.end(1001);
  await network.clock.advanceAsync(4_000);
  network.connection.welcome();
  network.connection.end(1006);
  assert.equal(stateOf(gateway), "waiting: lost");
  gateway.close();
});

const REFUSALS = [
  [401, {}, "ended: unauthorized", 0],
  [403, {}, "ended: forbidden", 0],
  [421, {}, "ended: refused", 0],
  [429, { "Retry-After": "20" }, "waiting: overloaded", 20_000],
  [503, { "Retry-After": "5" }, "waiting: overloaded", 5_000],
  [502, {}, "waiting: unreachable", 0],
  [200, {}, "waiting: lost", 0],
  [400, {}, "waiting: lost", 0],
] as const;

for (const [status, headers, expected, askedMs] of REFUSALS) {
  Deno.test(`a handshake that fails while HTTP answers ${status} is ${expected}`, async () => {
    const network = new FakeNetwork();
    network.random = 0;
    const error = { error: { code: "SOME_CODE", message: "because" } };
    network.answer = () => Response.json(error, { status, headers });
    const gateway = network.connect({ key: "secret-key" });
    network.connection.end(1006);
    await settle();
    assert.equal(stateOf(gateway), expected);
    if (askedMs > 0) {
      await network.clock.advanceAsync(askedMs - 1);
      assert.equal(network.connections.length, 1);
    }
    gateway.close();
  });
}

Deno.test("a handshake that fails while nobody answers is unreachable, and tried again", async () => {
  const network = new FakeNetwork();
  const gateway = network.connect({ key: "secret-key" });
  network.connection.end(1006);
  await settle();
  assert.equal(stateOf(gateway), "waiting: unreachable");
  await network.clock.advanceAsync(500);
  assert.equal(network.connections.length, 2);
  gateway.close();
});

Deno.test("a key travels as a subprotocol, in unpadded base64url of its UTF-8", () => {
  const network = new FakeNetwork();
  const gateway = network.connect({ key: "ключ?>~", clientId: "desk 7" });
  const { url, protocols } = network.connection;
  assert.equal(url, "ws://gateway.test/ws/telemetry?clientId=desk+7");
  assert.equal(protocols[0], "telemetry.v2");
  const token = protocols[1]!.replace("telemetry.key.", "");
  assert.match(token, /^[A-Za-z0-9_-]+$/);
  const base64 = token.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  assert.equal(new TextDecoder().decode(bytes), "ключ?>~");
  gateway.close();
});

Deno.test("every attempt has a ticket of its own, and no error shows it", async () => {
  const network = new FakeNetwork();
  let tickets = 0;
  const gateway = network.connect({ ticket: () => Promise.resolve(`t-${++tickets}`) });
  await settle();
  assert.ok(network.connection.url.endsWith("?ticket=t-1"));
  network.connection.end(1006);
  const { state } = gateway;
  assert.ok(state.status === "waiting");
  assert.ok(!`${state.why.message} ${state.why.stack}`.includes("t-1"));
  await network.clock.advanceAsync(1_000);
  assert.ok(network.connection.url.endsWith("?ticket=t-2"));
  gateway.close();
});

Deno.test("a ticket that is refused for good ends the client with the reason", async () => {
  const network = new FakeNetwork();
  const why = new TelemetryError("unauthorized", "this key was revoked", { final: true });
  const gateway = network.connect({ ticket: () => Promise.reject(why) });
  await settle();
  assert.deepEqual(gateway.state, { status: "ended", why });
  assert.equal(network.connections.length, 0);
});

Deno.test("a ticket that cannot be fetched is tried again, whether its callback rejects or throws", async () => {
  for (
    const ticket of [() => Promise.reject(new TypeError("offline")), () => {
      throw new TypeError("offline");
    }]
  ) {
    const network = new FakeNetwork();
    const gateway = network.connect({ ticket });
    await settle();
    assert.equal(stateOf(gateway), "waiting: unreachable");
    gateway.close();
  }
});

Deno.test("a handshake that nobody answers is given up after ten seconds", async () => {
  const network = new FakeNetwork();
  const gateway = network.connect();
  await network.clock.advanceAsync(9_999);
  assert.equal(stateOf(gateway), "connecting");
  await network.clock.advanceAsync(1);
  assert.equal(stateOf(gateway), "waiting: unreachable");
  assert.ok(network.connection.closed);
  gateway.close();
});

Deno.test("what an abandoned connection still says is not heard", async () => {
  const network = new FakeNetwork();
  const gateway = network.connect();
  const [first] = network.connections;
  await network.clock.advanceAsync(11_000);
  first!.welcome();
  first!.end(4401);
  assert.equal(stateOf(gateway), "connecting");
  gateway.close();
});

Deno.test("a client that is closed in a handler of its state stays closed", () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  gateway.on("state", ({ status }) => status === "waiting" && gateway.close());
  network.connection.end(1006);
  assert.equal(stateOf(gateway), "ended: closed");
  assert.equal(network.clock.pendingTimers, 0);
});

Deno.test("a page that comes back tries at once, but not within a second of the last attempt", async () => {
  for (
    const [target, name] of [["window", "online"], ["window", "pageshow"], [
      "document",
      "visibilitychange",
    ]] as const
  ) {
    const network = new FakeNetwork();
    network.random = 0.999;
    const gateway = network.connect();
    for (let failure = 0; failure < 5; failure++) {
      network.connection.end(1006);
      await settle();
      const { state } = gateway;
      assert.ok(state.status === "waiting");
      await network.clock.advanceAsync(
        failure < 4 ? state.retryAt - network.clock.epochMillis() + 1 : 0,
      );
    }
    assert.equal(network.connections.length, 5);
    network[target].dispatchEvent(new Event(name));
    await network.clock.advanceAsync(998);
    assert.equal(network.connections.length, 5, name);
    await network.clock.advanceAsync(2);
    assert.equal(network.connections.length, 6, name);
    gateway.close();
    network[target].dispatchEvent(new Event(name));
    assert.equal(network.clock.pendingTimers, 0);
  }
});

Deno.test("messages that are not JSON objects end the connection, not the client", () => {
  for (const data of ["", "nonsense", "17", "null"]) {
    const network = new FakeNetwork();
    const gateway = network.live();
    network.connection.say(data);
    assert.equal(stateOf(gateway), "waiting: lost");
    gateway.close();
  }
});

Deno.test("types that are not known are ignored", () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  network.connection.say({ type: "weather", channel: "positions" });
  assert.equal(stateOf(gateway), "live");
  gateway.close();
});

Deno.test("a welcome or a hint without a sensible number is taken as if it had none", async () => {
  for (const odd of [-5, 0, "soon", null, undefined]) {
    const network = new FakeNetwork();
    const gateway = network.connect();
    network.connection.welcome({ heartbeatIntervalSeconds: odd });
    await network.clock.advanceAsync(29_999);
    assert.equal(stateOf(gateway), "live");
    network.connection.say({ type: "going_away", reconnectAfterMs: odd });
    network.connection.end(1001);
    await network.clock.advanceAsync(1_000);
    assert.equal(network.connections.length, 2);
    gateway.close();
  }
});

Deno.test("the reason of an attempt that was given up says nothing about the next one", async () => {
  const network = new FakeNetwork();
  network.random = 0;
  const { promise, resolve } = Promise.withResolvers<Response>();
  const environment = { ...network.environment, fetch: () => promise };
  const gateway = network.connect({ key: "secret-key", environment });
  network.connection.end(1006);
  await network.clock.advanceAsync(10_000);
  assert.equal(network.connections.length, 2);
  resolve(new Response("{}", { status: 401 }));
  await settle();
  assert.equal(stateOf(gateway), "connecting");
  gateway.close();
});
