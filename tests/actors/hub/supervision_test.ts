import assert from "node:assert/strict";
import {
  type FakeClient,
  type FakeGateway,
  PeerSocket,
  withGateway,
} from "../../support/fake_gateway.ts";
import { position, riskAlert } from "../../support/events.ts";

/** Collects what would have ended the process while a body runs. */
async function globalErrorsOf(body: () => void | Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const note = (event: ErrorEvent | PromiseRejectionEvent) => {
    event.preventDefault();
    errors.push("error" in event ? event.error : event.reason);
  };
  globalThis.addEventListener("error", note);
  globalThis.addEventListener("unhandledrejection", note);
  try {
    await body();
    // XState rethrows an unobserved error in a timer of 0 ms; two of ours come after it.
    for (let i = 0; i < 2; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    globalThis.removeEventListener("error", note);
    globalThis.removeEventListener("unhandledrejection", note);
  }
  return errors;
}

const BOOM = new Error("boom");

/** Runs a failure between two healthy clients, and checks that only the failed one is gone. */
async function costsOnlyItself(
  fail: (fake: FakeGateway, socket: PeerSocket) => void | Promise<void>,
): Promise<void> {
  await withGateway({}, async (fake) => {
    const before = fake.connect({ channels: ["positions"] });
    const socket = new PeerSocket();
    const errors = await globalErrorsOf(() => fail(fake, socket));
    assert.deepEqual(errors, []);
    const after = fake.connect({ channels: ["positions"] });
    await fake.publish(position("p1"));
    for (const healthy of [before, after]) {
      assert.equal(healthy.socket.events.length, 1);
      assert.deepEqual(healthy.socket.closings, []);
    }
    assert.deepEqual(socket.codes, [1011]);
    const { failures, endings, activeConnections, lingering } = fake.hub.stats();
    assert.deepEqual({ failures, endings, activeConnections, lingering }, {
      failures: 1,
      endings: { internalError: 1 },
      activeConnections: 2,
      lingering: 1,
    });
    const lines = fake.log.lines.filter(({ level }) => level === "error");
    assert.equal(lines.length, 1);
    assert.equal(typeof lines[0]!.properties["connectionId"], "string");
    const { connectionId } = lines[0]!.properties;
    assert.equal(
      [...fake.hub.clients()].some((client) => client.connectionId === connectionId),
      false,
    );
  });
}

Deno.test("a connection that fails in its welcome costs only its own socket", async () => {
  await costsOnlyItself((fake, socket) => {
    socket.sendError = BOOM;
    fake.connect({ socket });
  });
});

Deno.test("a connection that fails with channels to subscribe costs only its own socket", async () => {
  await costsOnlyItself((fake, socket) => {
    socket.sendError = BOOM;
    fake.connect({ socket, channels: ["positions"], replay: true });
  });
});

Deno.test("a connection that fails while it subscribes costs only its own socket", async () => {
  await costsOnlyItself((fake, socket) => {
    const client = fake.connect({ socket });
    socket.sendError = BOOM;
    client.say({ action: "subscribe", channels: ["positions"] });
  });
});

Deno.test("a connection that fails in the middle of its replay costs only its own socket", async () => {
  await costsOnlyItself(async (fake, socket) => {
    await fake.publish(riskAlert("a1"), riskAlert("a2"), riskAlert("a3"));
    const client = fake.connect({ socket });
    const send = socket.send.bind(socket);
    let left = 3; // The ack and two of three alerts.
    socket.send = (frame) => {
      if (left-- === 0) throw BOOM;
      send(frame);
    };
    client.say({ action: "subscribe", channels: ["risk-alerts"], replay: true });
  });
});

Deno.test("a connection that fails while it unsubscribes costs only its own socket", async () => {
  await costsOnlyItself((fake, socket) => {
    const client = fake.connect({ socket, channels: ["positions"] });
    socket.sendError = BOOM;
    client.say({ action: "unsubscribe", channels: ["positions"] });
  });
});

/** How a socket can fail after its welcome, other than in an effect of its actor. */
const FAILING: Readonly<Record<string, (fake: FakeGateway, client: FakeClient) => unknown>> = {
  "in the fan-out": (fake) => fake.publish(position("p0"), position("p1"), position("p0")),
  "at a heartbeat": (fake) => fake.clock.advance(15_250),
  "at an answer": (_, { say }) => say({ action: "heartbeat" }),
  "at an error": (_, { say }) => say("nonsense"),
  "at an ack": (_, { say }) => say({ action: "subscribe", channels: ["positions"], replay: true }),
};

for (const [where, fail] of Object.entries(FAILING)) {
  Deno.test(`a socket that fails ${where} costs only itself, in the middle of whatever it was`, async () => {
    await withGateway({}, async (fake) => {
      const before = fake.connect({ channels: ["positions"] });
      const client = fake.connect({ channels: ["positions", "market-data"] });
      const after = fake.connect({ channels: ["positions"] });
      // What the adapter of the real socket does when it fails.
      client.socket.sendFails = () => client.connection.end("internalError");
      const errors = await globalErrorsOf(async () => void await fail(fake, client));
      assert.deepEqual(errors, []);
      await fake.publish(position("p9"));
      for (const { socket } of [before, after]) {
        assert.equal(socket.events.at(-1)?.data?.["id"], "p9");
        assert.deepEqual(socket.closings, []);
      }
      assert.equal(before.socket.events.length, after.socket.events.length);
      assert.deepEqual(client.socket.codes, [1011]);
      const { endings, activeConnections, lingering, channels } = fake.hub.stats();
      assert.deepEqual({ endings, activeConnections, lingering }, {
        endings: { internalError: 1 },
        activeConnections: 2,
        lingering: 1,
      });
      assert.equal(channels.positions.subscribers, 2);
      assert.equal(channels["market-data"].subscribers, 0);
    });
  });
}

Deno.test("a connection that fails and cannot even be closed is removed all the same", async () => {
  await withGateway({}, async (fake) => {
    const healthy = fake.connect({ channels: ["positions"] });
    const socket = new PeerSocket();
    const errors = await globalErrorsOf(() => {
      socket.sendError = BOOM;
      socket.closeError = BOOM;
      fake.connect({ socket });
    });
    assert.deepEqual(errors, []);
    assert.equal(fake.hub.stats().activeConnections, 1);
    assert.equal(fake.hub.stats().failures, 1);
    await fake.publish(position("p1"));
    assert.equal(healthy.socket.events.length, 1);
  });
});

Deno.test("a connection whose socket cannot be closed is removed all the same", async () => {
  await withGateway({}, async (fake) => {
    const healthy = fake.connect({ channels: ["positions"] });
    const { connection, socket } = fake.connect({ channels: ["positions"] });
    const errors = await globalErrorsOf(() => {
      socket.closeError = BOOM;
      connection.end("disconnected");
    });
    assert.deepEqual(errors, []);
    await fake.publish(position("p1"));
    assert.equal(socket.events.length, 0);
    assert.equal(healthy.socket.events.length, 1);
    assert.equal(fake.hub.stats().activeConnections, 1);
    fake.hub.closed(connection, 1006);
    assert.equal(fake.hub.stats().lingering, 0);
  });
});

Deno.test("after a failure the close event of the socket frees its seat", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const socket = new PeerSocket();
    socket.sendError = BOOM;
    const { connection } = fake.connect({ socket });
    assert.equal(fake.hub.stats().lingering, 1);
    fake.hub.closed(connection, 1006);
    fake.hub.closed(connection, 1005);
    assert.equal(fake.hub.stats().lingering, 0);
    assert.deepEqual(fake.hub.stats().endings, { internalError: 1 });
    fake.connect();
  });
});

Deno.test("a connection whose actor XState gives up is closed, counted, logged and removed", async () => {
  await withGateway({ config: { server: { maxConnections: 2 } } }, async (fake) => {
    const healthy = fake.connect({ channels: ["positions"] });
    const { connection, socket, say } = fake.connect({ channels: ["positions"] });
    const errors = await globalErrorsOf(() => {
      // Nothing of ours throws here; a defect of the library would.
      connection.actor.logic.transition = () => {
        throw BOOM;
      };
      say({ action: "unsubscribe", channels: ["positions"] });
    });
    assert.deepEqual(errors, []);
    await fake.publish(position("p1"));
    assert.deepEqual([socket.codes, socket.events.length], [[1011], 0]);
    assert.equal(healthy.socket.events.length, 1);
    const { failures, activeConnections, lingering, channels } = fake.hub.stats();
    assert.deepEqual([failures, activeConnections, lingering], [1, 1, 0]);
    assert.equal(channels.positions.subscribers, 1);
    assert.equal(fake.log.find({ message: "connection failed" }).length, 1);
    say({ action: "heartbeat" });
    fake.hub.closed(connection, 1006);
    fake.connect(); // Its seat is free.
  });
});
