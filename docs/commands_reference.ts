/**
 * The text of `commands.md`, made from the tree of commands.
 *
 * @module
 */
import type { Command } from "commander";
import { CONFIG_OPTIONS } from "../protocol/config/options.ts";
import type { CommandContext } from "../routes/cli/command_context.ts";
import { EXIT, EXIT_MEANINGS } from "../routes/cli/exit_codes.ts";
import { createProgram } from "../routes/cli/program.ts";
import { commandPath } from "../routes/cli/usage.ts";

const INTRODUCTION = `# Commands

<!-- Generated from routes/cli/ by \`deno task docs\`. Edit the commands, not this file. -->

The gateway is one program, \`telemetry-gateway\`: the binary that \`deno task compile\` builds, or
\`main.ts\` from source. Without a command it serves. From source the tasks of the same names grant
what a command needs: \`deno task tail\` is \`telemetry-gateway tail\`, and \`deno task start\` is
\`telemetry-gateway serve\`.

What a command prints as its result goes to standard output, everything else to standard error. An
error is one line, \`error: …\`, that says what is wrong and what to do; a misspelled command or
option is answered with the one that was probably meant.
`;

const BINARY = `## The binary

\`\`\`sh
deno task compile
dist/telemetry-gateway --data-dir /var/lib/telemetry
\`\`\`

The binary is compiled with all permissions of Deno ([ADR 34](adr/0034-one-program-with-commands.md)):
it accepts paths at run time, and reads the boot id and the descriptor limit of its machine from
\`/proc\` itself. Its sandbox is the service unit or the container:

\`\`\`ini
[Service]
ExecStart=/usr/local/bin/telemetry-gateway --data-dir /var/lib/telemetry
Environment=TELEMETRY_HOST=127.0.0.1
DynamicUser=yes
StateDirectory=telemetry
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
MemoryMax=2G
LimitNOFILE=65536
Restart=on-failure
RestartPreventExitStatus=64 78
\`\`\`
`;

/** Renders the whole document. */
export function renderCommandsReference(): string {
  let help = "";
  const context: CommandContext = {
    env: {},
    readFile: () => "",
    write: (text) => help += text,
    printError: () => {},
    runs: new Proxy({} as CommandContext["runs"], { get: () => () => Promise.resolve(0) }),
  };
  const sections = leaves(createProgram(context, () => {})).map((command) => {
    help = "";
    command.outputHelp();
    return renderCommand(command, help);
  });
  return [INTRODUCTION, ...sections, renderExitCodes(), BINARY].join("\n");
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function renderCommand(command: Command, help: string): string {
  const flags = command.options.map(({ long }) => long);
  const text = CONFIG_OPTIONS.every(({ flag }) => flags.includes(flag))
    ? withoutOptions(help)
    : help;
  return `## \`${commandPath(command)}\`\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`;
}

/** Help without the options of the configuration, which have a page of their own. */
function withoutOptions(help: string): string {
  const blocks = help.split("\n\n");
  const sections = new Set(CONFIG_OPTIONS.map(({ section }) => `${section}:`));
  const kept = blocks.filter((block) => !sections.has(block.trim().split("\n")[0]!));
  const at = kept.findIndex((block) => block.startsWith("Options:")) + 1;
  return kept.toSpliced(at, 0, "(and every option of configuration.md)").join("\n\n");
}

function renderExitCodes(): string {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  const rows = names.map((name) => `| ${EXIT[name]} | ${EXIT_MEANINGS[name]} |`);
  return ["## Exit codes", "", "| code | meaning |", "| --- | --- |", ...rows, ""].join("\n");
}
