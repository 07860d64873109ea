/**
 * A WebSocket client over a bare TCP connection, as polite or as hostile as a test needs it: it
 * chooses when to read, whether to answer pings and Close frames, and what bytes to send.
 *
 * @module
 */
import { type RawResponse, writeAll } from "./raw_http.ts";
import { DeadlineError, within } from "./wait.ts";
import { closePayload, encodeFrame, FrameParser, type FrameSpec, OPCODE } from "./ws_frames.ts";
import { type HandshakeOptions, HandshakeRefused, openHandshake } from "./ws_handshake.ts";
import { ABNORMAL, MessageAssembler } from "./ws_messages.ts";

/** How the client behaves. Everything is polite by default. */
export interface RawOptions extends HandshakeOptions {
  /** Whether to read from the start; a reader that is paused reads nothing, not even pings. */
  readonly reading?: boolean;
  /** Whether to answer pings. */
  readonly answersPings?: boolean;
  /** Whether to answer the server's Close frame. */
  readonly answersClose?: boolean;
  /** Called with every text message instead of collecting it. */
  readonly onText?: (text: string, atMs: number) => void;
}

/** A text message with its time of arrival (`performance.now()`). */
export interface ReceivedText {
  readonly text: string;
  readonly atMs: number;
}

/** How a connection ended: the Close frame's content, or {@link ABNORMAL} without one. */
export interface RawClose {
  readonly code: number;
  readonly reason: string;
  readonly atMs: number;
}

/** See the module. */
export class RawWebSocket implements AsyncDisposable {
  /** The subprotocol that the server chose. */
  readonly protocol: string | null;
  /** The first ending that was seen: a Close frame, or the end of the TCP connection. */
  readonly closed: Promise<RawClose>;
  /** The end of the TCP connection. */
  readonly ended: Promise<void>;
  /** Pings received. */
  pings = 0;
  /** Bytes of frames read off the connection. */
  bytesRead = 0;

  readonly #connection: Deno.Conn;
  readonly #options: RawOptions;
  readonly #parser = new FrameParser();
  readonly #assembler = new MessageAssembler();
  readonly #texts: ReceivedText[] = [];
  readonly #close = Promise.withResolvers<RawClose>();
  #gate: PromiseWithResolvers<void> | undefined;
  #arrival = Promise.withResolvers<void>();
  #writes: Promise<void> = Promise.resolve();
  #dropped = false;
  #isClosed = false;

  private constructor(
    connection: Deno.Conn,
    options: RawOptions,
    headers: Headers,
    rest: Uint8Array,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.protocol = headers.get("sec-websocket-protocol");
    this.closed = this.#close.promise;
    if (options.reading === false) this.pause();
    this.bytesRead = rest.length;
    this.#parser.push(rest);
    this.ended = this.#readAll();
  }

  /**
   * Opens a connection.
   *
   * @throws {HandshakeRefused} When the server answers with another status than 101.
   */
  static async open(url: string, options: RawOptions = {}): Promise<RawWebSocket> {
    const { connection, headers, rest } = await openHandshake(url, options);
    return new RawWebSocket(connection, options, headers, rest);
  }

  /** Attempts a handshake that should be refused, and returns the answer. */
  static async refused(url: string, options: RawOptions = {}): Promise<RawResponse> {
    try {
      await using socket = await RawWebSocket.open(url, options);
      throw new Error(`expected a refusal, but got 101 (protocol ${socket.protocol})`);
    } catch (error) {
      if (error instanceof HandshakeRefused) return error.response;
      throw error;
    }
  }

  /** Whether a Close frame, or the end of the connection, has been seen. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Stops reading once a read that is under way has ended. */
  pause(): void {
    this.#gate ??= Promise.withResolvers();
  }

