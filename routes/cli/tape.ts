/**
 * Command line: plays a recorded tape into a gateway over HTTP.
 *
 * Needs `--allow-read` for the tape, the key file and the data directory, `--allow-net` for the
 * gateway, and `--allow-env=TELEMETRY_API_KEY,FMPS_API_KEY,TELEMETRY_DATA_DIR`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Clock } from "../../actors/ports.ts";
import { systemClock } from "../../actors/system_clock.ts";
import { playTape } from "./tape/player.ts";
import { TapeLayoutError } from "./tape/layout.ts";
import { HttpPublisher } from "./tape/http_publisher.ts";
import { findKey, type KeyPlaces } from "./find_key.ts";
import { parseTapeCommand, TAPE_HELP, type TapeCommand, UsageError } from "./tape_options.ts";
import { formatSummary, ProgressLine } from "./tape/report.ts";

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
 * Runs the program.
 *
 * @param args The command line after the program's name.
 * @returns The exit code: 0 when the tape was played or the user stopped it, else 1.
 */
export async function main(args: readonly string[], io: TapeIo): Promise<0 | 1> {
  try {
    const command = parseTapeCommand(args);
    if (command === "help") io.stdout(TAPE_HELP);
    else await play(command, io);
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof UsageError || error instanceof TapeLayoutError
      ? " (--help explains the options)"
      : "";
    io.stderr(`tape: ${message}${hint}\n`);
    return 1;
  }
}

async function play(command: TapeCommand, io: TapeIo): Promise<void> {
  const { clock, signal } = io;
  const { file, url, apiKeyFile, speed, skipBadRows, limit, columns, symbol, source } = command;
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
  const prefix = eventIdPrefix(command, tape);
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
  } catch (error) {
    const stored = publisher.accepted + publisher.duplicates;
    line.clear();
    if (stored > 0) line.say(`${stored.toLocaleString("en-US")} rows were stored before this:`);
    throw error;
  }
}

async function openTape(file: string, io: TapeIo): Promise<TapeFile> {
  try {
    return await io.open(file);
  } catch (error) {
    // The runtime repeats the call and the path.
    throw new Error(`${file}: ${(error as Error).message.replace(/: open '.*'$/, "")}`);
  }
}

/**
 * What the ids of a tape's events begin with. It depends on the file and on every option that
 * changes an event, so that an id never comes back with another payload.
 */
function eventIdPrefix(command: TapeCommand, tape: TapeFile): string {
  const { file, columns, symbol, source, run } = command;
  const identity = [basename(file), tape.bytes, tape.modified, columns, symbol, source, run];
  const digest = createHash("sha256").update(JSON.stringify(identity)).digest("hex");
  return `tape-${digest.slice(0, 16)}`;
}

async function openFile(path: string): Promise<TapeFile> {
  const file = await Deno.open(path);
  const { isFile, size, mtime } = await file.stat();
  if (isFile) return { stream: file.readable, bytes: size, modified: mtime?.getTime() ?? 0 };
  file.close();
  throw new Error("expected a file");
}

async function runOnThisMachine(): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => {
    // A second Ctrl-C ends the process the hard way.
    Deno.removeSignalListener("SIGINT", onSignal);
    interrupt.abort();
  };
  Deno.addSignalListener("SIGINT", onSignal);
  const encoder = new TextEncoder();
  const writer = (stream: { writeSync(bytes: Uint8Array): number }) => (text: string) => {
    const bytes = encoder.encode(text);
    for (let sent = 0; sent < bytes.length;) sent += stream.writeSync(bytes.subarray(sent));
  };
  try {
    return await main(Deno.args, {
      stdout: writer(Deno.stdout),
      stderr: writer(Deno.stderr),
      isTerminal: Deno.stderr.isTerminal(),
      env: (name) => Deno.env.get(name),
      readText: (path) => Deno.readTextFile(path),
      open: openFile,
      clock: systemClock,
      random: Math.random,
      signal: interrupt.signal,
    });
  } finally {
    Deno.removeSignalListener("SIGINT", onSignal);
  }
}

if (import.meta.main) Deno.exitCode = await runOnThisMachine();
