/**
 * The deployed desktop client lives with the gateway unchanged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DesktopClient } from "../support/desktop_client.ts";
import { riskAlert, traderStatus } from "../support/events.ts";
import { FAST_HEARTBEATS, GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";

const ENV = { ...FAST_HEARTBEATS, TELEMETRY_ANONYMOUS_SCOPES: "subscribe" };

/** The timings of the program, scaled; a restart of the gateway has six seconds on a busy machine. */
const TIMINGS = { retryDelayMs: 1_500, silenceMs: 6_000 };

/** Publishes until the client shows that it receives. */
async function assertReceiving(desktop: DesktopClient, api: HttpApi, mark: string): Promise<void> {
  await api.publish([riskAlert(`alert ${mark}`), traderStatus(`trader ${mark}`)]);
  await desktop.until(
    `an event after ${mark}`,
    () =>
      desktop.events("risk-alerts").some(({ data }) => data!["id"] === `alert ${mark}`) &&
      desktop.events("trader-status").some(({ data }) => data!["id"] === `trader ${mark}`),
  );
}

Deno.test("the desktop client stays, comes back, and gives up only when nobody is there", async (t) => {
  await using gateway = await GatewayProcess.start({ env: ENV });
  const api = new HttpApi(gateway);
  await using desktop = DesktopClient.start(gateway.wsUrl, TIMINGS);
  const ticks = () => desktop.messages.filter(({ type }) => type === "heartbeat").length;

  await t.step("it never speaks and is still there after two heartbeat timeouts", async () => {
    await desktop.until("connected", ({ state }) => state === "connected");
    await assertReceiving(desktop, api, "connecting");
    const from = ticks();
    await desktop.until("seven more ticks", () => ticks() >= from + 7, 15_000);
    assert.equal(desktop.acceptedAt.length, 1);
    await assertReceiving(desktop, api, "a long silence");
    const [listed] = await api.clients();
    assert.equal(listed!["authenticated"], false);
    assert.deepEqual(
      [...listed!["subscribedChannels"]].sort(),
      ["risk-alerts", "system-warnings", "trader-status"],
    );
  });

  await t.step("it survives an administrator's disconnect, held back but not refused", async () => {
    const [listed] = await api.clients();
    const answer = await api.disconnect(listed!["connectionId"]);
    assert.equal(answer.status, 200, answer.text);
    await desktop.until("connected again", ({ acceptedAt }) => acceptedAt.length === 2, 15_000);
    assert.equal(desktop.refusedAt.length, 0);
    const held = desktop.acceptedAt[1]! - desktop.endedAt[0]!;
    assert.ok(held >= 900 && held <= 6_000, `held for ${held} ms`);
    await assertReceiving(desktop, api, "the disconnect");
  });

  await t.step("disconnected once more it waits longer, and is not refused either", async () => {
    const [listed] = await api.clients();
    await api.disconnect(listed!["connectionId"]);
    await desktop.until("back", ({ acceptedAt }) => acceptedAt.length === 3, 15_000);
    assert.equal(desktop.refusedAt.length, 0);
    await assertReceiving(desktop, api, "two disconnects");
  });

  await t.step("it survives a restart of the gateway on the same port", async () => {
    const accepted = desktop.acceptedAt.length;
    assert.equal((await gateway.stop()).code, 0);
    const { port, apiKey } = gateway;
    await using restarted = await GatewayProcess.start({ env: ENV, port, apiKey });
    await desktop.until("back", ({ acceptedAt }) => acceptedAt.length > accepted, 15_000);
    assert.ok(desktop.refusedAt.length < 5);
    await assertReceiving(desktop, new HttpApi(restarted), "the restart");
  });

  await t.step("when nobody is there any more it gives up after five refusals", async () => {
    await desktop.until("it gives up", ({ state }) => state === "gave up", 15_000);
    const since = desktop.refusedAt.filter((atMs) => atMs > desktop.endedAt.at(-1)!);
    assert.equal(since.length, 5);
    assert.deepEqual(desktop.faults, []);
  });
});

Deno.test("refused by its status, the desktop client gives up after five attempts", async () => {
  await using gateway = await GatewayProcess.start();
  await using desktop = DesktopClient.start(gateway.wsUrl, { retryDelayMs: 50 });
  await desktop.until("it gives up", ({ state }) => state === "gave up");
  assert.equal(desktop.refusedAt.length, 5);
  assert.equal(desktop.acceptedAt.length, 0);
});