  /** Reads again. */
  resume(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /**
   * Reads at most `maxBytes` once, for a reader at its own pace; the reader must be paused.
   *
   * @returns Bytes read; 0 at the end of the connection.
   */
  async readSome(maxBytes: number): Promise<number> {
    if (this.#gate === undefined) throw new Error("pause() before reading by hand");
    return await this.#read(new Uint8Array(maxBytes));
  }

  /** Sends a text message in one frame. */
  send(text: string): Promise<void> {
    return this.sendFrame({ opcode: OPCODE.text, payload: new TextEncoder().encode(text) });
  }

  /** Sends a frame, valid or not. */
  sendFrame(spec: FrameSpec): Promise<void> {
    return this.sendBytes(encodeFrame(spec));
  }

  /** Sends bytes as they are, after what was sent before. */
  sendBytes(bytes: Uint8Array): Promise<void> {
    const written = this.#writes.then(() => writeAll(this.#connection, bytes));
    this.#writes = written.catch(() => {}); // one failed write fails its caller, not the next
    return written;
  }

  /** Sends a Close frame; the connection ends when the server answers. */
  close(code = 1000, reason = ""): Promise<void> {
    return this.sendFrame({ opcode: OPCODE.close, payload: closePayload(code, reason) });
  }

  /** Cuts the TCP connection without a Close frame. */
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#connection.close();
    this.resume();
  }

  /** The next text message that has not been taken yet. */
  async nextText(withinMs?: number): Promise<ReceivedText> {
    const deadline = performance.now() + (withinMs ?? 5_000);
    while (this.#texts.length === 0) {
      const left = Math.max(0, deadline - performance.now());
      if (this.#isClosed) {
        throw new Error(`closed before a text: ${Deno.inspect(await this.closed)}`);
      }
      if (left === 0) throw new DeadlineError("a text message", withinMs ?? 5_000, "(none)");
      await within("a text message or the end", this.#arrival.promise, left);
    }
    return this.#texts.shift()!;
  }

  /** Cuts the connection if it is still there, and waits until nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    await Promise.all([this.ended, this.#writes]);
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      this.#dispatch();
      while (true) {
        while (this.#gate !== undefined) await this.#gate.promise;
        if (this.#dropped || await this.#read(buffer) === 0) break;
      }
    } catch (error) {
      // A reset by the server, or our own drop() under a pending read, is an ending like any other.
      if (!(error instanceof Error)) throw error;
      this.#finish({ code: ABNORMAL, reason: error.message, atMs: performance.now() });
    } finally {
      this.#finish({ code: ABNORMAL, reason: "connection ended", atMs: performance.now() });
      this.drop();
    }
  }

  async #read(buffer: Uint8Array): Promise<number> {
    const count = await this.#connection.read(buffer);
    if (count === null) return 0;
    this.bytesRead += count;
    this.#parser.push(buffer.subarray(0, count));
    this.#dispatch();
    return count;
  }

  #dispatch(): void {
    const atMs = performance.now();
    for (let frame = this.#parser.next(); frame !== undefined; frame = this.#parser.next()) {
      const message = this.#assembler.take(frame);
      if (message === undefined) continue;
      if (message.kind === "text") this.#deliver(message.text, atMs);
      if (message.kind === "ping") this.#answerPing(message.payload);
      if (message.kind === "close") this.#answerClose(message.code, message.reason, atMs);
    }
  }

  #deliver(text: string, atMs: number): void {
    if (this.#options.onText !== undefined) return this.#options.onText(text, atMs);
    this.#texts.push({ text, atMs });
    this.#announce();
  }

  #answerPing(payload: Uint8Array): void {
    this.pings++;
    if (this.#options.answersPings === false) return;
    this.sendFrame({ opcode: OPCODE.pong, payload }).catch(() => {}); // the read loop sees the end
  }

  #answerClose(code: number, reason: string, atMs: number): void {
    this.#finish({ code, reason, atMs });
    if (this.#options.answersClose === false) return;
    const payload = closePayload(code === 1005 ? undefined : code);
    this.sendFrame({ opcode: OPCODE.close, payload }).catch(() => {});
  }

  #finish(close: RawClose): void {
    this.#isClosed = true;
    this.#close.resolve(close);
    this.#announce();
  }

  #announce(): void {
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }
}
