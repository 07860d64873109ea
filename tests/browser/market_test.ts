/**
 * The chart of a symbol, and the tape.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { waitUntil } from "../support/wait.ts";
import { browserTest } from "./browser.ts";

/** Prices, a second apart, the last one now. */
function prices(symbol: string, values: readonly number[]) {
  const now = Date.now();
  return values.map((value, index) =>
    marketData(symbol, value.toFixed(2), {
      updatedAt: new Date(now - (values.length - index) * 1_000).toISOString(),
    })
  );
}

browserTest(
  "a chart has the past from history and goes on live; it zooms and comes back",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const api = new HttpApi(gateway);
    await api.publish([
      ...prices("BTCUSDT", Array.from({ length: 60 }, (_, index) => 100 + index)),
      ...prices("ETHUSDT", [7, 8]),
    ]);
    const page = await pages.signedIn(gateway, "/market/btcusdt");
    await page.getByText("60 prices").waitFor();
    await page.getByText("all that is kept").waitFor();
    const label = page.locator(".label.now text");
    assert.equal(await label.textContent(), "159.00");
    await api.publish(marketData("BTCUSDT", "200.00"));
    await waitUntil("the live price", () => label.textContent(), (text) => text === "200.00");
    await page.getByText("61 prices").waitFor();

    const figure = async (name: string) =>
      (await page.locator(".figures > div", { hasText: name }).first().innerText()).split("\n")[1];
    assert.equal(await figure("Low"), "100.00");
    const box = (await page.locator(".chart").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 120, { steps: 4 });
    await page.mouse.up();
    const reset = page.getByRole("button", { name: "Reset" });
    await waitUntil("it is zoomed", () => reset.isDisabled(), (disabled) => !disabled);
    assert.ok(Number(await figure("Low")) > 115);
    await reset.click();
    await waitUntil("the whole", () => figure("Low"), (low) => low === "100.00");
    await page.mouse.move(box.x + 200, box.y + 100);
    await page.mouse.wheel(0, -300);
    await waitUntil("the wheel zooms", () => reset.isDisabled(), (disabled) => !disabled);
    await page.locator(".chart").focus();
    await page.keyboard.press("0");
    await waitUntil("0 resets", () => reset.isDisabled(), (disabled) => disabled);
    await page.keyboard.press("+");
    await waitUntil("plus zooms", () => reset.isDisabled(), (disabled) => !disabled);

    await page.getByRole("link", { name: "ETHUSDT" }).click();
    await page.getByText("2 prices").waitFor();
    assert.equal(new URL(page.url()).pathname, "/market/ETHUSDT");
  },
);

browserTest(
  "the tape filters, pauses with a count of what came since, and is copied",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const api = new HttpApi(gateway);
    await api.publish([marketData("BTCUSDT", "1.00"), position("p1"), riskAlert('a, "b"')]);
    const page = await pages.signedIn(gateway, "/tape");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const rows = page.locator("table[aria-label=Events] tbody tr[data-id]");
    const count = (wanted: number) =>
      waitUntil(`${wanted} rows`, () => rows.count(), (found) => found === wanted);
    await count(3);
    // The rows so far may be those of before: this one came while the page listens.
    await api.publish([marketData("ETHUSDT", "1.00")]);
    await count(4);
    await page.getByRole("button", { name: "Pause" }).click();
    await api.publish([marketData("BTCUSDT", "2.00"), marketData("BTCUSDT", "3.00")]);
    await page.getByText("2 came since").waitFor();
    await count(4);
    await page.getByRole("button", { name: "Go on" }).click();
    await count(6);
    await page.getByRole("button", { name: "risk-alerts" }).click();
    await count(1);
    assert.match(page.url(), /channels=risk-alerts/);
    const clipboard = () => page.evaluate<string>("navigator.clipboard.readText()");
    await page.getByRole("button", { name: "Copy as JSON" }).click();
    await page.getByText("1 event copied as JSON.").waitFor();
    const [event] = JSON.parse(await clipboard());
    assert.deepEqual([event.channel, event.seq, event.data.id], ["risk-alerts", 1, 'a, "b"']);
    await page.getByRole("button", { name: "Copy as CSV" }).click();
    await page.getByText("1 event copied as CSV.").waitFor();
    assert.match(await clipboard(), /^time,channel,seq,id,summary,data\r\n.*"a, ""b"""/);
    await page.getByRole("button", { name: "risk-alerts" }).click();
    await page.getByLabel("Filter").fill("btcusdt 2.00");
    await count(1);
    await rows.first().getByRole("button").click();
    await page.locator("pre.event", { hasText: '"price": "2.00"' }).waitFor();
  },
);
