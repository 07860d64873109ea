/**
 * The collector of the bench: publishes over one HTTP connection, at a steady rate or as fast as it
 * is acknowledged, and remembers when each event was due.
 *
 * @module
 */
import { RawReader, requestHead, writeAll } from "../../support/raw_http.ts";
import { pause } from "../../support/wait.ts";
import { eventLine } from "./market_events.ts";

/** Where a server takes publications. */
export interface PublishTarget {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Publications a second at most, unless said otherwise. */
const MAX_POSTS_PER_SECOND = 250;

/** Numbers whose due times are kept. */
const REMEMBERED = 1 << 16;

/** A publisher over one kept-alive connection, with one request under way at a time. */
export class BenchPublisher implements Disposable {
  /** Events published: the number that the server has given to the last one. */
  published = 0;
  readonly #target: PublishTarget;
  readonly #connection: Deno.TcpConn;
  readonly #reader: RawReader;
  readonly #dueAt = new Float64Array(REMEMBERED);
  #running = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(target: PublishTarget, connection: Deno.TcpConn) {
    this.#target = target;
    this.#connection = connection;
    this.#reader = new RawReader(connection);
    connection.setNoDelay(true);
  }

  /** Connects. */
  static async connect(target: PublishTarget): Promise<BenchPublisher> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: target.port });
    return new BenchPublisher(target, connection);
  }

  /** When the event of a number was due, monotonic ms; the last 65,536 are known. */
  dueAt(seq: number): number {
    return this.#dueAt[seq % REMEMBERED]!;
  }

  /**
   * Publishes so many events a second until {@link BenchPublisher.stop}.
   *
   * @param maxPostsPerSecond Beyond it each publication carries several events.
   */
  start(eventsPerSecond: number, maxPostsPerSecond: number = MAX_POSTS_PER_SECOND): void {
    const posts = Math.min(eventsPerSecond, maxPostsPerSecond);
    this.#running = true;
    this.#loop = this.#publishSteadily(1_000 / posts, eventsPerSecond / posts);
    this.#loop.catch(() => {}); // seen by whoever stops it
  }

  /**
   * Ends the steady stream.
   *
   * @throws {Error} What it failed with.
   */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
  }

  /** Publishes so many events at once. */
  async burst(count: number): Promise<void> {
    const now = performance.now();
    await this.post(this.#lines(count, now));
  }

  /** Publishes a body of NDJSON and waits for the acknowledgement. */
  async post(body: string): Promise<void> {
    const bytes = new TextEncoder().encode(body);
    const { port, path, headers } = this.#target;
    const head = requestHead("POST", path, {
      "Host": `127.0.0.1:${port}`,
      "Content-Type": "application/x-ndjson",
      "Content-Length": String(bytes.length),
      ...headers,
    });
    const request = new Uint8Array(head.length + bytes.length);
    request.set(head);
    request.set(bytes, head.length);
    await writeAll(this.#connection, request);
    const { status, headers: answered } = await this.#reader.head();
    const answer = await this.#reader.body(answered);
    if (status !== 202) throw new Error(`publishing was answered ${status}: ${answer}`);
  }

  /** What became due while a request was under way goes out with the next one. */
  async #publishSteadily(everyMillis: number, eventsPerPost: number): Promise<void> {
    const startedAt = performance.now();
    let ticks = 0;
    while (this.#running) {
      const now = performance.now();
      let body = "";
      for (; startedAt + ticks * everyMillis <= now; ticks++) {
        const due = Math.round((ticks + 1) * eventsPerPost) - Math.round(ticks * eventsPerPost);
        body += this.#lines(due, startedAt + ticks * everyMillis);
      }
      if (body !== "") await this.post(body);
      await pause(Math.max(0, startedAt + ticks * everyMillis - performance.now()));
    }
  }

  #lines(count: number, dueAt: number): string {
    let lines = "";
    for (let index = 0; index < count; index++) {
      this.published += 1;
      this.#dueAt[this.published % REMEMBERED] = dueAt;
      lines += eventLine(this.published);
    }
    return lines;
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#running = false;
    this.#connection.close();
  }
}
