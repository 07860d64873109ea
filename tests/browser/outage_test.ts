/**
 * What a page says when something is wrong, how soon, and that nothing is missing afterwards.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { waitUntil } from "../support/wait.ts";
import { browserTest } from "./browser.ts";
import { createKey, revokeKey } from "./keys.ts";
import type { Page } from "./playwright.ts";

const KEY = "browser-test-key";

/** A gateway whose store, sessions and port are those of the one before. */
function startOn(directory: TempDir, port?: number): Promise<GatewayProcess> {
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory.path,
    TELEMETRY_BOOT_ID: BOOT,
  };
  return GatewayProcess.start({ env, apiKey: KEY, ...(port !== undefined && { port }) });
}

/** The numbers of a channel on the tape, in the order of the rows. */
async function numbersOf(page: Page, channel: string): Promise<number[]> {
  const rows = await page.locator("table[aria-label=Events] tbody tr[data-id]").allInnerTexts();
  return rows.filter((row) => row.split("\t")[1] === channel)
    .map((row) => Number(/#([\d,]+)/.exec(row)![1]!.replaceAll(",", "")));
}

browserTest(
  "a gateway that is killed is noticed within two seconds, and nothing is missing when it is back",
  async (pages) => {
    using directory = new TempDir();
    const first = await startOn(directory);
    const { port } = first;
    await new HttpApi(first).publish([1, 2, 3].map((n) => marketData("BTCUSDT", `${n}.00`)));
    const page = await pages.signedIn(first, "/tape");
    await waitUntil("the past", () => numbersOf(page, "market-data"), (all) => all.length === 3);
    await first.stop("SIGKILL");
    const killedAt = performance.now();
    await page.locator(".presence.lost").waitFor({ timeout: 2_000 });
    await page.locator("main.dim").waitFor({ timeout: 2_000 });
    const tookMs = performance.now() - killedAt;
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
    const text = await page.locator(".interruption").innerText();
    assert.match(text, /connection was lost|does not answer|Connecting again/);
    assert.match(text, /What you see is from \d\d:\d\d:\d\d, \d+ s ago/);
    assert.equal((await numbersOf(page, "market-data")).length, 3, "what was there stays readable");
    await first[Symbol.asyncDispose]();

    await using second = await startOn(directory, port);
    const upAt = performance.now();
    await new HttpApi(second).publish([4, 5, 6].map((n) => marketData("BTCUSDT", `${n}.00`)));
    // An attempt may be up to 30 s after the one before.
    await page.locator(".presence.live").waitFor({ timeout: 45_000 });
    assert.ok(performance.now() - upAt < 35_000, "the client waits 30 s at most");
    await page.locator("main:not(.dim)").waitFor();
    const numbers = await waitUntil(
      "what was published meanwhile",
      () => numbersOf(page, "market-data"),
      (all) => all.length === 6,
    );
    assert.deepEqual(numbers, [6, 5, 4, 3, 2, 1], "no hole and nothing twice");
    await page.locator(".complete", { hasText: "Complete" }).waitFor();
  },
);

browserTest(
  "a page that slept for 30 seconds shows what is now, and nothing is missing",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const api = new HttpApi(gateway);
    await api.publish(marketData("BTCUSDT", "1.00"));
    const page = await pages.signedIn(gateway, "/tape");
    await waitUntil("the past", () => numbersOf(page, "market-data"), (all) => all.length === 1);
    const session = await pages.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo") as {
      processInfo: { type: string; id: number }[];
    };
    const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
    assert.ok(renderers.length > 0);
    for (const pid of renderers) Deno.kill(pid, "SIGSTOP");
    try {
      const until = performance.now() + 30_000;
      for (let n = 2; performance.now() < until; n += 1) {
        if (n <= 11) await api.publish(marketData("BTCUSDT", `${n}.00`));
        await new Promise((done) => setTimeout(done, 500));
      }
    } finally {
      for (const pid of renderers) Deno.kill(pid, "SIGCONT");
    }
    await page.locator(".presence.live").waitFor({ timeout: 45_000 });
    const numbers = await waitUntil(
      "everything",
      () => numbersOf(page, "market-data"),
      (all) => all.length >= 11,
      { withinMs: 15_000 },
    );
    assert.deepEqual(numbers, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  },
);

browserTest(
  "a drain is announced, and an administrator's disconnect waits for a click",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const api = new HttpApi(gateway);
    await api.publish(traderStatus("1"));
    const page = await pages.signedIn(gateway);
    const [client] = await api.clients();
    assert.equal((await api.disconnect(client!["id"])).status, 200);
    const banner = page.locator(".interruption");
    await banner.locator("b", { hasText: "An administrator ended this connection." }).waitFor();
    await page.locator(".presence", { hasText: "Disconnected" }).waitFor();
    await page.getByRole("button", { name: "Connect again" }).click();
    await page.locator(".presence.live").waitFor();
    assert.equal(await banner.count(), 0);

    const drained = await api.request("/api/v1/websocket/drain", { method: "POST" });
    assert.equal(drained.status, 202, drained.text);
    await banner.locator("b", { hasText: /stopping or restarting|does not answer|was lost/ })
      .waitFor();
    await page.locator("main.dim").waitFor();
  },
);

browserTest(
  "a key that is revoked ends the page with the reason, and another key signs in",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const key = await createKey(gateway, { name: "viewer", scopes: ["subscribe"] });
    await new HttpApi(gateway).publish(traderStatus("1"));
    const page = await pages.signedIn(gateway, "/", { key });
    await revokeKey(gateway, "viewer");
    await page.locator(".interruption", { hasText: "its key was revoked" }).waitFor();
    await page.getByRole("button", { name: "Sign in again" }).click();
    await page.locator(".hint").waitFor();
    await page.getByLabel("API key").fill(gateway.apiKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".presence.live").waitFor();
  },
);

browserTest("a key limited to a trader sees nothing of the others, in any view", async (pages) => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  const key = await createKey(gateway, {
    name: "mine",
    scopes: ["subscribe"],
    traders: ["42"],
  });
  await api.publish([
    traderStatus("42", { name: "Atlas" }),
    traderStatus("7", { name: "Borealis" }),
    position("p42", { traderId: "42", symbol: "OWNUSDT" }),
    position("p7", { traderId: "7", symbol: "FOREIGNUSDT" }),
  ]);
  const page = await pages.signedIn(gateway, "/", { key });
  for (const view of ["/", "/positions", "/tape"]) {
    await page.goto(gateway.url + view);
    await page.locator("main", { hasText: view === "/" ? "Atlas" : "OWNUSDT" }).waitFor();
    assert.doesNotMatch(await page.locator("body").innerText(), /Borealis|FOREIGN|p7/);
  }
  await api.publish([
    position("p8", { traderId: "7", symbol: "FOREIGNUSDT" }),
    position("p43", { traderId: "42", symbol: "LATERUSDT" }),
  ]);
  await page.locator("main", { hasText: "LATERUSDT" }).waitFor();
  assert.doesNotMatch(await page.locator("body").innerText(), /FOREIGN/);
  await page.locator(".complete", { hasText: "Complete" }).waitFor();
});
