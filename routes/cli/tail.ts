/**
 * The command `tail`: shows the events of a running gateway as they come, one line each.
 *
 * @module
 */
import { Command } from "commander";
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import type { CommandContext, End } from "./command_context.ts";
import { UsageError } from "./command_error.ts";
import { suggestion } from "./did_you_mean.ts";
import { addGatewayFlags, type GatewayFlags, readGatewayFlags } from "./gateway_flags.ts";

/** What is shown, and of which gateway. */
export interface TailOptions extends GatewayFlags {
  /** At least one. */
  readonly channels: readonly Channel[];
  /** Whether to begin with a replay. */
  readonly replay: boolean;
  /** Whether to print messages as they are received. */
  readonly json: boolean;
}

const NOTES = `
channels: ${CHANNELS.join(", ")}

examples:
  telemetry-gateway tail
  telemetry-gateway tail positions risk-alerts --replay
  telemetry-gateway tail market-data --json --url https://gateway.example | jq .data`;

/** The command and its syntax. */
export function tailCommand(context: CommandContext, end: End): Command {
  const command = new Command("tail")
    .summary("show the events of a running gateway")
    .description("Shows the events of a running gateway as they come, one line each.")
    .argument("[CHANNEL...]", "Channels to show. Default: all.")
    .option("--replay", "Begin with the latest states and alerts.")
    .option("--json", "Print messages as they are received.");
  return addGatewayFlags(command)
    .addHelpText("after", NOTES)
    .action(async (names: string[]) => {
      const { replay = false, json = false } = command.opts<{ replay?: true; json?: true }>();
      const gateway = readGatewayFlags(command, context.env);
      end(await context.runs.tail({ ...gateway, channels: readChannels(names), replay, json }));
    });
}

function readChannels(names: readonly string[]): readonly Channel[] {
  const { known, unknown } = PRODUCT_CHANNELS.select(names);
  const wrong = unknown[0];
  if (wrong === undefined) return known.length > 0 ? known : CHANNELS;
  const hint = suggestion(wrong, CHANNELS) || `; use ${CHANNELS.join(", ")}`;
  throw new UsageError(`${wrong}: unknown channel${hint}`);
}
