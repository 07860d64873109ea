/**
 * The command `serve`: runs a gateway. It is what the program does when no command is named.
 *
 * @module
 */
import { Command } from "commander";
import { EXTRA_VARIABLES } from "../../protocol/config/options.ts";
import type { CommandContext, End } from "./command_context.ts";
import { addConfigFlags, readConfigFlags } from "./config_flags.ts";
import { loadSettings } from "./load_config.ts";
import { VERSION } from "../../protocol/version.ts";

const NOTES = `
Defaults give way to the file, the file to the environment, the environment to flags.

keys (environment only):
  ${EXTRA_VARIABLES.apiKey}  The key with every scope. ${EXTRA_VARIABLES.deployedApiKey} is read when it is not set.
                     Without either, and without a keys file (see keys --help), a gateway on a
                     loopback address makes a development key.
  ${EXTRA_VARIABLES.metricsApiKey}
                     A key with the scope metrics alone.

examples:
  telemetry-gateway
  telemetry-gateway serve --port 9000 --heartbeat-interval-seconds 5
  telemetry-gateway serve --demo --demo-seed 7
  TELEMETRY_API_KEY=… telemetry-gateway serve --host 0.0.0.0 --public-hosts desk.example
  TELEMETRY_CONFIG=telemetry.json TELEMETRY_DATA_DIR=/var/lib/telemetry telemetry-gateway`;

/** The command and its syntax. */
export function serveCommand(context: CommandContext, end: End): Command {
  const command = new Command("serve")
    .summary("run a gateway (the default)")
    .description("Runs a gateway: streams trading telemetry to UIs and automation.")
    .version(`telemetry-gateway ${VERSION}`, "--version", "print the version");
  return addConfigFlags(command)
    .addHelpText("after", NOTES)
    .action(async () => {
      const settings = loadSettings(readConfigFlags(command), context);
      end(await context.runs.serve(settings));
    });
}
