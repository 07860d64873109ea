/**
 * One client of the load: a bare TCP connection that counts what it is sent.
 *
 * @module
 */
import { RawReader, requestHead, writeAll } from "../../support/raw_http.ts";
import { encodeFrame, OPCODE } from "../../support/ws_frames.ts";
import { type FrameHandler, FrameStream } from "./frame_stream.ts";
import type { ClientPlan } from "./plan.ts";
import { SequenceCounter } from "./sequence_counter.ts";

/** Patience with a server that has accepted a connection, in ms. */
const READY_WITHIN_MS = 30_000;

/** A connection that is ready for events. */
export class LoadConnection implements FrameHandler {
  /** What it was sent. */
  readonly counter: SequenceCounter;
  /** Whether the server has ended it. */
  ended = false;
  /** Whether a read is under way. */
  reading = false;
  readonly #plan: ClientPlan;
  readonly #connection: Deno.TcpConn;
  readonly #stream: FrameStream;
  #ready: boolean;

  private constructor(plan: ClientPlan, connection: Deno.TcpConn, bufferBytes: number) {
    this.#plan = plan;
    this.#connection = connection;
    this.#stream = new FrameStream(this, bufferBytes);
    this.#ready = plan.readyWhen === undefined;
    this.counter = new SequenceCounter(plan.form, plan.prefix ?? 0);
  }

  /**
   * Connects, performs the handshake, and waits until events may come.
   *
   * @param index The number of the client.
   * @param bufferBytes Bytes that can be read at once.
   * @throws {Error} When the server refuses, ends the connection, or stays silent.
   */
  static async open(plan: ClientPlan, index: number, bufferBytes: number): Promise<LoadConnection> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: plan.port });
    const client = new LoadConnection(plan, connection, bufferBytes);
    const late = setTimeout(() => client.drop(), READY_WITHIN_MS);
    try {
      await client.#shakeHands(index);
      while (!client.#ready) {
        await client.read();
        if (client.ended) throw new Error("the server ended a connection before it was ready");
      }
      return client;
    } catch (error) {
      client.drop();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  async #shakeHands(index: number): Promise<void> {
    const { path, port, headers, hello } = this.#plan;
    const head = requestHead("GET", path.replace("{n}", String(index)), {
      "Host": `127.0.0.1:${port}`,
      "Upgrade": "websocket",
      "Connection": "Upgrade",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
      ...headers,
    });
    await writeAll(this.#connection, head);
    const reader = new RawReader(this.#connection);
    const { status, headers: answered } = await reader.head();
    if (status !== 101) {
      throw new Error(`refused with ${status}: ${await reader.body(answered)}`);
    }
    if (reader.rest.length > 0) this.#stream.push(reader.rest);
    if (hello !== undefined) await this.#send(OPCODE.text, new TextEncoder().encode(hello));
  }

  /** Reads once, and handles what came; waits when there is nothing. */
  async read(): Promise<void> {
    this.reading = true;
    try {
      const count = await this.#connection.read(this.#stream.room);
      if (count === null) this.ended = true;
      else this.#stream.commit(count);
    } catch (error) {
      if (!this.ended && !isEnding(error)) throw error;
      this.ended = true;
    } finally {
      this.reading = false;
    }
  }

  /** {@inheritDoc FrameHandler.text} */
  text(bytes: Uint8Array, from: number, to: number): void {
    if (this.counter.take(bytes, from, to)) return;
    const { readyWhen, answers } = this.#plan;
    if (this.#ready && answers === undefined) return;
    const text = new TextDecoder().decode(bytes.subarray(from, to));
    if (readyWhen !== undefined && text.includes(readyWhen)) this.#ready = true;
    const answer = answers?.[text];
    if (answer !== undefined) this.#answer(OPCODE.text, new TextEncoder().encode(answer));
  }

  /** {@inheritDoc FrameHandler.ping} */
  ping(payload: Uint8Array): void {
    this.#answer(OPCODE.pong, payload);
  }

  /** {@inheritDoc FrameHandler.close} */
  close(): void {
    this.ended = true;
  }

  /** Cuts the connection. */
  drop(): void {
    this.ended = true;
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
  }

  #answer(opcode: number, payload: Uint8Array): void {
    this.#send(opcode, payload).catch(() => this.ended = true);
  }

  #send(opcode: number, payload: Uint8Array): Promise<void> {
    return writeAll(this.#connection, encodeFrame({ opcode, payload }));
  }
}

function isEnding(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BrokenPipe;
}

/** Opens many connections, so many at a time. */
export async function openMany(
  plan: ClientPlan,
  first: number,
  count: number,
  bufferBytes: number,
  concurrency = 50,
): Promise<LoadConnection[]> {
  const connections: LoadConnection[] = new Array(count);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      connections[index] = await LoadConnection.open(plan, first + index, bufferBytes);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  return connections;
}

/** What connections have seen, added up. */
export function tallyOf(connections: readonly LoadConnection[]) {
  const tally = { events: 0, frames: 0, skipped: 0, gaps: 0, ended: 0, lowestHead: Infinity };
  for (const { counter, ended } of connections) {
    tally.events += counter.events;
    tally.frames += counter.frames;
    tally.skipped += counter.skipped;
    tally.gaps += counter.gaps;
    tally.ended += Number(ended);
    tally.lowestHead = Math.min(tally.lowestHead, counter.head);
  }
  return tally;
}
