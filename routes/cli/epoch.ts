/**
 * The command `epoch rotate`: begins a new epoch in a store that was restored from a backup.
 *
 * @module
 */
import { Command } from "commander";
import { findOption } from "../../protocol/config/options.ts";
import type { CommandContext, End } from "./command_context.ts";
import { addConfigFlags, readConfigFlags } from "./config_flags.ts";
import { loadConfig } from "./load_config.ts";

const EXAMPLES = `
examples:
  telemetry-gateway epoch rotate
  telemetry-gateway epoch rotate --data-dir /var/lib/telemetry`;

/** The command and its syntax. */
export function epochCommand(context: CommandContext, end: End): Command {
  const rotate = new Command("rotate")
    .summary("give every channel of a store a new epoch")
    .description(
      "Gives every channel of a store a new epoch, so that clients take a snapshot instead of " +
        "going on. A store that was restored from a backup needs it: the backup does not know the " +
        "numbers that were given out after it was made. The gateway must be stopped.",
    );
  addConfigFlags(rotate, [findOption("store.dataDir")!])
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const { config } = loadConfig(readConfigFlags(rotate), context);
      end(await context.runs.rotateEpoch(config));
    });
  return new Command("epoch")
    .helpCommand(false)
    .summary("begin a new epoch in a restored store")
    .description("Begins a new epoch in a store that was restored from a backup.")
    .addCommand(rotate);
}
