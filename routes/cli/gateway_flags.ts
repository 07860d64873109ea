/**
 * Flags of the commands that talk to a running gateway.
 *
 * @module
 */
import type { Command } from "commander";
import { UsageError } from "./command_error.ts";
import { ValueOption } from "./value_option.ts";

/** Which gateway, and with which key. */
export interface GatewayFlags {
  /** Address of the gateway, without credentials, query or fragment. */
  readonly url: URL;
  /** Whether the address was given. */
  readonly explicit: boolean;
  /** Path of the file that holds the key. */
  readonly apiKeyFile: string | undefined;
}

/** What a wrong `--url` is answered with. */
const EXAMPLE = "an address such as http://127.0.0.1:8080";

/** Adds `--url` and `--api-key-file`. */
export function addGatewayFlags(command: Command): Command {
  return command
    .addOption(
      new ValueOption(
        "--url",
        "URL",
        EXAMPLE,
        "Address of the gateway. Default: http://127.0.0.1:8080, or the port of TELEMETRY_PORT.",
      ),
    )
    .addOption(
      new ValueOption(
        "--api-key-file",
        "FILE",
        "the path of a file",
        "File that holds the key. Else the key is TELEMETRY_API_KEY, FMPS_API_KEY or, for a gateway " +
          "on this machine, its development key in TELEMETRY_DATA_DIR (./data).",
      ),
    );
}

/**
 * Reads the flags of {@link addGatewayFlags}.
 *
 * @throws {UsageError} When the address cannot be used.
 */
export function readGatewayFlags(
  command: Command,
  env: Readonly<Record<string, string>>,
): GatewayFlags {
  const { url, apiKeyFile } = command.opts<{ url?: string; apiKeyFile?: string }>();
  // What Kubernetes sets for a Service called "telemetry" is no port.
  const port = /^\d{1,5}$/.test(env["TELEMETRY_PORT"] ?? "") ? env["TELEMETRY_PORT"] : "8080";
  return {
    url: parseUrl(url ?? `http://127.0.0.1:${port}`),
    explicit: url !== undefined,
    apiKeyFile,
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`--url: expected ${EXAMPLE}`);
  }
  // Not repeated in the message: the address has a secret in it.
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new UsageError("--url: expected an address without credentials, query or fragment");
  }
  return url;
}
