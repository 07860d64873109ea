/**
 * What the tests use of Playwright. Its own types would make it a dependency of every start.
 *
 * @module
 */

/** How long to wait, in ms. */
interface Patience {
  readonly timeout?: number;
}

/** A place in a page; it is looked up at each use. */
export interface Locator {
  click(options?: Patience & { readonly clickCount?: number }): Promise<void>;
  dblclick(): Promise<void>;
  fill(text: string): Promise<void>;
  focus(): Promise<void>;
  hover(
    options?: { readonly position?: { readonly x: number; readonly y: number } },
  ): Promise<void>;
  count(): Promise<number>;
  first(): Locator;
  nth(index: number): Locator;
  locator(selector: string, options?: { readonly hasText?: string | RegExp }): Locator;
  getByRole(role: string, options?: { readonly name?: string | RegExp }): Locator;
  waitFor(
    options?: Patience & { readonly state?: "attached" | "hidden" | "visible" },
  ): Promise<void>;
  innerText(): Promise<string>;
  textContent(): Promise<string | null>;
  allInnerTexts(): Promise<string[]>;
  getAttribute(name: string): Promise<string | null>;
  isDisabled(): Promise<boolean>;
  boundingBox(): Promise<{ x: number; y: number; width: number; height: number } | null>;
  // deno-lint-ignore no-explicit-any -- whatever the function returns
  evaluate<Result>(run: (element: any) => Result): Promise<Result>;
}

/** A page. */
export interface Page {
  readonly keyboard: { press(key: string): Promise<void> };
  readonly mouse: {
    move(x: number, y: number, options?: { readonly steps?: number }): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
    wheel(x: number, y: number): Promise<void>;
  };
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  url(): string;
  title(): Promise<string>;
  locator(selector: string, options?: { readonly hasText?: string | RegExp }): Locator;
  getByRole(role: string, options?: { readonly name?: string | RegExp }): Locator;
  getByText(text: string | RegExp): Locator;
  getByLabel(text: string | RegExp): Locator;
  evaluate<Result>(run: string): Promise<Result>;
  waitForFunction(run: string, argument?: unknown, options?: Patience): Promise<unknown>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(
    options: { readonly colorScheme?: string; readonly reducedMotion?: string },
  ): Promise<
    void
  >;
  screenshot(
    options?: { readonly path?: string; readonly animations?: string },
  ): Promise<Uint8Array>;
  on(name: "console" | "pageerror", handler: (what: never) => void): void;
  context(): BrowserContext;
}

/** Pages that share cookies and storage. */
export interface BrowserContext {
  newPage(): Promise<Page>;
  close(): Promise<void>;
  grantPermissions(names: readonly string[]): Promise<void>;
}

/** A running browser. */
export interface Browser {
  newContext(options?: object): Promise<BrowserContext>;
  newBrowserCDPSession(): Promise<{
    // deno-lint-ignore no-explicit-any -- the protocol has hundreds of answers
    send(method: string): Promise<any>;
  }>;
  close(): Promise<void>;
}
