/**
 * Every view and state in both themes and on a phone: axe-core finds nothing. With
 * `SCREENSHOTS=docs` the pictures of the documentation are made; with a folder, those of everything.
 *
 * @module
 */
import assert from "node:assert/strict";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { projectPath } from "../support/paths.ts";
import { waitUntil } from "../support/wait.ts";
import { axe, browserTest, DESK, PHONE } from "./browser.ts";
import { createKey } from "./keys.ts";
import type { Page } from "./playwright.ts";
import { withPalette } from "./small_png.ts";

/** Where pictures go; none are made without it. */
const PICTURES = Deno.env.get("SCREENSHOTS");

/** The pictures of the documentation. */
const DOCUMENTED: ReadonlySet<string> = new Set([
  "floor-dark",
  "floor-light",
  "floor-phone-dark",
  "positions-dark",
  "alerts-dark",
  "market-dark",
  "tape-dark",
  "lost-dark",
]);

/** Largest picture, in bytes. */
const MAX_PICTURE_BYTES = 150_000;

/** How long the floor trades before pictures are made, in ms: lines need some past. */
const TRADING_MILLIS = 90_000;

/** How long a view is open before its picture is made, in ms. */
const LOOKING_MILLIS = 10_000;

/** The addresses of the views, with what is there when they are. */
const VIEWS = {
  floor: ["/", "table[aria-label=Traders] tr[data-id]"],
  positions: ["/positions", "table[aria-label='Open positions'] tr[data-id]"],
  alerts: ["/alerts", "table[aria-label=Incidents] tr[data-id]"],
  market: ["/market/BTCUSDT", ".chart svg"],
  tape: ["/tape", "table[aria-label=Events] tr[data-id]"],
} as const;

/** Looks for faults in both themes, and makes pictures when they are wanted. */
async function inspect(page: Page, name: string, themes = ["light", "dark"]): Promise<string[]> {
  const found: string[] = [];
  for (const theme of themes) {
    await page.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
    await takePicture(page, `${name}-${theme}`);
    found.push(...(await axe(page)).map((fault) => `${name} ${theme}: ${fault}`));
  }
  const isWide = await page.evaluate<boolean>(
    "document.documentElement.scrollWidth > document.documentElement.clientWidth",
  );
  return isWide ? [...found, `${name}: the page is wider than the screen`] : found;
}

async function takePicture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined || PICTURES === "docs" && !DOCUMENTED.has(name)) return;
  const folder = PICTURES === "docs" ? projectPath("docs/images") : PICTURES;
  const picture = withPalette(await page.screenshot({ animations: "disabled" }));
  assert.ok(picture.length < MAX_PICTURE_BYTES, `${name}: ${picture.length} bytes`);
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeFileSync(`${folder}/dashboard-${name}.png`, picture);
}

/** A demo with alerts, and the key that its page signs in with. */
async function startDemo(): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ flags: ["--demo"] });
  const api = new HttpApi(gateway);
  for (const severity of ["WARNING", "CRITICAL"]) {
    await api.publish({
      channel: "risk-alerts",
      data: {
        id: `check-${severity}`,
        traderId: "trader-1",
        severity,
        recommendation: severity === "CRITICAL" ? "BLOCK" : "WARN",
        message: severity === "CRITICAL" ? "Daily loss 5.2 % of 5 %" : "Exposure 82 % of its limit",
        violations: [
          {
            type: severity === "CRITICAL" ? "DAILY_LOSS" : "EXPOSURE",
            message: "limit 500.00",
            details: { limit: "500.00", used: "520.00" },
          },
        ],
      },
    });
  }
  const enough = PICTURES === undefined ? 0 : TRADING_MILLIS;
  await waitUntil(
    "the floor trades",
    async () => (await api.heads())["positions"]!,
    (head) => head > 0,
    { withinMs: 20_000 },
  );
  await new Promise((done) => setTimeout(done, enough));
  return gateway;
}

browserTest("axe finds nothing in any view, in both themes and on a phone", async (pages) => {
  await using gateway = await startDemo();
  const page = await pages.signedIn(gateway);
  const found: string[] = [];
  for (const [name, [path, there]] of Object.entries(VIEWS)) {
    await page.setViewportSize(DESK);
    await page.goto(gateway.url + path);
    await page.locator(there).first().waitFor();
    if (PICTURES !== undefined) await new Promise((done) => setTimeout(done, LOOKING_MILLIS));
    found.push(...await inspect(page, name));
    await page.setViewportSize(PHONE);
    found.push(...await inspect(page, `${name}-phone`, ["dark"]));
  }
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  found.push(...await inspect(page, "keys-phone"));
  await page.setViewportSize(DESK);
  await page.keyboard.press("Escape");
  await page.locator(".who summary").click();
  found.push(...await inspect(page, "menu"));
  assert.deepEqual(found, []);
});

browserTest("axe finds nothing in any state, in both themes", async (pages) => {
  await using gateway = await GatewayProcess.start();
  const found: string[] = [];
  const see = async (page: Page, name: string) => {
    found.push(...await inspect(page, name));
  };
  const page = await pages.open();
  await page.goto(`${gateway.url}/#ticket=of-yesterday`);
  await page.locator(".hint").waitFor();
  await see(page, "link-expired");
  await page.getByLabel("API key").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await see(page, "wrong-key");
  const core = await createKey(gateway, { name: "core", scopes: ["publish"] });
  await page.getByLabel("API key").fill(core);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "This key may not watch" }).waitFor();
  await see(page, "no-right");
  const prices = await createKey(gateway, {
    name: "prices",
    scopes: ["subscribe"],
    channels: ["market-data"],
  });
  const limited = await pages.signedIn(gateway, "/alerts", { key: prices });
  await limited.getByText("This key does not include risk-alerts").waitFor();
  await see(limited, "not-part");
  const empty = await pages.signedIn(gateway);
  await empty.getByText("Nothing has been published yet").waitFor();
  await see(empty, "empty-floor");
  for (const view of ["positions", "alerts", "market", "tape"]) {
    await empty.goto(`${gateway.url}/${view}`);
    await empty.locator("main .none").first().waitFor();
    await see(empty, `empty-${view}`);
  }
  const api = new HttpApi(gateway);
  const clients = await api.clients();
  await api.disconnect(clients.find(({ principal }) => principal === "prices")!["id"]);
  await limited.locator(".interruption.ended").waitFor();
  await see(limited, "ended");
  await gateway.stop("SIGKILL");
  await empty.locator("main.dim").waitFor();
  await see(empty, "lost");
  assert.deepEqual(found, []);
});
