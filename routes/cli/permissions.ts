/**
 * Works out, for `deno task start`, which paths the gateway is granted: a path of the configuration
 * that is not known before the start cannot stand in `deno.json`.
 *
 * Prints one list, which the task uses for `--allow-read` and `--allow-write`. Flags of the gateway
 * come after this has run: paths given by flag are not granted. It imports nothing of the gateway,
 * as it runs before every start.
 *
 * @module
 */
import { relative } from "node:path";

/** What the grants are worked out from. */
export interface GrantSources {
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Reads a file; throws when it cannot. */
  readonly readFile: (path: string) => string;
}

/** Endings of the keys file, of what is renamed to it, and of its lock. */
const KEYS_FILES = ["", ".new", ".lock"];

/** The default of `store.dataDir`. */
export const DEFAULT_DATA_DIR = "./data";

/** Options that name a file which is only read, by the variable and by the key of `server`. */
const SERVER_FILES = [["TELEMETRY_TLS_CERT", "tlsCert"], ["TELEMETRY_TLS_KEY", "tlsKey"]] as const;

/**
 * The paths that the gateway uses, joined by commas: the data directory, the configuration file, and
 * certificate and key, and the keys file with what is written beside it. What the gateway only reads
 * it gives the permission to write back
 * ({@link giveBackWriting}): the task shell cannot take two lists from one helper.
 *
 * A path with a comma is left out, as no Deno from 2.4 to 2.9 takes the same spelling of it, and
 * read naively it would grant two other paths. The gateway then names it and refuses to start.
 */
export function grantedPaths(sources: GrantSources): string {
  const configFile = sources.env("TELEMETRY_CONFIG") || undefined;
  const inFile = (section: string, key: string) => pathInFile(configFile, section, key, sources);
  const dataDir = sources.env("TELEMETRY_DATA_DIR") || inFile("store", "dataDir") ||
    DEFAULT_DATA_DIR;
  const keysFile = sources.env("TELEMETRY_KEYS_FILE") || inFile("security", "keysFile");
  const files = SERVER_FILES.map(([variable, key]) =>
    sources.env(variable) || inFile("server", key)
  );
  const keys = keysFile === undefined ? [] : KEYS_FILES.map((ending) => keysFile + ending);
  const others = [configFile, ...files, ...keys].filter((path) => path !== undefined);
  const paths = [dataDir, ...others.filter((path) => !isWithin(dataDir, path))];
  const expressible = paths.filter((path) => !path.includes(","));
  // An empty list would grant every path.
  return expressible.length === 0 ? DEFAULT_DATA_DIR : expressible.join(",");
}

/**
 * Gives the permission to write a file back that is only read. Below the data directory it cannot be:
 * Deno would take the permission for the whole directory away; and a grant of everything stays.
 */
export function giveBackWriting(dataDir: string, file: string): void {
  const isNamed = Deno.permissions.querySync({ name: "write" }).state !== "granted";
  if (isNamed && !isWithin(dataDir, file)) {
    Deno.permissions.revokeSync({ name: "write", path: file });
  }
}

function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === "" || !(way === ".." || way.startsWith("../") || way.startsWith("/"));
}

function pathInFile(
  file: string | undefined,
  section: string,
  key: string,
  sources: GrantSources,
): string | undefined {
  if (file === undefined) return undefined;
  try {
    const path = JSON.parse(sources.readFile(file))?.[section]?.[key];
    return typeof path === "string" ? path : undefined;
  } catch {
    // The gateway reads the file again and reports what is wrong with it.
    return undefined;
  }
}

if (import.meta.main) {
  const sources: GrantSources = {
    env: (name) => Deno.env.get(name),
    readFile: (path) => Deno.readTextFileSync(path),
  };
  // deno-lint-ignore no-console
  console.log(grantedPaths(sources));
}
