/**
 * Debian's Chromium, led through the pages by Playwright. Without it the tests skip and say so.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { GatewayProcess } from "../support/gateway_process.ts";
import { NpmTools } from "../support/npm_tools.ts";
import { fileExists, fromFileUrl } from "../support/paths.ts";
import type { Browser, BrowserContext, Page } from "./playwright.ts";

const tools = new NpmTools(fromFileUrl(new URL("./tools/", import.meta.url)));

/** Where the browser is, unless the environment says otherwise. */
const CHROMIUM = Deno.env.get("CHROMIUM_PATH") ?? "/usr/bin/chromium";

/** How long a page may take for anything, in ms, unless a test says otherwise. */
const PATIENCE_MILLIS = 20_000;

/** The size of a desk. */
export const DESK = { width: 1440, height: 900 } as const;

/** The size of a phone. */
export const PHONE = { width: 390, height: 844 } as const;

/** What a test gets: pages, and what went wrong in them. */
export class Pages {
  readonly browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  readonly #faults: string[] = [];

  /** Has none yet. */
  constructor(browser: Browser) {
    this.browser = browser;
  }

  /** Faults that scripts of the pages reported, network errors left out. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** An empty page, with cookies of its own. */
  async open(options: object = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: DESK,
      colorScheme: "dark",
      timezoneId: "UTC",
      ...options,
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    const { setDefaultTimeout } = context as unknown as { setDefaultTimeout(ms: number): void };
    setDefaultTimeout.call(context, PATIENCE_MILLIS);
    page.on("pageerror", (error: Error) => this.#faults.push(error.message));
    page.on("console", (message: { type(): string; text(): string }) => {
      const isNetwork = /Failed to load resource|WebSocket connection/.test(message.text());
      if (message.type() === "error" && !isNetwork) this.#faults.push(message.text());
    });
    return page;
  }

  /** A page that is signed in with a key, at a view. */
  async signedIn(
    gateway: GatewayProcess,
    path = "/",
    options: { readonly key?: string; readonly context?: object } = {},
  ): Promise<Page> {
    const page = await this.open(options.context);
    await page.goto(gateway.url + path);
    await page.getByLabel("API key").fill(options.key ?? gateway.apiKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".presence.live").waitFor();
    return page;
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close();
  }
}

/** A test in a browser of its own: it ends with its pages closed and no fault in a script. */
export function browserTest(name: string, run: (pages: Pages) => Promise<void>): void {
  const isThere = fileExists(CHROMIUM);
  Deno.test({
    name: isThere ? name : `${name}: skipped, ${CHROMIUM} is not there`,
    // Where everything is installed nothing is skipped.
    ignore: !isThere && Deno.env.get("CI") !== "true",
    // Playwright keeps timers and pipes of its own beyond the end of a browser.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const browser = await launch();
      const pages = new Pages(browser);
      try {
        await run(pages);
        assert.deepEqual(pages.faults, []);
      } finally {
        await pages.close();
        await browser.close();
      }
    },
  });
}

async function launch(): Promise<Browser> {
  await tools.install();
  return await tools.require("playwright-core").chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** What axe-core finds wrong in a page, each with the places. */
export async function axe(page: Page): Promise<string[]> {
  const isLoaded = await page.evaluate<boolean>("typeof axe !== 'undefined'");
  // Through the debugger: the policy of the pages lets no script in.
  if (!isLoaded) await page.evaluate<void>(tools.require("axe-core").source);
  return await page.evaluate<string[]>(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => id + " " + target + ": " + failureSummary)))`);
}
