/**
 * What a child process writes, kept in memory within bounds, so that its pipes never fill.
 *
 * @module
 */

/** Characters that are kept; beyond, the oldest half is let go. */
const MAX_KEPT = 16 * 1024 * 1024;

/** Drains stdout and stderr of a child until both end. */
export class ProcessOutput {
  /** Both pipes have ended. */
  readonly ended: Promise<void>;
  #chunks: string[] = [];
  #length = 0;
  #joined: string | undefined;
  #parsedLines: Readonly<Record<string, unknown>>[] = [];
  #parsedUpTo = 0;

  /** Starts draining; the child needs both pipes. */
  constructor(child: Deno.ChildProcess) {
    const pipes = [this.#drain(child.stdout), this.#drain(child.stderr)];
    this.ended = Promise.all(pipes).then(() => {});
  }

  /** Everything that is kept, both pipes in the order of arrival. */
  get text(): string {
    if (this.#joined === undefined) {
      this.#joined = this.#chunks.join("");
      this.#chunks = [this.#joined];
    }
    return this.#joined;
  }

  /** The complete lines that are JSON objects, in order; other lines are passed over. */
  get jsonLines(): readonly Readonly<Record<string, unknown>>[] {
    const text = this.text;
    const end = text.lastIndexOf("\n") + 1;
    for (const line of text.slice(this.#parsedUpTo, end).split("\n")) {
      if (!line.startsWith("{")) continue;
      try {
        this.#parsedLines.push(JSON.parse(line));
      } catch {
        // Not a log line: a stack trace may show an object literal.
      }
    }
    this.#parsedUpTo = Math.max(this.#parsedUpTo, end);
    return this.#parsedLines;
  }

  async #drain(pipe: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of pipe) this.#keep(decoder.decode(chunk, { stream: true }));
  }

  #keep(chunk: string): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#joined = undefined;
    if (this.#length <= MAX_KEPT) return;
    const kept = this.text.slice(-MAX_KEPT / 2);
    this.#parsedUpTo = Math.max(0, this.#parsedUpTo - (this.#length - kept.length));
    this.#chunks = [kept];
    this.#length = kept.length;
    this.#joined = undefined;
  }
}
