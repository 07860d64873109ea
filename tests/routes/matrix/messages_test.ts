/**
 * Every message of every dialect × every credential that is let in: what is answered, that what is
 * refused changes nothing, and what becomes of connections whose credential ends or is narrowed.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ProtocolName } from "../../../protocol/api.ts";
import { COLLECTOR_ACTIONS } from "../../../protocol/collector/message.ts";
import type { KeyRecord } from "../../../protocol/keys/record.ts";
import { V1_ACTIONS } from "../../../protocol/v1/client_message.ts";
import { V2_ACTIONS } from "../../../protocol/v2/client_message.ts";
import { position } from "../../support/events.ts";
import { type ConnectOptions, type FakeClient, HANDSHAKE } from "../../support/fake_gateway.ts";
import { type Caller, CALLERS, type Rights, standingFor } from "../../support/matrix/callers.ts";
import { forEachCaller } from "../../support/matrix/each_caller.ts";
import { DIALECTS, type MessageRule } from "../../support/matrix/message_rules.ts";
import { Scene, TRADER, withScene } from "../../support/matrix/scene.ts";
import { OWN_ORIGIN } from "../../support/sign_in.ts";

const PROTOCOLS = Object.keys(DIALECTS) as ProtocolName[];

/** Time in which a message is answered and its effects reach everybody. */
const MESSAGE_MILLIS = 200;

const ACTIONS: Readonly<Record<ProtocolName, readonly string[]>> = {
  "telemetry.v1": V1_ACTIONS,
  "telemetry.v2": V2_ACTIONS,
  "telemetry.collector": COLLECTOR_ACTIONS,
};

/** Who is let in, and with which rights. */
function admittedTo(protocol: ProtocolName): [string, Caller, Rights][] {
  return Object.entries(CALLERS).flatMap(([who, caller]) => {
    const standing = standingFor(caller, "handshake");
    const isAdmitted = typeof standing === "object" &&
      standing.scopes.includes(DIALECTS[protocol].needs);
    return isAdmitted ? [[who, caller, standing]] : [];
  });
}

/** Connects as a caller does. */
async function connect(
  scene: Scene,
  caller: Caller,
  protocol: ProtocolName,
  asked: Pick<ConnectOptions, "channels" | "replay"> = {},
): Promise<FakeClient> {
  const { headers = {}, query = "" } = caller.send(scene);
  const url = `http://localhost:8080${DIALECTS[protocol].path}?${query}`;
  const host = { host: "localhost:8080" };
  const request = new Request(url, { headers: { ...host, ...HANDSHAKE, ...headers } });
  const principal = await scene.principalOf(request);
  return scene.fake.connect({ principal, protocol, ...asked });
}

/** The type of the first answer after so many frames, or the code of the error. */
function answerOf({ socket }: FakeClient, from: number): string | undefined {
  for (const frame of socket.frames.slice(from)) {
    const { type, code, meta } = JSON.parse(frame);
    if (type === "error") return code ?? meta.reason;
    if (type === "ack" || (type === "heartbeat" && !frame.includes('"server"'))) return type;
  }
  return undefined;
}

function expectedAnswer(rule: MessageRule, rights: Rights): string {
  if (rule.needs !== undefined && !rights.scopes.includes(rule.needs)) return "forbidden";
  if (rule.channel && rights.foreignChannel) return "forbidden";
  if (rights.foreignTrader && rule.foreignTrader === "forbidden") return "forbidden";
  if (rights.foreignTrader && rule.foreignTrader === "not_found") return "not_found";
  return rule.answer;
}

function stateOf(scene: Scene): string {
  return JSON.stringify(scene.fingerprint());
}

Deno.test("matrix: every message of every dialect is in the matrix", () => {
  for (const protocol of PROTOCOLS) {
    const ruled = Object.keys(DIALECTS[protocol].messages);
    assert.deepEqual(ruled.toSorted(), [...ACTIONS[protocol]].sort(), protocol);
  }
});

for (const protocol of PROTOCOLS) {
  for (const [action, rule] of Object.entries(DIALECTS[protocol].messages)) {
    Deno.test(`matrix: ${action} of ${protocol} is answered for each credential as it is worth`, async () => {
      let scene = await Scene.build();
      try {
        await forEachCaller(admittedTo(protocol), async (_who, caller, rights) => {
          const expected = expectedAnswer(rule, rights);
          const client = await connect(scene, caller, protocol);
          const before = stateOf(scene);
          const from = client.socket.frames.length;
          client.say(rule.say);
          await scene.advance(MESSAGE_MILLIS);
          assert.equal(answerOf(client, from), expected, client.socket.frames.join("\n"));
          const isChanged = stateOf(scene) !== before;
          assert.equal(isChanged, expected === rule.answer && rule.changes);
          if (rule.foreignTrader === "withheld") {
            await assertSeen(scene, client, expected === rule.answer && !rights.foreignTrader);
          }
          if (!isChanged) return;
          scene.stop();
          scene = await Scene.build();
        });
      } finally {
        scene.stop();
      }
    });
  }
}

/** Whether a client was sent what there was of the trader, and what comes. */
async function assertSeen(scene: Scene, client: FakeClient, isSeen: boolean): Promise<void> {
  await scene.fake.publish(position("p9", { traderId: TRADER }));
  await scene.advance(MESSAGE_MILLIS);
  const frames = client.socket.frames.join();
  for (const word of [TRADER, '"p1"', '"p9"']) {
    assert.equal(frames.includes(word), isSeen, word);
  }
}

