/**
 * Reads a stream line by line.
 *
 * @module
 */

/** Longest line, in bytes; a file without line ends is an error, not a full memory. */
export const MAX_LINE_BYTES = 65_536;

const LINE_FEED = 0x0a;

/** One line of a text. */
export interface Line {
  /** From 1, as editors count. */
  readonly number: number;
  /** The text without its line end (LF or CRLF) and without a byte order mark. */
  readonly text: string;
  /** Bytes of the stream up to and including this line. */
  readonly bytes: number;
}

/**
 * Splits a stream of UTF-8 into lines, holding one chunk and one line at a time. When the caller
 * stops early the stream is cancelled, which closes a file behind it.
 *
 * @throws {RangeError} When a line is longer than {@link MAX_LINE_BYTES}.
 */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  let rest = new Uint8Array(0);
  let number = 0;
  let bytes = 0;
  const line = (content: Uint8Array, size: number): Line => {
    if (size > MAX_LINE_BYTES) throw tooLong(number + 1);
    return { number: ++number, text: decode(content), bytes: bytes += size };
  };
  // Iterating cancels the stream on every way out of the loop.
  for await (const chunk of stream) {
    let start = 0;
    for (let end; (end = chunk.indexOf(LINE_FEED, start)) >= 0; start = end + 1) {
      const part = chunk.subarray(start, end);
      const content = rest.length === 0 ? part : join(rest, part);
      rest = new Uint8Array(0);
      yield line(content, content.length + 1);
    }
    rest = join(rest, chunk.subarray(start));
    if (rest.length > MAX_LINE_BYTES) throw tooLong(number + 1);
  }
  if (rest.length > 0) yield line(rest, rest.length);
}

/** A decoder per line drops the mark that some programs put at the start of a file. */
const decoder = new TextDecoder();

function decode(content: Uint8Array): string {
  const text = decoder.decode(content);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function tooLong(number: number): RangeError {
  return new RangeError(`line ${number} is longer than ${MAX_LINE_BYTES} bytes; is this a CSV?`);
}
