/**
 * Debian's Chromium, driven over its DevTools protocol: a real browser decides what cookies and
 * headers are sent.
 *
 * @module
 */
import { ProcessOutput } from "./process_output.ts";
import { TempDir } from "./store_fixture.ts";
import { waitUntil, within } from "./wait.ts";

/** Why there is no Chromium on this machine; `undefined` when there is one. */
export function chromiumMissing(): string | undefined {
  const found = new Deno.Command("sh", { args: ["-c", "command -v chromium"], stdout: "null" })
    .outputSync();
  return found.success ? undefined : "chromium is not installed";
}

/** Patience with an answer of the browser, in ms. */
const ANSWER_MILLIS = 30_000;

// deno-lint-ignore no-explicit-any -- the protocol has hundreds of answers
type Result = any;

/** A page that is open. */
export interface ChromiumPage {
  /**
   * Evaluates the body of an async function in the page.
   *
   * @returns What it returns, by value.
   * @throws {Error} What it throws.
   */
  run(body: string): Promise<Result>;
}

/** A running browser with a profile of its own; disposing of it ends it. */
export class Chromium implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ProcessOutput;
  readonly #profile: TempDir;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>();
  #lastId = 0;

  private constructor(
    child: Deno.ChildProcess,
    output: ProcessOutput,
    profile: TempDir,
    socket: WebSocket,
  ) {
    this.#child = child;
    this.#output = output;
    this.#profile = profile;
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result, error } = JSON.parse(data);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error.message));
    };
  }

  /** Starts the browser. */
  static async start(): Promise<Chromium> {
    const profile = new TempDir();
    const child = new Deno.Command("chromium", {
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        `--user-data-dir=${profile.path}`,
        "--remote-debugging-port=0",
        "about:blank",
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = new ProcessOutput(child);
    const address = await waitUntil(
      "the browser listens",
      () => /DevTools listening on (ws:\S+)/.exec(output.text)?.[1],
      (found) => found !== undefined,
      { withinMs: ANSWER_MILLIS },
    );
    const socket = new WebSocket(address!);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error("the browser's socket failed"));
    });
    return new Chromium(child, output, profile, socket);
  }

  /** Opens a page and waits until it is there. */
  async open(url: string): Promise<ChromiumPage> {
    const { targetId } = await this.#call("Target.createTarget", { url });
    const { sessionId } = await this.#call("Target.attachToTarget", { targetId, flatten: true });
    const evaluate = async (expression: string) => {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await this.#call("Runtime.evaluate", options, sessionId);
      if (exceptionDetails === undefined) return result.value;
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    };
    const here = JSON.stringify(new URL(url).origin);
    await waitUntil(
      "the page is there",
      () => evaluate(`location.origin === ${here} && document.readyState === "complete"`),
      (there) => there === true,
      { withinMs: ANSWER_MILLIS },
    );
    return { run: (body) => evaluate(`(async () => { ${body} })()`) };
  }

  /** Ends the browser and removes its profile. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#child.kill("SIGTERM");
    await Promise.all([this.#child.status, this.#output.ended, closed]);
    this.#profile[Symbol.dispose]();
  }

  async #call(method: string, params: unknown, sessionId?: string): Promise<Result> {
    const answer = Promise.withResolvers<Result>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, answer);
    this.#socket.send(JSON.stringify({ id: this.#lastId, method, params, sessionId }));
    return await within(method, answer.promise, ANSWER_MILLIS);
  }
}
