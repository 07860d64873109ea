/**
 * The client against a gateway: what it is refused for, what ends it, and requests.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  connect,
  type ConnectionState,
  type ConnectOptions,
  publisher,
} from "../../protocol/client/mod.ts";
import { marketData, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { waitUntil } from "../support/wait.ts";

/** Waits until a client or publisher has ended. @returns Why. */
async function endOf(client: { readonly state: ConnectionState }): Promise<string> {
  const isEnded = ({ status }: ConnectionState) => status === "ended";
  const state = await waitUntil("the client has ended", () => client.state, isEnded);
  return state.status === "ended" ? `${state.why.code} ${state.why.message}` : "";
}

Deno.test("the client and a gateway", async (t) => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  const { url, apiKey: key } = gateway;

  /** Runs with both kinds of client. */
  const both = async (options: Omit<ConnectOptions, "url">, expected: RegExp) => {
    for (const make of [connect, publisher]) {
      const client = make({ url, ...options });
      try {
        assert.match(await endOf(client), expected);
      } finally {
        await client.close();
      }
    }
  };

  await t.step(
    "a wrong key, or none, ends it with the gateway's words, and not with the key",
    async () => {
      await both({ key: "wrong-secret" }, /^unauthorized (?!.*wrong-secret)./);
      await both({}, /^unauthorized ./);
    },
  );

  await t.step("whoever may subscribe and not publish is told so as a publisher", async () => {
    const env = { TELEMETRY_ANONYMOUS_SCOPES: "subscribe" };
    await using open = await GatewayProcess.start({ env });
    const client = connect({ url: open.url });
    await waitUntil("it is live", () => client.state.status, (status) => status === "live");
    client.close();
    const out = publisher({ url: open.url });
    assert.match(await endOf(out), /^forbidden .*"publish"/);
    await out.close();
  });

  await t.step("a right key publishes and receives", async () => {
    const client = connect({ url, key });
    const out = publisher({ url, key });
    const prices = client.table("market-data");
    const { channel: _, data } = marketData("BTCUSDT", "1.5");
    await out.publish({ channel: "market-data", data: data as never });
    await waitUntil("the price is there", () => prices.get("BTCUSDT")?.price, (it) => it === "1.5");
    client.close();
    await out.close();
  });

  await t.step("an alert is acknowledged, and the log shows by whom", async () => {
    const client = connect({ url, key });
    const log = client.log("risk-alerts");
    await waitUntil("the log has begun", () => log.place, (place) => place !== undefined);
    await api.publish(riskAlert("alert-1"));
    const { value: first } = await log.next();
    const [acked] = await client.acknowledge({ id: "alert-1", seq: first.seq });
    const { value: second } = await log.next();
    assert.deepEqual([second.seq, second.data.status], [acked!.seq, "ACKNOWLEDGED"]);
    assert.equal(second.data.acknowledgedBy, acked!.acknowledgedBy);
    await assert.rejects(client.acknowledge({ id: "nobody" }), { code: "not_found", final: true });
    client.close();
    assert.deepEqual(await log.next(), { done: true, value: undefined });
  });

  await t.step("a newer connection, and an administrator, end it with the reason", async () => {
    const [first, second] = [0, 1].map(() => connect({ url, key, clientId: "desk-7" }));
    const ended = await Promise.race([endOf(first!), endOf(second!)]);
    assert.match(ended, /^replaced /);
    const left = first!.state.status === "ended" ? second! : first!;
    await waitUntil("the other is live", () => left.state.status, (status) => status === "live");
    await api.disconnect("desk-7", { reason: "maintenance" });
    assert.match(await endOf(left), /^disconnected .*maintenance/);
  });
});
