/**
 * Alerts: incident by incident, acknowledged by one and seen by all.
 *
 * @module
 */
import assert from "node:assert/strict";
import { riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { waitUntil } from "../support/wait.ts";
import { browserTest } from "./browser.ts";
import { createKey } from "./keys.ts";

const LOSS = "daily loss over its limit";

browserTest(
  "an alert is counted, acknowledged by one, and that is seen in another browser",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const api = new HttpApi(gateway);
    await api.publish(traderStatus("42", { name: "Atlas" }));
    const alert = riskAlert("a1", { severity: "CRITICAL", message: LOSS });
    await api.publish(alert);
    await api.publish(alert);
    const desk = await createKey(gateway, { name: "desk", scopes: ["subscribe", "acknowledge"] });
    const viewer = await createKey(gateway, { name: "viewer", scopes: ["subscribe"] });
    const one = await pages.signedIn(gateway, "/alerts", { key: desk });
    const other = await pages.signedIn(gateway, "/alerts", { key: viewer });
    const row = one.locator("table[aria-label=Incidents] tbody tr", { hasText: LOSS });
    await row.locator("td", { hasText: "2×" }).waitFor();
    await row.locator("td", { hasText: "Atlas" }).waitFor();
    await api.publish(alert);
    await row.locator("td", { hasText: "3×" }).waitFor();

    const foreign = other.locator("table[aria-label=Incidents] tbody tr", { hasText: LOSS });
    await foreign.waitFor();
    assert.equal(await foreign.locator("button.take").isDisabled(), true);
    await other.getByText("Your key lacks the scope acknowledge.").waitFor();

    await row.locator("button.take").click();
    await foreign.locator("td", { hasText: /✓ desk, \d\d:\d\d:\d\d/ }).waitFor();
    await row.locator("td", { hasText: "✓ desk" }).waitFor();
    await api.publish(alert);
    await row.locator("td", { hasText: "4×" }).waitFor();
    await row.locator("td", { hasText: "✓ desk" }).waitFor();
    await one.getByRole("button", { name: "Unacknowledged only" }).click();
    await one.getByText("Nothing to do: all alerts are acknowledged.").waitFor();
    assert.match(one.url(), /\?show=open$/);
  },
);

browserTest(
  "a critical alert is announced once to those who listen, and a filter is in the address",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const api = new HttpApi(gateway);
    await api.publish([
      riskAlert("w", { message: "exposure" }),
      riskAlert("i", { severity: "INFO" }),
    ]);
    const page = await pages.signedIn(gateway, "/alerts?filter=exposure&sort=-last");
    const rows = page.locator("table[aria-label=Incidents] tbody tr[data-id]");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1);
    const status = page.locator("p[role=status].hidden");
    assert.doesNotMatch(await status.innerText(), /Critical/);
    await api.publish(riskAlert("c", { severity: "CRITICAL", message: LOSS }));
    await page.locator("p[role=status].hidden", { hasText: `Critical alert: ${LOSS}` }).waitFor();
    assert.equal(await rows.count(), 1);
    await waitUntil(
      "the title",
      () => page.title(),
      (title) => title === "▲ (3) Alerts – Telemetry",
    );
    await page.getByLabel("Filter").fill("");
    await rows.nth(2).waitFor();
    assert.doesNotMatch(page.url(), /filter/);
    await page.getByRole("button", { name: "Sound off" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Sound on" }).waitFor();
  },
);
