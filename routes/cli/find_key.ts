/**
 * Finds the key that a command-line program uses.
 *
 * @module
 */
import { join } from "node:path";
import { DEVELOPMENT_KEY_FILE } from "../auth/development_key.ts";
import { CommandError } from "./command_error.ts";
import { EXIT } from "./exit_codes.ts";

/** Where keys may be. */
export interface KeyPlaces {
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Rejects when the file cannot be read. */
  readonly readText: (path: string) => Promise<string>;
}

/** No key, or one that cannot be sent. The message never holds a key. */
export class KeyError extends CommandError {
  /** `KeyError`. */
  override readonly name = "KeyError";

  /** An error with exit code 78. */
  constructor(message: string) {
    super(message, EXIT.config);
  }
}

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Finds the key: the named file, else `TELEMETRY_API_KEY`, else `FMPS_API_KEY`, else, for a gateway
 * on this machine, its development key. That one is never sent to another machine.
 *
 * @throws {KeyError} When there is none.
 */
export async function findKey(
  places: KeyPlaces,
  url: URL,
  apiKeyFile: string | undefined,
): Promise<string> {
  if (apiKeyFile !== undefined) {
    const text = await places.readText(apiKeyFile).catch((error) => {
      throw new KeyError(`--api-key-file ${apiKeyFile}: ${(error as Error).message}`);
    });
    return checked(text, `the key in ${apiKeyFile}`);
  }
  for (const name of ["TELEMETRY_API_KEY", "FMPS_API_KEY"]) {
    const value = places.env(name);
    if (value !== undefined && value !== "") return checked(value, name);
  }
  if (LOOPBACK.has(url.hostname)) {
    const path = join(places.env("TELEMETRY_DATA_DIR") || "./data", DEVELOPMENT_KEY_FILE);
    // Any reason not to read it means that there is no such gateway here.
    const text = await places.readText(path).catch(() => undefined);
    if (text !== undefined) return checked(text, `the key in ${path}`);
  }
  throw new KeyError("no key: set TELEMETRY_API_KEY, or name a file with --api-key-file");
}

function checked(text: string, what: string): string {
  const key = text.trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new KeyError(`${what} is empty or has characters that no key has`);
}
