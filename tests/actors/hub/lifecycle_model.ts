/**
 * Drives connections, data plane and registry through random lifecycles, and checks that they agree.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Connection } from "../../../actors/connection/actor.ts";
import { HARD_CAP_BYTES } from "../../../actors/stream/subscriber.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { marketData, position, riskAlert } from "../../support/events.ts";
import {
  ANONYMOUS,
  FakeGateway,
  fakePeer,
  keyHolder,
  PeerSocket,
} from "../../support/fake_gateway.ts";
import { fillBuffer } from "../../support/stream_fixture.ts";

/** Seats of a scenario: few, so that limits are met. */
export const MAX_SCENARIO_SEATS = 6;

/** A step of a scenario; `which` names a connection modulo their number. */
export type Command =
  | { readonly type: "admit"; readonly client: number }
  | { readonly type: "subscribe" | "unsubscribe"; which: number; channels: readonly string[] }
  | { readonly type: "publish"; readonly count: number }
  | { readonly type: "wait"; readonly millis: number }
  | {
    readonly type:
      | "open"
      | "stopReading"
      | "read"
      | "fail"
      | "disconnect"
      | "timeOut"
      | "socketGone";
    readonly which: number;
  };

interface Entry {
  readonly connection: Connection;
  /** The peer's end, once the socket was open. */
  socket?: PeerSocket;
}

