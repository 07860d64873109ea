/**
 * The commands `keys create`, `list`, `revoke` and `rotate`: what they are and their syntax.
 *
 * @module
 */
import { Command } from "commander";
import { CHANNELS } from "../../protocol/channels.ts";
import { findOption } from "../../protocol/config/options.ts";
import { EXPIRY_FORMS } from "../../protocol/keys/expiry.ts";
import { SCOPES } from "../../protocol/scopes.ts";
import { keysFilePath } from "../auth/keys/keys_file_path.ts";
import type { CommandContext, End } from "./command_context.ts";
import { addConfigFlags, readConfigFlags } from "./config_flags.ts";
import { loadConfig } from "./load_config.ts";
import { ValueOption } from "./value_option.ts";

/** A key to be made, as it was written on the command line. */
export interface KeyRequest {
  /** Its name. */
  readonly name: string;
  /** Texts of options; lists with commas. */
  readonly scopes?: string;
  readonly channels?: string;
  readonly traders?: string;
  readonly portfolio: boolean;
  readonly rate?: string;
  readonly expires?: string;
}

/** What is to be done to which file. */
export type KeysOptions =
  & { readonly file: string }
  & (
    | ({ readonly action: "create" } & KeyRequest)
    | { readonly action: "list"; readonly json: boolean }
    | { readonly action: "revoke"; readonly name: string; readonly secret?: string }
    | { readonly action: "rotate"; readonly name: string }
  );

const NOTES = `
The file is changed, not a gateway asked: a running gateway reads it again within a second. Where the
file cannot be reached, the same is done over HTTP (/api/v1/keys).`;

const CREATE_NOTES = `
The secret is written once, alone as the last line of the standard output; the gateway keeps its
digest. Pass it on over a channel that you trust.

examples:
  telemetry-gateway keys create desk --scopes subscribe,acknowledge
  telemetry-gateway keys create core-1 --scopes publish --channels trader-status,positions
  telemetry-gateway keys create alice --scopes subscribe --traders 42,43 --expires 90d
  telemetry-gateway keys create grafana --scopes metrics > grafana.key`;

const ROTATE_NOTES = `
The new secret is valid beside the old one, so that clients can be moved one by one. Then revoke the
old one, which "keys list" names:

examples:
  telemetry-gateway keys rotate desk > desk.key
  telemetry-gateway keys revoke desk --secret 1a2b3c4d`;

const REVOKE_NOTES = `
Connections, sessions and tickets of the key end within a second, with 4401.

examples:
  telemetry-gateway keys revoke desk
  telemetry-gateway keys revoke desk --secret 1a2b3c4d`;

const LIST_NOTES = `
examples:
  telemetry-gateway keys list
  telemetry-gateway keys list --json`;

/** The commands and their syntax. */
export function keysCommand(context: CommandContext, end: End): Command {
  const run = (command: Command, options: (file: string) => KeysOptions) => async () => {
    const { config } = loadConfig(readConfigFlags(command), context);
    end(await context.runs.keys(options(keysFilePath(config))));
  };
  const create = new Command("create")
    .summary("make a key, and show its secret once")
    .description("Makes a key and shows its secret once.")
    .argument("<NAME>", "What the holder is called in logs and lists.");
  addKeyOptions(create).addHelpText("after", CREATE_NOTES);
  create.action((name: string) => run(create, (file) => requestOf(create, name, file))());

  const list = new Command("list")
    .summary("show the keys, without their secrets")
    .description("Shows the keys of the file, without their secrets.")
    .option("--json", "As JSON.")
    .addHelpText("after", LIST_NOTES);
  list.action(run(list, (file) => ({ action: "list", json: list.opts()["json"] === true, file })));

  const revoke = new Command("revoke")
    .summary("end a key, or one of its secrets")
    .description("Ends a key, or one of its secrets.")
    .argument("<NAME>", "The name of the key.")
    .addOption(
      new ValueOption("--secret", "ID", "8 hex digits", "Ends only the secret with this id."),
    )
    .addHelpText("after", REVOKE_NOTES);
  revoke.action((name: string) =>
    run(revoke, (file) => {
      const secret = revoke.opts()["secret"] as string | undefined;
      return { action: "revoke", name, ...(secret !== undefined && { secret }), file };
    })()
  );

  const rotate = new Command("rotate")
    .summary("give a key a second secret, and show it once")
    .description("Gives a key a second secret and shows it once.")
    .argument("<NAME>", "The name of the key.")
    .addHelpText("after", ROTATE_NOTES);
  rotate.action((name: string) => run(rotate, (file) => ({ action: "rotate", name, file }))());

  const keys = new Command("keys")
    .helpCommand(false)
    .summary("make, list, revoke and rotate keys")
    .description("Makes, lists, revokes and rotates the keys of the keys file.")
    .addHelpText("after", NOTES);
  const places = [findOption("security.keysFile")!, findOption("store.dataDir")!];
  for (const command of [create, list, revoke, rotate]) {
    keys.addCommand(addConfigFlags(command, places));
  }
  return keys;
}

function addKeyOptions(command: Command): Command {
  const scopes = SCOPES.join(", ");
  const options:
    readonly (readonly [flag: string, value: string, expected: string, text: string])[] = [
      ["--scopes", "A,B", `a list of: ${scopes}`, `What it may do, at least one of ${scopes}.`],
      [
        "--channels",
        "A,B",
        `a list of: ${CHANNELS.join(", ")}`,
        "The channels that it may use; all when absent.",
      ],
      [
        "--traders",
        "ID,ID",
        "a list of ids of traders",
        "The traders that it may see and publish for; all when absent.",
      ],
      [
        "--rate",
        "EVENTS/S",
        "an integer from 0 to 1000000",
        "Outbound limit of each of its connections, instead of telemetry.rateLimitPerSecond.",
      ],
      ["--expires", "WHEN", EXPIRY_FORMS, `When it ends: ${EXPIRY_FORMS}.`],
    ];
  for (const [flag, value, expected, text] of options) {
    command.addOption(new ValueOption(flag, value, expected, text));
  }
  return command.option(
    "--portfolio",
    "With --traders: also what concerns no single trader, such as alerts of the whole portfolio.",
  );
}

function requestOf(command: Command, name: string, file: string): KeysOptions {
  const { scopes, channels, traders, portfolio, rate, expires } = command.opts<
    Partial<Record<keyof KeyRequest, unknown>>
  >();
  const texts = Object.entries({ scopes, channels, traders, rate, expires })
    .filter(([, value]) => typeof value === "string");
  return {
    action: "create",
    name,
    portfolio: portfolio === true,
    ...Object.fromEntries(texts),
    file,
  };
}
