/**
 * How somebody comes in, and what is said when not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { GatewayProcess } from "../support/gateway_process.ts";
import { waitUntil } from "../support/wait.ts";
import { browserTest } from "./browser.ts";
import { createKey } from "./keys.ts";

browserTest("the demo's link signs in once, and a reload keeps the session", async (pages) => {
  await using gateway = await GatewayProcess.start({ flags: ["--demo"], apiKey: null });
  const link = await waitUntil(
    "the link",
    () => /http:\S+#ticket=[\w-]+/.exec(gateway.output.text)?.[0],
    (found) => found !== undefined,
  );
  const page = await pages.open();
  await page.goto(link!);
  await page.locator(".presence.live").waitFor();
  assert.equal(page.url(), `${gateway.url}/`, "the ticket leaves the address");
  await page.locator("table[aria-label=Traders] tbody tr[data-id]").first().waitFor();
  await page.reload();
  await page.locator(".presence.live").waitFor();

  const other = await pages.open();
  await other.goto(link!);
  await other.locator(".hint", { hasText: "This link does not count any more" }).waitFor();
  assert.equal(other.url(), `${gateway.url}/`);
  await other.goto(`${gateway.url}/#ticket=expired-long-ago`);
  await other.locator(".hint", { hasText: "within 15 minutes" }).waitFor();
});

browserTest(
  "a key signs in, a wrong one does not, and signing out ends other tabs",
  async (pages) => {
    await using gateway = await GatewayProcess.start();
    const page = await pages.open();
    await page.goto(`${gateway.url}/positions?filter=btc`);
    await page.getByLabel("API key").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    const fault = await page.getByRole("alert").innerText();
    assert.match(fault, /key/i);
    assert.doesNotMatch(fault, /wrong\b.*wrong/, "the key is not repeated");
    await page.getByLabel("API key").fill(gateway.apiKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".presence.live").waitFor();
    assert.equal(page.url(), `${gateway.url}/positions?filter=btc`, "the address is kept");

    const tab = await page.context().newPage();
    await tab.goto(gateway.url);
    await tab.locator(".presence.live").waitFor();
    await page.locator(".who summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
    await tab.locator(".interruption", { hasText: "Your session has ended" }).waitFor();
  },
);

browserTest("a key without the right to watch is told which scope it lacks", async (pages) => {
  await using gateway = await GatewayProcess.start();
  const secret = await createKey(gateway, { name: "core", scopes: ["publish"] });
  const page = await pages.open();
  await page.goto(gateway.url);
  await page.getByLabel("API key").fill(secret);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "This key may not watch" }).waitFor();
  assert.match(await page.getByRole("alert").innerText(), /core.*publish.*subscribe/s);
});