/** A gateway whose connections do as commands say. */
export class LifecycleModel {
  readonly #fake = new FakeGateway({
    config: {
      server: { maxConnections: MAX_SCENARIO_SEATS },
      telemetry: {
        rateLimitPerSecond: 2,
        ringCapacity: 64,
        heartbeatIntervalSeconds: 1,
        heartbeatTimeoutSeconds: 3,
        inboundMessagesPerSecond: 1_000,
      },
    },
  });
  readonly #entries: Entry[] = [];
  #refused = 0;

  /** Every connection that was admitted, oldest first. */
  get connections(): readonly Connection[] {
    return this.#entries.map(({ connection }) => connection);
  }

  /** Performs one command; one without a connection that it could concern does nothing. */
  async perform(command: Command): Promise<void> {
    const fake = this.#fake;
    if (command.type === "admit") return this.#admit(command.client);
    if (command.type === "wait") return await fake.clock.advanceAsync(command.millis);
    if (command.type === "publish") {
      const events = Array.from({ length: command.count }, (_, i) => {
        if (i % 3 === 0) return riskAlert(`a${i}`);
        return i % 3 === 1 ? position(`p${i % 7}`) : marketData(`S${i % 5}`, `${i}`);
      });
      if (events.length > 0) await fake.publish(...events);
      return;
    }
    const entry = this.#entries[command.which % this.#entries.length];
    if (entry === undefined) return;
    const { connection, socket } = entry;
    switch (command.type) {
      case "open":
        // The socket of a handshake opens once, also when the handshake has ended.
        if (socket !== undefined || connection.cause?.by === "peer") return;
        entry.socket = new PeerSocket();
        return fake.hub.open(connection, entry.socket, { channels: [], replay: false });
      case "subscribe":
      case "unsubscribe": {
        const { type: action, channels } = command;
        const v2 = connection.peer.protocol === "telemetry.v2";
        const named = v2 && action === "subscribe"
          ? channels.map((name) => ({ name, snapshot: true }))
          : channels;
        return connection.receive(JSON.stringify({ action, channels: named }));
      }
      case "stopReading":
        if (socket === undefined || connection.subscriber === undefined) return;
        socket.readsAtOnce = false;
        return fillBuffer({ socket, subscriber: connection.subscriber }, HARD_CAP_BYTES - 5_000);
      case "read":
        if (socket === undefined) return;
        socket.readsAtOnce = true;
        return socket.drain();
      case "fail":
        return this.#fail(entry);
      case "disconnect":
        fake.hub.disconnect(connection.id, "enough", 0, "ops");
        return;
      case "timeOut":
        return connection.timeOut("pongTimeout");
      case "socketGone":
        if (socket !== undefined) fake.hub.closed(connection, 1006);
    }
  }

  /** Checks that every part says the same of every connection. */
  check(): void {
    const { hub } = this.#fake;
    const live = this.connections.filter((connection) => connection.is("live"));
    const stats = hub.stats();
    const count = (...states: readonly string[]) =>
      this.connections.filter(({ state }) => states.includes(state)).length;
    assert.deepEqual(
      [stats.connecting, stats.activeConnections, stats.throttled, stats.lingering],
      [
        count("connecting"),
        count("authenticated", "subscribed", "throttled"),
        count("throttled"),
        count("closed", "timed-out", "abandoned"),
      ],
    );
    assert.deepEqual([...hub.clients()].map(({ connectionId }) => connectionId), [
      ...live.map(({ id }) => id),
    ]);
    for (const name of ["desk", "floor", "anonymous"]) {
      assert.deepEqual(
        new Set(hub.connectionsOf(name)),
        new Set(live.filter(({ peer }) => peer.principal.name === name)),
      );
    }
    for (const channel of CHANNELS) {
      const cursors = this.connections.filter(({ subscriber }) => subscriber?.cursors.has(channel));
      assert.equal(stats.channels[channel].subscribers, cursors.length, channel);
    }
    const ended = Object.values(stats.endings).reduce((sum, number) => sum + number, 0);
    assert.equal(ended, this.connections.length - live.length + this.#refused, "endings");
    for (const entry of this.#entries) checkEntry(entry);
    checkIdentities(live);
  }

  /** Ends the scenario. */
  stop(): void {
    this.#fake.stop();
  }

  #admit(client: number): void {
    const seats = this.connections.filter(({ state }) => state !== "gone" && state !== "abandoned");
    const peer = fakePeer({
      clientId: `c${client % 4}`,
      principal: [keyHolder("desk"), keyHolder("floor"), ANONYMOUS][client % 3]!,
      address: `10.0.0.${client}`,
      protocol: client % 2 === 0 ? "telemetry.v1" : "telemetry.v2",
    });
    const admitted = this.#fake.hub.admit(peer);
    assert.equal(admitted.ok, seats.length < MAX_SCENARIO_SEATS, "seats");
    if (admitted.ok) this.#entries.push({ connection: admitted.connection });
    else this.#refused += 1;
  }

  /** The next frame throws, as no real socket does. */
  #fail({ connection, socket }: Entry): void {
    if (socket === undefined || !connection.is("open")) return;
    socket.sendError = new Error("boom");
    connection.receive('{"action":"heartbeat"}');
    socket.sendError = undefined;
    assert.ok(!connection.is("live"), "a connection that fails ends");
  }
}

function checkEntry({ connection, socket }: Entry): void {
  const { state, subscriber, id } = connection;
  const cursors = subscriber?.cursors.size ?? 0;
  assert.equal(cursors > 0, state === "subscribed" || state === "throttled", `${id} ${state}`);
  assert.equal(subscriber?.throttle !== undefined, state === "throttled", `${id} ${state}`);
  assert.equal(connection.describe().isOpen, connection.is("open"));
  assert.equal(connection.cause !== undefined, !connection.is("live"), `${id} ${state}`);
  if (!connection.is("live")) assert.equal(subscriber?.parkedAt, undefined, `${id} ${state}`);
  const closings = connection.cause?.by === "gateway" ? 1 : 0;
  if (socket !== undefined) assert.equal(socket.closings.length, closings, `${id} ${state}`);
}

/** Of the open connections with a key, a pair of principal and clientId is there once. */
function checkIdentities(live: readonly Connection[]): void {
  const named = live.filter((connection) =>
    connection.is("open") && connection.peer.principal.authenticated
  ).map(({ peer }) => `${peer.principal.name} ${peer.clientId}`);
  assert.equal(new Set(named).size, named.length, named.join(", "));
}
