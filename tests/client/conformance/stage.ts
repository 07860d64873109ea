/**
 * Where a client under test meets a gateway that misbehaves, and what it believes is compared with
 * the truth.
 *
 * @module
 */
import assert from "node:assert/strict";
import { pause, waitUntil } from "../../support/wait.ts";
import { alert, HonestGateway, type Message, priced } from "./honest_gateway.ts";
import { type Behaviour, Peer } from "./peer.ts";

/** An answer to a handshake or a request over HTTP. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a gateway does with a handshake: accepts it, refuses it, resets it, or leaves it. */
export type Reception = Behaviour | Refusal | "reset" | "hang";

/** What a client has printed. */
export class Beliefs {
  /** The last table. */
  table: Record<string, string> = {};
  /** Numbers of the log, in order. */
  readonly log: number[] = [];
  /** Gaps of the log. */
  readonly gaps: string[] = [];
  /** States of the connection. */
  readonly states: string[] = [];
  /** Lines that are not understood. */
  readonly faults: string[] = [];

  /** Takes a line. */
  take(line: string): void {
    try {
      const { table, log, gap, state } = JSON.parse(line);
      if (table !== undefined) this.table = table;
      else if (log !== undefined) this.log.push(log);
      else if (gap !== undefined) this.gaps.push(gap);
      else if (state !== undefined) this.states.push(state);
      else this.faults.push(line);
    } catch {
      this.faults.push(line);
    }
  }
}

/** What is compared with the truth. */
type BeliefState = Readonly<Pick<Beliefs, "table">> & {
  readonly log: readonly number[];
  readonly gaps: readonly string[];
  readonly faults: readonly string[];
};

/** Patience with a client that is to come to the truth, in ms: its own deadlines pass within it. */
export const PATIENCE_MS = 30_000;

/** See the module. */
export class Stage implements AsyncDisposable {
  readonly gateway = new HonestGateway();
  readonly beliefs = new Beliefs();
  /** Every connection that was accepted. */
  readonly peers: Peer[] = [];
  /** When handshakes came (`performance.now()`). */
  readonly handshakes: number[] = [];
  /** What is done with the next handshakes; the last one holds for all that follow. */
  receptions: Reception[] = [{}];
  /** How requests over HTTP are answered. */
  http: Refusal = { status: 200 };
  readonly #open = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;
  #listener: Deno.TcpListener;

  readonly #patience: { readonly withinMs: number };

  /** Listens on any free port, with three positions and no alert. */
  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patience = { withinMs: patienceMs };
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#serving = this.#accept(this.#listener);
    this.gateway.publish("positions", priced("p1", "1"), priced("p2", "2"), priced("p3", "3"));
  }

  /** `ws://127.0.0.1:<port>/ws/telemetry` */
  get url(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}/ws/telemetry`;
  }

  /** The latest connection. */
  get peer(): Peer {
    return this.peers.at(-1)!;
  }

  /** Waits for a connection by its number, from 1, with both channels subscribed. */
  async subscribed(count = 1): Promise<Peer> {
    await waitUntil(
      `connection ${count} has both channels`,
      () => [this.peers.length, [...this.peers.at(-1)?.subscribed ?? []]],
      () => this.peers.length >= count && this.peer.subscribed.size === 2,
      this.#patience,
    );
    return this.peer;
  }

  /** Publishes a price to everybody. */
  price(id: string, price: string): void {
    this.#send(this.gateway.publish("positions", priced(id, price)));
  }

  /** Publishes the end of a position. */
  end(id: string): void {
    this.#send(this.gateway.publish("positions", { ...priced(id, "0"), status: "CLOSED" }));
  }

  /** Publishes an alert. @returns Its number. */
  alert(): number {
    const seq = this.gateway.head("risk-alerts") + 1;
    this.#send(this.gateway.publish("risk-alerts", alert(`alert-${seq}`)));
    return seq;
  }

  /** Waits until the client believes what is true. */
  async isRight(log: readonly number[], gaps: readonly string[] = []): Promise<void> {
    const truth: BeliefState = { table: this.gateway.table, log, gaps, faults: [] };
    const read = () => {
      const { table, log, gaps, faults } = this.beliefs;
      return { table, log, gaps, faults };
    };
    const key = (value: BeliefState) =>
      JSON.stringify({ ...value, table: Object.entries(value.table).sort() });
    await waitUntil(`the client believes ${JSON.stringify(truth)}`, read, (beliefs) => {
      return key(beliefs) === key(truth);
    }, this.#patience);
  }

  /** Waits for a state that the client prints. */
  async isIn(state: string): Promise<void> {
    const isThere = (states: readonly string[]) => states.at(-1) === state;
    await waitUntil(`the client is ${state}`, () => this.beliefs.states, isThere, this.#patience);
  }

  /** Holds that the client makes no further attempt for some ms. */
  async staysAway(ms: number): Promise<void> {
    const before = this.handshakes.length;
    await pause(ms);
    assert.equal(this.handshakes.length, before, `it came back within ${ms} ms`);
  }

  /** Nobody listens for some ms. */
  async goAway(ms: number): Promise<void> {
    const { port } = this.#listener.addr;
    this.#listener.close();
    for (const peer of this.peers) peer.cut();
    await pause(ms);
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#accept(this.#listener);
  }

  /** Cuts everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const peer of this.peers) peer.cut();
    for (const connection of this.#open) closeQuietly(connection);
    await this.#serving;
  }

  #send(frame: Message): void {
    const { peer } = this;
    if (peer !== undefined && !peer.isOver && peer.subscribed.has(frame["channel"])) {
      peer.say(frame);
    }
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const connection of listener) {
      this.#open.add(connection);
      this.#meet(connection).catch(() => {}).finally(() => this.#open.delete(connection));
    }
  }

  async #meet(connection: Deno.TcpConn): Promise<void> {
    connection.setNoDelay(true);
    const { head, rest } = await readHead(connection);
    const key = /^sec-websocket-key: (.+)$/im.exec(head)?.[1]?.trim();
    if (key === undefined) return await refuse(connection, this.http);
    this.handshakes.push(performance.now());
    const reception = this.receptions.length > 1 ? this.receptions.shift()! : this.receptions[0]!;
    if (reception === "reset") return closeQuietly(connection);
    if (reception === "hang") {
      await connection.read(new Uint8Array(1));
      return closeQuietly(connection);
    }
    if ("status" in reception) return await refuse(connection, reception);
    const peer = new Peer(connection, this.gateway, reception);
    this.peers.push(peer);
    await peer.serve(key, rest);
  }
}

/** Reads the head of a request; what follows belongs to frames. */
async function readHead(connection: Deno.TcpConn): Promise<{ head: string; rest: Uint8Array }> {
  let bytes = new Uint8Array(0);
  const buffer = new Uint8Array(8_192);
  while (true) {
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end !== -1) return { head: text.slice(0, end), rest: bytes.slice(end + 4) };
    const count = await connection.read(buffer);
    if (count === null) throw new Error("the client ended the connection in its request");
    bytes = new Uint8Array([...bytes, ...buffer.subarray(0, count)]);
  }
}

async function refuse(connection: Deno.TcpConn, { status, headers = {} }: Refusal): Promise<void> {
  const error = { code: "TESTED", message: `this is a planted ${status}` };
  const body = JSON.stringify({ success: status < 300, error });
  const lines = Object.entries({
    "Content-Type": "application/json",
    "Content-Length": String(body.length),
    "Connection": "close",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.write(
    new TextEncoder().encode(`HTTP/1.1 ${status} Tested\r\n${lines.join("")}\r\n${body}`),
  );
  closeQuietly(connection);
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
