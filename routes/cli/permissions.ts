/**
 * Works out, for `deno task start` and `deno task compile`, what the gateway is to be granted: a
 * path of the configuration that is not known before the start cannot stand in `deno.json`.
 *
 * `read` and `write` print the value of `--allow-read` and `--allow-write`; `descriptors` prints
 * the descriptor limit, which the gateway itself may not read, or 0 where it cannot be found out;
 * `boot` prints the boot id of the machine, of which the same is true, or nothing.
 * Flags of the gateway come after this has run: paths given by flag are not granted.
 *
 * It imports nothing, as it runs four times before every start.
 *
 * @module
 */

/** What the grants are worked out from. */
export interface GrantSources {
  /** The environment. */
  readonly env: (name: string) => string | undefined;
  /** Reads a file; throws when it cannot. */
  readonly readFile: (path: string) => string;
}

/** Where the data is kept when nothing else is said; the default of `store.dataDir`. */
export const DEFAULT_DATA_DIR = "./data";

/** Largest limit that `server.fileDescriptorLimit` takes; some containers have 2³⁰ and mean "any". */
const MAX_DESCRIPTORS = 1_073_741_824;

/**
 * The paths that the gateway reads or writes, joined by commas: the data directory, and for reading
 * the configuration file.
 *
 * A path with a comma is left out, as no Deno from 2.4 to 2.9 takes the same spelling of it, and
 * read naively it would grant two other paths. The gateway then names it and refuses to start.
 */
export function grantedPaths(access: "read" | "write", sources: GrantSources): string {
  const configFile = sources.env("TELEMETRY_CONFIG") || undefined;
  const dataDir = sources.env("TELEMETRY_DATA_DIR") || dataDirOfFile(configFile, sources) ||
    DEFAULT_DATA_DIR;
  const paths = access === "read" && configFile !== undefined ? [dataDir, configFile] : [dataDir];
  const expressible = paths.filter((path) => !path.includes(","));
  // An empty list would grant every path.
  return expressible.length === 0 ? DEFAULT_DATA_DIR : expressible.join(",");
}

function dataDirOfFile(path: string | undefined, sources: GrantSources): string | undefined {
  if (path === undefined) return undefined;
  try {
    const dataDir = JSON.parse(sources.readFile(path))?.store?.dataDir;
    return typeof dataDir === "string" ? dataDir : undefined;
  } catch {
    // The gateway reads the file again and says what is wrong with it.
    return undefined;
  }
}

/**
 * How many descriptors the process may have: what the environment says, else the soft limit of this
 * process, which Deno has raised as far as it goes; 0 when neither is known.
 */
export function descriptorLimit(sources: GrantSources): string {
  const configured = sources.env("TELEMETRY_FILE_DESCRIPTOR_LIMIT");
  if (configured !== undefined && configured !== "") return configured;
  try {
    const limits = sources.readFile("/proc/self/limits");
    const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
    return String(Math.min(soft, MAX_DESCRIPTORS));
  } catch {
    return "0";
  }
}

/**
 * Identifies the boot of the machine: what the environment says, else what Linux says; empty when
 * neither is known.
 */
export function bootId(sources: GrantSources): string {
  const configured = sources.env("TELEMETRY_BOOT_ID");
  if (configured !== undefined && configured !== "") return configured;
  try {
    return sources.readFile("/proc/sys/kernel/random/boot_id").trim();
  } catch {
    return "";
  }
}

if (import.meta.main) {
  const sources: GrantSources = {
    env: (name) => Deno.env.get(name),
    readFile: (path) => Deno.readTextFileSync(path),
  };
  const answers: Readonly<Record<string, () => string>> = {
    read: () => grantedPaths("read", sources),
    write: () => grantedPaths("write", sources),
    descriptors: () => descriptorLimit(sources),
    boot: () => bootId(sources),
  };
  const answer = answers[Deno.args[0] ?? ""];
  if (answer === undefined) throw new Error("usage: permissions.ts read|write|descriptors|boot");
  // deno-lint-ignore no-console
  console.log(answer());
}
