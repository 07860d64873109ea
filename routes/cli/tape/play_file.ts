/**
 * Plays a file into a gateway over HTTP, and prints progress and a summary.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Clock } from "../../../actors/ports.ts";
import { CommandError, UsageError } from "../command_error.ts";
import { EXIT } from "../exit_codes.ts";
import { findKey, type KeyPlaces } from "../find_key.ts";
import type { TapeOptions } from "../tape.ts";
import { GatewayUnavailableError, HttpPublisher, HttpPublishError } from "./http_publisher.ts";
import { TapeLayoutError } from "./layout.ts";
import { playTape } from "./player.ts";
import { formatSummary, ProgressLine } from "./report.ts";
import { TapeRowError } from "./rows.ts";

/** Bad rows that are shown; the others are only counted. */
const SHOWN_BAD_ROWS = 3;

/** A tape that was opened. */
export interface TapeFile {
  /** Its content; cancelling it closes the file. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Its size. */
  readonly bytes: number;
  /** Time of its last change, epoch ms; 0 when it is unknown. */
  readonly modified: number;
}

/** The outside of the program. */
export interface TapeIo extends KeyPlaces {
  /** Writes results. */
  readonly stdout: (text: string) => void;
  /** Writes progress and problems. */
  readonly stderr: (text: string) => void;
  /** Whether `stderr` is a terminal, where a line can be rewritten. */
  readonly isTerminal: boolean;
  /** Opens the tape; rejects when that is not possible. */
  readonly open: (path: string) => Promise<TapeFile>;
  /** Keeps the schedule. */
  readonly clock: Clock;
  /** 0 up to and without 1. */
  readonly random: () => number;
  /** Sends requests; the global `fetch` by default. */
  readonly fetch?: typeof fetch;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Plays a file.
 *
 * @returns The exit code when the tape was played or the user stopped it.
 * @throws {CommandError} When the tape cannot be read, or the gateway does not take it.
 */
export async function playFile(options: TapeOptions, io: TapeIo): Promise<number> {
  const { clock, signal } = io;
  const { file, url, apiKeyFile, speed, skipBadRows, limit, columns, symbol, source } = options;
  const apiKey = await findKey(io, url, apiKeyFile);
  const tape = await openTape(file, io);
  const line = new ProgressLine({
    write: io.stderr,
    isTerminal: io.isTerminal,
    now: () => clock.now(),
  });
  const publisher = new HttpPublisher({
    url,
    apiKey,
    clock,
    signal,
    random: io.random,
    ...(io.fetch === undefined ? {} : { fetch: io.fetch }),
    onRetry: ({ cause, waitMillis }) =>
      line.say(`${cause}; trying again in ${(waitMillis / 1_000).toFixed(1)} s`),
  });
  const prefix = eventIdPrefix(options, tape);
  let badRows = 0;
  try {
    const summary = await playTape({
      stream: tape.stream,
      totalBytes: tape.bytes,
      publish: publisher.publish,
      clock,
      signal,
      speed,
      skipBadRows,
      eventId: (number) => `${prefix}-${number}`,
      onProgress: (progress) => line.show(progress),
      onBadRow: (error) => {
        if (++badRows <= SHOWN_BAD_ROWS) line.say(`skipped ${error.message}`);
      },
      ...(limit === undefined ? {} : { limit }),
      ...(columns === undefined ? {} : { columns }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(source === undefined ? {} : { source }),
    });
    line.clear();
    io.stdout(`${formatSummary(summary, publisher.accepted, publisher.duplicates)}\n`);
    return EXIT.ok;
  } catch (error) {
    const stored = publisher.accepted + publisher.duplicates;
    line.clear();
    if (stored > 0) line.say(`${stored.toLocaleString("en-US")} rows were stored before this:`);
    throw explain(error);
  }
}

function explain(error: unknown): unknown {
  if (error instanceof TapeLayoutError) {
    return new UsageError(`${error.message}; tape --help explains --columns and --symbol`);
  }
  if (error instanceof GatewayUnavailableError) {
    return new CommandError(error.message, EXIT.unavailable);
  }
  const expected = error instanceof TapeRowError || error instanceof HttpPublishError ||
    error instanceof RangeError;
  return expected ? new CommandError(error.message) : error;
}

async function openTape(file: string, io: TapeIo): Promise<TapeFile> {
  try {
    return await io.open(file);
  } catch (error) {
    // The runtime repeats the call and the path.
    throw new CommandError(`${file}: ${(error as Error).message.replace(/: open '.*'$/, "")}`);
  }
}

/**
 * What the ids of a tape's events begin with. It depends on the file and on every option that
 * changes an event, so that an id never comes back with another payload.
 */
function eventIdPrefix(options: TapeOptions, tape: TapeFile): string {
  const { file, columns, symbol, source, run } = options;
  const identity = [basename(file), tape.bytes, tape.modified, columns, symbol, source, run];
  const digest = createHash("sha256").update(JSON.stringify(identity)).digest("hex");
  return `tape-${digest.slice(0, 16)}`;
}

/** Opens a tape for {@link TapeIo}. */
export async function openFile(path: string): Promise<TapeFile> {
  const file = await Deno.open(path);
  const { isFile, size, mtime } = await file.stat();
  if (isFile) return { stream: file.readable, bytes: size, modified: mtime?.getTime() ?? 0 };
  file.close();
  throw new Error("expected a file");
}
