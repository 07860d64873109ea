/**
 * A connection that costs next to nothing: a handshake over bare TCP, then silence. Ten thousand of
 * them fit into a small process; anything that needs frames uses the clients of `tests/support`.
 *
 * @module
 */
import { RawReader, requestHead, writeAll } from "../support/raw_http.ts";
import { closePayload, encodeFrame, OPCODE } from "../support/ws_frames.ts";

/** An accepted connection that reads nothing. */
export class BareConnection {
  readonly #connection: Deno.Conn;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Performs a handshake; anything but 101 is an error. */
  static async open(port: number, apiKey: string, clientId: string): Promise<BareConnection> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    try {
      const path = `/ws/telemetry?clientId=${clientId}&channels=risk-alerts`;
      const head = requestHead("GET", path, {
        "Host": `127.0.0.1:${port}`,
        "X-API-Key": apiKey,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
      });
      await writeAll(connection, head);
      const { status } = await new RawReader(connection).head();
      if (status !== 101) throw new Error(`refused with ${status}`);
      return new BareConnection(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Says goodbye with a Close frame and waits until the gateway has ended the connection. */
  async leave(): Promise<void> {
    const payload = closePayload(1000);
    await writeAll(this.#connection, encodeFrame({ opcode: OPCODE.close, payload }));
    const buffer = new Uint8Array(4_096);
    while (await this.#connection.read(buffer) !== null);
    this.#connection.close();
  }

  /** Cuts the connection. */
  drop(): void {
    this.#connection.close();
  }
}

/** Runs a task for each index, so many at a time. */
export async function inParallel(
  count: number,
  concurrency: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