Deno.test("matrix: what v1 clients name in their URL needs what a subscription needs", async () => {
  const rule = DIALECTS["telemetry.v1"].messages["subscribe"]!;
  await withScene(async (scene) => {
    await forEachCaller(admittedTo("telemetry.v1"), async (_who, caller, rights) => {
      const asked = { channels: ["positions"], replay: true };
      const client = await connect(scene, caller, "telemetry.v1", asked);
      const expected = expectedAnswer(rule, rights);
      await scene.advance(MESSAGE_MILLIS);
      assert.equal(answerOf(client, 0), expected);
      await assertSeen(scene, client, expected === rule.answer && !rights.foreignTrader);
    });
  });
});

/** How a credential ends while its connection lives. */
const ENDINGS: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  revoked: (scene) => scene.editKeys(only("every", () => undefined)),
  expired: (scene) => {
    const expiresAt = new Date(scene.fake.clock.epochMillis() + 500).toISOString();
    return scene.editKeys(only("every", (key) => ({ ...key, expiresAt })));
  },
  "of a secret that was replaced": async (scene) => {
    const [other] =
      JSON.parse(scene.file.text!).keys.find(({ name }: KeyRecord) => name === "only-metrics")
        .secrets;
    await scene.editKeys((key) =>
      key.name === "every"
        ? { ...key, secrets: [other] }
        : key.name === "only-metrics"
        ? undefined
        : key
    );
  },
};

function only(name: string, edit: (key: KeyRecord) => KeyRecord | undefined) {
  return (key: KeyRecord) => key.name === name ? edit(key) : key;
}

const FORMS = ["every scope as X-API-Key", "a session of every", "a ticket of every"];

for (const protocol of PROTOCOLS) {
  for (const [how, end] of Object.entries(ENDINGS)) {
    for (const who of FORMS) {
      Deno.test(`matrix: ${protocol} with ${who} that is ${how} ends with 4401 within a second`, async () => {
        await withScene(async (scene) => {
          const client = await connect(scene, CALLERS[who]!, protocol);
          const other = await connect(
            scene,
            CALLERS["the second secret of a rotated key"]!,
            protocol,
          );
          await end(scene);
          assert.deepEqual(client.socket.codes, [4401]);
          assert.deepEqual(other.socket.codes, []);
          await assertDeaf(scene, client, protocol);
        });
      });
    }
  }

  Deno.test(`matrix: ${protocol} with a session that signs out ends with 4401, and no other`, async () => {
    await withScene(async (scene) => {
      const client = await connect(scene, CALLERS["a session of every"]!, protocol);
      const others = [
        await connect(scene, CALLERS["every scope as X-API-Key"]!, protocol),
        await connect(scene, CALLERS["a ticket of every"]!, protocol),
      ];
      const headers = { Cookie: scene.given.get("every")!.cookie, Origin: OWN_ORIGIN };
      const answer = await scene.send("DELETE", "/api/v1/session", { headers });
      assert.equal(answer.status, 200);
      await scene.advance(10);
      assert.deepEqual(client.socket.codes, [4401]);
      assert.deepEqual(others.map(({ socket }) => socket.codes), [[], []]);
      await assertDeaf(scene, client, protocol);
    });
  });

  Deno.test(`matrix: ${protocol} ends with 4403 when its key loses the scope of the socket`, async () => {
    await withScene(async (scene) => {
      const client = await connect(scene, CALLERS["a ticket of every"]!, protocol);
      await scene.editKeys(
        only("every", (key) => ({ ...key, scopes: ["metrics", "acknowledge"] })),
      );
      assert.deepEqual(client.socket.codes, [4403]);
      await assertDeaf(scene, client, protocol);
    });
  });

  Deno.test(`matrix: what a key of ${protocol} loses while it is connected is refused from then on`, async () => {
    await withScene(async (scene) => {
      const { needs, messages } = DIALECTS[protocol];
      const client = await connect(scene, CALLERS["every scope as X-API-Key"]!, protocol);
      const narrowed: Rights = { scopes: [needs], foreignChannel: true };
      await scene.editKeys(
        only("every", (key) => ({ ...key, scopes: [needs], channels: ["market-data"] })),
      );
      assert.deepEqual(client.socket.codes, []);
      for (const rule of Object.values(messages)) {
        const before = stateOf(scene);
        const from = client.socket.frames.length;
        client.say(rule.say);
        await scene.advance(MESSAGE_MILLIS);
        assert.equal(answerOf(client, from), expectedAnswer(rule, narrowed));
        assert.equal(stateOf(scene), before);
      }
      assert.ok(!client.socket.frames.join().includes(TRADER));
    });
  });
}

/** Whoever was ended can say what it likes, and hears nothing. */
async function assertDeaf(
  scene: Scene,
  client: FakeClient,
  protocol: ProtocolName,
): Promise<void> {
  const before = stateOf(scene);
  const frames = client.socket.frames.length;
  for (const { say } of Object.values(DIALECTS[protocol].messages)) client.say(say);
  await scene.advance(MESSAGE_MILLIS);
  assert.equal(stateOf(scene), before);
  assert.equal(client.socket.frames.length, frames);
}
