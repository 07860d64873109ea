/**
 * The text of `configuration.md`, made from the schema.
 *
 * @module
 */
import { CONFIG_OPTIONS, type ConfigOption, EXTRA_VARIABLES } from "../protocol/config/options.ts";

const INTRODUCTION = `# Configuration

<!-- Generated from protocol/config/ by \`deno task docs\`. Edit the schema, not this file. -->

Every option has a default. It gives way to the configuration file, the file to the environment, the
environment to flags. Anything unknown or not allowed stops the start with one line that names the
option, where it was set and what is allowed; the exit code is 78.

\`\`\`sh
deno task start --help     # every option
deno task config print     # what results from file, environment and flags; no keys
deno task config check     # whether a gateway would start with it, keys included
\`\`\`

| way | form |
| --- | --- |
| file | JSON with sections, \`{"server": {"port": 9000}}\`; its path comes from \`${EXTRA_VARIABLES.config}\` or \`--config\` |
| environment | the variables below; lists are separated by commas, switches are \`true\` or \`false\`, an empty variable counts as unset |
| flags | \`--port 9000\` or \`--port=9000\`; switches as \`--demo\`, \`--demo=false\` or \`--no-demo\`; the last one counts |

Variables that Kubernetes sets for a Service called \`telemetry\` or \`telemetry-…\`
(\`TELEMETRY_SERVICE_HOST\`, \`TELEMETRY_PORT=tcp://…\` and the like) are ignored, with a warning that names
them.

## Keys

Keys are set in the environment alone: other users of the machine see flags, and files get committed.

| variable | meaning |
| --- | --- |
| \`${EXTRA_VARIABLES.apiKey}\` | One key with every scope; 1 to 512 visible ASCII characters without spaces. |
| \`${EXTRA_VARIABLES.deployedApiKey}\` | The same, read when \`${EXTRA_VARIABLES.apiKey}\` is not set. |
| \`${EXTRA_VARIABLES.metricsApiKey}\` | A key with the scope \`metrics\`. |

Keys with names, limits and an expiry stand in the [keys file](operations.md#keys). Off loopback, a key
of these variables with fewer than 16 characters stops the start.

Without a key the gateway makes up a development key on a loopback address, prints it once and keeps
it in the data directory. On any other address it does not start.

## Paths and permissions

The binary runs with all permissions and accepts every path at run time; its sandbox is the
[service unit](commands.md#the-binary).

From source, \`deno task start\` grants the process the network, the environment, the uptime of the
machine ([time](time.md#suspend)), the free space of disks (\`statfs\`), and the paths that are configured. Two helpers run before it: one
works out the paths, the data directory for reading and writing and the configuration file for
reading; the other reads what the gateway may not, the boot id and the descriptor limit, and hands
them over in \`${EXTRA_VARIABLES.machineFacts}\`. They see \`TELEMETRY_DATA_DIR\`, \`${EXTRA_VARIABLES.config}\`
and \`store.dataDir\` in that file, but not flags: set paths in the environment. Deno's permissions
cannot name a path that contains a comma.

What the machine says of itself counts as a default of \`store.bootId\` and
\`server.fileDescriptorLimit\`: file, environment and flags go before it.
`;

/** Renders the whole document. */
export function renderConfigurationReference(): string {
  const sections = [...new Set(CONFIG_OPTIONS.map((option) => option.section))];
  return `${[INTRODUCTION, ...sections.map(renderSection)].join("\n")}`;
}

function renderSection(section: string): string {
  const rows = CONFIG_OPTIONS.filter((option) => option.section === section).map(renderRow);
  return [
    `## \`${section}\``,
    "",
    "| file | environment, flag | default | allowed | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function renderRow(option: ConfigOption): string {
  const allowed = option.unit === undefined ? option.allowed : `${option.allowed} ${option.unit}`;
  const cells = [
    `\`${option.path}\``,
    `\`${option.variable}\`<br>\`${option.flag}\``,
    renderDefault(option),
    allowed,
    option.description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function renderDefault({ default: value }: ConfigOption): string {
  if (value === undefined) return "see meaning";
  if (Array.isArray(value) && value.length === 0) return "none";
  return `\`${String(value)}\``;
}
