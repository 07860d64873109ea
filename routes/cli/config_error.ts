/**
 * Why a configuration was refused, and where values came from.
 *
 * @module
 */
import { CommandError } from "./command_error.ts";
import { EXIT } from "./exit_codes.ts";

/** Where the value of an option came from. */
export interface Origin {
  /** The layer, the last one winning: defaults, machine, file, environment, flags. */
  readonly layer: "default" | "machine" | "file" | "environment" | "flag";
  /** `--port`, `TELEMETRY_PORT`, the path of the file; empty for defaults and machine. */
  readonly name: string;
}

/** The origin of an option that is not set anywhere. */
export const BY_DEFAULT: Origin = { layer: "default", name: "" };

/** `flag --port`, `environment variable TELEMETRY_PORT`, `file telemetry.json`, `default`. */
export function describeOrigin({ layer, name }: Origin): string {
  switch (layer) {
    case "default":
      return "default";
    case "machine":
      return "this machine";
    case "file":
      return `file ${name}`;
    case "environment":
      return `environment variable ${name}`;
    case "flag":
      return `flag ${name}`;
  }
}

/** Longest value that a message repeats, in characters. */
const MAX_SHOWN = 60;

/** A value as a message shows it: on one line, cut when long. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** An option that cannot be used. The message names it and what is allowed. */
export class ConfigError extends CommandError {
  /** `ConfigError`. */
  override readonly name = "ConfigError";
  /** The option in the file's spelling, or the unknown name as it was written. */
  readonly option: string;
  /** Where it came from. */
  readonly origin: Origin;

  /** An error with exit code 78. */
  constructor(option: string, origin: Origin, message: string) {
    super(message, EXIT.config);
    this.option = option;
    this.origin = origin;
  }
}
