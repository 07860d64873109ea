/**
 * The command line of the tape player.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { MAX_SPEED } from "./tape/player.ts";
import { suggestion } from "./did_you_mean.ts";

/** What `--help` prints. */
export const TAPE_HELP = `Plays a recorded tape of trades or quotes into a telemetry gateway.

usage: deno run --allow-read --allow-net --allow-env routes/cli/tape.ts FILE [options]

FILE is a CSV. Trades as Tardis records them, headers that name the columns, and headerless quotes
(YYYYMMDD HHMMSSmmm,bid,ask,volume) are recognised; --columns describes any other.

options:
  --speed N            how many times faster than recorded; 0 or max: as fast as the gateway
                       accepts (default 1)
  --columns LIST       what the columns are: timestamp, symbol, price, bid, ask, source, or _ for
                       one to leave out; timestamp:FORMAT states the format of the times: s, ms,
                       us, ns, iso or compact (default: detected)
  --symbol NAME        the symbol of every row, for tapes without such a column
  --source NAME        the source of every row (default: the tape's own, or "tape")
  --url URL            address of the gateway (default http://127.0.0.1:8080)
  --api-key-file FILE  file that holds the key; else TELEMETRY_API_KEY, FMPS_API_KEY or, for a
                       gateway on this machine, its development key in TELEMETRY_DATA_DIR (./data)
  --limit N            stop after N rows
  --skip-bad-rows      count rows that cannot be read instead of stopping at the first
  --run NAME           a gateway takes a tape that is played twice within two minutes for a
                       repetition and stores it once; another name makes it new
  --help               show this
`;

/** A command line that was understood. */
export interface TapeCommand {
  /** Path of the tape. */
  readonly file: string;
  /** Times faster than recorded, 0 to {@link MAX_SPEED}; 0 and `max` mean without pauses. */
  readonly speed: number | "max";
  /** Address of the gateway. */
  readonly url: URL;
  /** Whether bad rows are counted instead of ending the program. */
  readonly skipBadRows: boolean;
  /** What the columns are; detected when absent. */
  readonly columns?: string;
  /** Symbol of every row. */
  readonly symbol?: string;
  /** Source of every row. */
  readonly source?: string;
  /** Path of the file that holds the key. */
  readonly apiKeyFile?: string;
  /** Rows to play, 1 or more. */
  readonly limit?: number;
  /** Makes the events of a repetition new ones. */
  readonly run?: string;
}

/** A command line that was not understood; the message is one line. */
export class UsageError extends Error {
  /** The name of the class. */
  override readonly name = "UsageError";
}

const OPTIONS = {
  speed: { type: "string" },
  columns: { type: "string" },
  symbol: { type: "string" },
  source: { type: "string" },
  url: { type: "string" },
  "api-key-file": { type: "string" },
  limit: { type: "string" },
  "skip-bad-rows": { type: "boolean" },
  run: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads the command line.
 *
 * @returns `help` when it was asked for.
 * @throws {UsageError} When it cannot be understood.
 */
export function parseTapeCommand(args: readonly string[]): TapeCommand | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) {
    throw new UsageError(`expected one FILE, found ${positionals.length}`);
  }
  const { columns, symbol, source, run, "api-key-file": apiKeyFile, limit } = values;
  return {
    file,
    speed: parseSpeed(values.speed ?? "1"),
    url: parseUrl(values.url ?? "http://127.0.0.1:8080"),
    skipBadRows: values["skip-bad-rows"] ?? false,
    ...(columns === undefined ? {} : { columns }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(source === undefined ? {} : { source }),
    ...(apiKeyFile === undefined ? {} : { apiKeyFile }),
    ...(limit === undefined ? {} : { limit: parseLimit(limit) }),
    ...(run === undefined ? {} : { run }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const unknown = /^Unknown option '--?([^']*)'/.exec(error.message)?.[1];
    if (unknown === undefined) throw new UsageError(error.message.split("\n")[0]!);
    throw new UsageError(`unknown option --${unknown}${suggestion(unknown, Object.keys(OPTIONS))}`);
  }
}

function parseSpeed(text: string): number | "max" {
  if (text.toLowerCase() === "max") return "max";
  const speed = Number(text);
  if (text.trim() !== "" && speed >= 0 && speed <= MAX_SPEED) return speed;
  throw new UsageError(
    `--speed ${text}: expected a number from 0 to ${MAX_SPEED}, or max`,
  );
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`--limit ${text}: expected a whole number of 1 or more`);
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError("--url: expected an address such as http://127.0.0.1:8080");
  }
  // Not repeated in the message: whoever does this has a secret in it.
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new UsageError("--url: expected an address without credentials, query or fragment");
  }
  return url;
}
