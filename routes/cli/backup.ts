/**
 * The command `backup`: copies the store of a gateway, which may go on using it meanwhile.
 *
 * @module
 */
import { Command } from "commander";
import { findOption } from "../../protocol/config/options.ts";
import type { CommandContext, End } from "./command_context.ts";
import { addConfigFlags, readConfigFlags } from "./config_flags.ts";
import { addGatewayFlags, type GatewayFlags, readGatewayFlags } from "./gateway_flags.ts";
import { loadConfig } from "./load_config.ts";

/** What is copied, and where to. */
export interface BackupOptions extends GatewayFlags {
  /** Where to write. */
  readonly file: string;
  /** Directory of the store that is copied when no gateway answers. */
  readonly dataDir: string;
  /** The present boot of the machine; empty when it is unknown. */
  readonly bootId: string;
}

const NOTES = `
FILE must not exist. It becomes a store of its own, of the moment at which the backup began. Where a
gateway answers it is asked for the backup, which needs a key with the scope admin; else the store
of the data directory is opened and copied. With --url no store is opened.

To restore: stop the gateway, move telemetry.db and the files beside it whose names begin with
telemetry.db away, copy FILE to telemetry.db in the data directory, run "epoch rotate", and start
the gateway.

examples:
  telemetry-gateway backup /var/backups/telemetry.db
  telemetry-gateway backup copy.db --url https://gateway.example --api-key-file admin.key`;

/** The command and its syntax. */
export function backupCommand(context: CommandContext, end: End): Command {
  const command = new Command("backup")
    .summary("copy a store, also while a gateway uses it")
    .description("Makes a backup of a store, which a gateway may go on using meanwhile.")
    .argument("<FILE>", "Where to write; must not exist.");
  addGatewayFlags(command);
  return addConfigFlags(command, [findOption("store.dataDir")!])
    .addHelpText("after", NOTES)
    .action(async (file: string) => {
      const { store } = loadConfig(readConfigFlags(command), context).config;
      const { dataDir, bootId = "" } = store;
      const gateway = readGatewayFlags(command, context.env);
      end(await context.runs.backup({ ...gateway, file, dataDir, bootId }));
    });
}
