/**
 * The command `tape`: plays a recorded tape of trades or quotes into a running gateway.
 *
 * @module
 */
import { Command } from "commander";
import type { CommandContext, End } from "./command_context.ts";
import { UsageError } from "./command_error.ts";
import { addGatewayFlags, type GatewayFlags, readGatewayFlags } from "./gateway_flags.ts";
import { MAX_SPEED } from "./tape/speed.ts";
import { ValueOption } from "./value_option.ts";

/** What is played, how, and to which gateway. */
export interface TapeOptions extends GatewayFlags {
  /** Path of the tape. */
  readonly file: string;
  /** Times faster than recorded, 0 to {@link MAX_SPEED}; 0 and `max` mean without pauses. */
  readonly speed: number | "max";
  /** Whether bad rows are counted instead of ending the program. */
  readonly skipBadRows: boolean;
  /** What the columns are; detected when absent. */
  readonly columns?: string;
  /** Symbol of every row. */
  readonly symbol?: string;
  /** Source of every row. */
  readonly source?: string;
  /** Rows to play, 1 or more. */
  readonly limit?: number;
  /** Makes the events of a repetition new ones. */
  readonly run?: string;
}

const SPEED = `a number from 0 to ${MAX_SPEED}, or max`;
const LIMIT = "a whole number of 1 or more";

const VALUES: readonly ValueOption[] = [
  new ValueOption(
    "--speed",
    "N",
    SPEED,
    "How many times faster than recorded; 0 or max: as fast as the gateway accepts. Default: 1.",
  ),
  new ValueOption(
    "--columns",
    "LIST",
    "a list such as timestamp,symbol,price",
    "What the columns are: timestamp, symbol, price, bid, ask, source, or _ for one to leave out; " +
      "timestamp:FORMAT states the format of the times: s, ms, us, ns, iso or compact. Default: " +
      "detected from the first line.",
  ),
  new ValueOption(
    "--symbol",
    "NAME",
    "a symbol",
    "The symbol of every row, for tapes without such a column.",
  ),
  new ValueOption(
    "--source",
    "NAME",
    "a name",
    'The source of every row. Default: the tape\'s own, or "tape".',
  ),
  new ValueOption("--limit", "N", LIMIT, "Stop after N rows."),
  new ValueOption(
    "--run",
    "NAME",
    "a name",
    "Plays the tape as new events: without it, a gateway takes a tape that is played twice within " +
      "two minutes for a repetition and stores it once.",
  ),
];

const NOTES = `
FILE is a CSV. Trades as Tardis records them, headers that name the columns, and headerless quotes
(YYYYMMDD HHMMSSmmm,bid,ask,volume) are recognised; --columns describes any other.

examples:
  telemetry-gateway tape trades.csv
  telemetry-gateway tape quotes.csv --symbol EURUSD --speed 60
  telemetry-gateway tape prices.csv --columns timestamp:ms,symbol,_,price --speed max`;

/** The command and its syntax. */
export function tapeCommand(context: CommandContext, end: End): Command {
  const command = new Command("tape")
    .summary("play a recorded tape into a running gateway")
    .description("Plays a recorded tape of trades or quotes into a running gateway.")
    .argument("<FILE>", "The tape.");
  for (const option of VALUES) command.addOption(option);
  return addGatewayFlags(command)
    .option("--skip-bad-rows", "Count rows that cannot be read instead of stopping at the first.")
    .addHelpText("after", NOTES)
    .action(async (file: string) => {
      const gateway = readGatewayFlags(command, context.env);
      end(await context.runs.tape({ ...gateway, file, ...readOptions(command) }));
    });
}

function readOptions(command: Command): Omit<TapeOptions, keyof GatewayFlags | "file"> {
  const { speed, limit, skipBadRows, ...texts } = command.opts<
    {
      speed?: string;
      limit?: string;
      skipBadRows?: true;
      columns?: string;
      symbol?: string;
      source?: string;
      run?: string;
    }
  >();
  const { columns, symbol, source, run } = texts;
  return {
    speed: parseSpeed(speed ?? "1"),
    skipBadRows: skipBadRows ?? false,
    ...(limit !== undefined && { limit: parseLimit(limit) }),
    ...(columns !== undefined && { columns }),
    ...(symbol !== undefined && { symbol }),
    ...(source !== undefined && { source }),
    ...(run !== undefined && { run }),
  };
}

function parseSpeed(text: string): number | "max" {
  if (text.toLowerCase() === "max") return "max";
  const speed = Number(text);
  if (text.trim() !== "" && speed >= 0 && speed <= MAX_SPEED) return speed;
  throw new UsageError(`--speed ${text}: expected ${SPEED}`);
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`--limit ${text}: expected ${LIMIT}`);
}
