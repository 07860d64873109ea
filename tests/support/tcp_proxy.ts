/**
 * A TCP proxy whose connections can be cut at any moment, in the middle of a frame too.
 *
 * @module
 */

/** What happens on a connection before it is forwarded. */
export type Preface = (near: Deno.TcpConn) => Promise<void>;

/** Forwards connections to a port of this machine. */
export class TcpProxy implements AsyncDisposable {
  /** Port to connect to. */
  readonly port: number;
  readonly #target: number;
  readonly #preface: Preface | undefined;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #running: Promise<void>;

  /** Listens on any free port. */
  constructor(target: number, preface?: Preface) {
    this.#target = target;
    this.#preface = preface;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#running = this.#accept();
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#open.size / 2;
  }

  /** Cuts some of the connections: each with a probability. */
  cut(probability = 1): void {
    for (const end of this.#open) if (Math.random() < probability) close(end);
  }

  /** Cuts everything and stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#running;
  }

  async #accept(): Promise<void> {
    const forwarding: Promise<void>[] = [];
    for await (const near of this.#listener) forwarding.push(this.#forward(near));
    await Promise.all(forwarding);
  }

  async #forward(near: Deno.TcpConn): Promise<void> {
    await this.#preface?.(near);
    const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#target }).catch(() => {});
    if (far === undefined) return close(near);
    const ends = [near, far];
    for (const end of ends) this.#open.add(end);
    // When one direction is over, both are.
    const over = () => ends.forEach(close);
    const there = near.readable.pipeTo(far.writable).then(over, over);
    const back = far.readable.pipeTo(near.writable).then(over, over);
    await Promise.all([there, back]);
    for (const end of ends) this.#open.delete(end);
  }
}

function close(end: Deno.TcpConn): void {
  try {
    end.close();
  } catch {
    // Closed already.
  }
}
