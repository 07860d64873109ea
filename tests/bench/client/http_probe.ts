/**
 * Asks a server for a sign of life all the time, as a load balancer would, and remembers how long
 * the answers took: the loop as it is seen from outside.
 *
 * @module
 */
import { RawReader, requestHead, writeAll } from "../../support/raw_http.ts";
import { pause } from "../../support/wait.ts";

/** Time between two questions, in ms. */
const EVERY_MILLIS = 2;

/** One kept-alive connection that asks again and again. */
export class HttpProbe implements Disposable {
  /** How long each answer took, in ms. */
  readonly answers: number[] = [];
  readonly #connection: Deno.TcpConn;
  #running = true;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    connection.setNoDelay(true);
  }

  /** Connects and begins to ask. */
  static async start(port: number): Promise<HttpProbe> {
    const probe = new HttpProbe(await Deno.connect({ hostname: "127.0.0.1", port }));
    probe.#ask(port).catch(() => {}); // the server has ended, or the probe was stopped
    return probe;
  }

  async #ask(port: number): Promise<void> {
    const reader = new RawReader(this.#connection);
    const request = requestHead("GET", "/health/live", { "Host": `127.0.0.1:${port}` });
    while (this.#running) {
      const from = performance.now();
      await writeAll(this.#connection, request);
      const { headers } = await reader.head();
      await reader.body(headers);
      this.answers.push(performance.now() - from);
      await pause(EVERY_MILLIS);
    }
  }

  /** Stops asking. */
  [Symbol.dispose](): void {
    this.#running = false;
    this.#connection.close();
  }
}
