/**
 * The commands `config print` and `config check`: what a gateway would be started with.
 *
 * @module
 */
import { Command } from "commander";
import { keysFilePath } from "../auth/keys/keys_file_path.ts";
import type { CommandContext } from "./command_context.ts";
import { addConfigFlags, readConfigFlags } from "./config_flags.ts";
import { loadConfig, loadSettings, type Surroundings } from "./load_config.ts";

const PRINT_EXAMPLES = `
examples:
  telemetry-gateway config print > telemetry.json
  TELEMETRY_CONFIG=telemetry.json telemetry-gateway config print --port 9000`;

const CHECK_EXAMPLES = `
examples:
  telemetry-gateway config check --config telemetry.json
  telemetry-gateway config check --config telemetry.json && systemctl restart telemetry-gateway`;

/** The commands and their syntax. */
export function configCommand(context: CommandContext): Command {
  const config = new Command("config")
    .helpCommand(false)
    .summary("print or check the configuration")
    .description(
      "Prints or checks the configuration that results from file, environment and flags.",
    );
  // A permission that this process lacks says nothing about the gateway, and the boot id of this
  // machine must not get into a file that outlasts the boot.
  const { env, readFile, exists } = context;
  const surroundings: Surroundings = { env, readFile, ...(exists !== undefined && { exists }) };
  const print = new Command("print")
    .summary("print the configuration as a file, without keys")
    .description("Prints the resulting configuration as a file for --config, without keys.");
  print.action(() => {
    const { config } = loadConfig(readConfigFlags(print), surroundings);
    context.write(`${JSON.stringify(config, null, 2)}\n`);
  });
  const check = new Command("check")
    .summary("say whether a gateway would start with the configuration")
    .description(
      "Reads the configuration as a gateway does, keys included, and says what is wrong with it.",
    );
  check.action(async () => {
    const { config } = loadSettings(readConfigFlags(check), surroundings);
    const keysFile = keysFilePath(config);
    if (exists?.(keysFile) === true) {
      const { checkKeys } = await import("./check_keys.ts");
      checkKeys(keysFile, readFile(keysFile));
    }
    const { server, store } = config;
    const where = store.kind === "sqlite" ? `, data in ${store.dataDir}` : ", data in memory";
    context.write(`the configuration is valid: ${server.host}:${server.port}${where}\n`);
  });
  return config
    .addCommand(addConfigFlags(print).addHelpText("after", PRINT_EXAMPLES))
    .addCommand(addConfigFlags(check).addHelpText("after", CHECK_EXAMPLES));
}
