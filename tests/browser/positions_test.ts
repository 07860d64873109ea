/**
 * Ten thousand positions, and the keyboard alone.
 *
 * @module
 */
import assert from "node:assert/strict";
import { position, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { waitUntil } from "../support/wait.ts";
import { browserTest } from "./browser.ts";

const POSITIONS = 10_000;

browserTest(
  "ten thousand positions are scrolled with a few of them in the document",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const api = new HttpApi(gateway);
    const events = Array.from({ length: POSITIONS }, (_, index) => {
      const id = `p${`${index}`.padStart(5, "0")}`;
      return position(id, { symbol: `S${id.slice(1)}`, unrealizedPnL: `${index}.5` });
    });
    for (let from = 0; from < POSITIONS; from += 1_000) {
      await api.publishNdjson(events.slice(from, from + 1_000));
    }
    const page = await pages.signedIn(gateway, "/positions");
    const table = page.locator("table[aria-label='Open positions']");
    const rows = table.locator("tbody tr[data-id]");
    await page.locator(`table[aria-rowcount="${POSITIONS + 1}"]`).waitFor();
    await rows.first().waitFor();
    assert.match(await rows.first().innerText(), /S00000/);
    for (const part of [0.25, 0.5, 0.75, 1]) {
      const index = await page.evaluate<number>(`(async () => {
      const scroller = document.querySelector("table[aria-label='Open positions']").parentElement;
      scroller.scrollTop = (scroller.scrollHeight - scroller.clientHeight) * ${part};
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const { top, bottom } = scroller.getBoundingClientRect();
      const shown = [...scroller.querySelectorAll("tbody tr[data-id]")]
        .filter((row) => row.getBoundingClientRect().bottom > top + 40 &&
          row.getBoundingClientRect().top < bottom);
      return shown.length === 0 ? -1 : Number(shown.at(-1).getAttribute("aria-rowindex")) - 2;
    })()`);
      const wanted = Math.floor((POSITIONS - 1) * part);
      assert.ok(Math.abs(index - wanted) < 40, `row ${index} at ${part}`);
      assert.ok(await rows.count() < 100, "rows outside the view are not in the document");
    }
    await page.getByLabel("Filter").fill("S09999");
    await waitUntil("one row", () => rows.count(), (count) => count === 1);
    assert.equal(await table.getAttribute("aria-rowcount"), "2");
    await page.getByLabel("Filter").fill("");
    await page.locator("th button", { hasText: "Unrealized" }).first().click();
    await page.locator("th[aria-sort=descending]", { hasText: "Unrealized" }).waitFor();
    await waitUntil(
      "the greatest first",
      () => rows.first().innerText(),
      (text) => /S09999/.test(text),
    );
    assert.match(page.url(), /sort=-pnl/);
  },
);

browserTest(
  "everything is reached by the keyboard alone, from the sign-in to an acknowledgement",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    await new HttpApi(gateway).publish([
      traderStatus("1", { name: "Atlas" }),
      traderStatus("2", { name: "Borealis" }),
      position("p1", { traderId: "1" }),
      riskAlert("a1", { severity: "CRITICAL", message: "loss" }),
    ]);
    const page = await pages.open();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = (body: string) =>
      page.evaluate<string>(`(() => { const e = document.activeElement; return ${body}; })()`);
    await page.goto(gateway.url);
    await page.getByLabel("API key").waitFor();
    assert.equal(await focused("e.id"), "key", "the field has the focus");
    await press(...gateway.apiKey, "Enter");
    await page.locator(".presence.live").waitFor();
    await page.locator("tr[data-id='2']").waitFor();
    await press("/", ..."atlas");
    await page.locator("tr[data-id='2']").waitFor({ state: "hidden" });
    await press("Escape", "Tab");
    for (let tabs = 0; tabs < 30 && await focused("e.tagName") !== "TR"; tabs += 1) {
      await press(
        "Tab",
      );
    }
    assert.equal(await focused("e.dataset.id"), "1");
    const outline = await focused("getComputedStyle(e).outlineStyle");
    assert.notEqual(outline, "none", "the focus is visible");
    await press("?");
    await page.locator("dialog[open]").waitFor();
    await press("Escape", "3");
    await page.locator("table[aria-label=Incidents] tr[data-id]").waitFor();
    await press("a");
    await page.locator("td", { hasText: "✓ default" }).waitFor();
    await press("4", "5", "2");
    await page.locator("table[aria-label='Open positions']").waitFor();
    assert.equal(new URL(page.url()).pathname, "/positions");
  },
);
