/**
 * What commands are given: where configuration comes from, where text goes, what they start.
 *
 * @module
 */
import type { Config } from "../../protocol/config.ts";
import type { BackupOptions } from "./backup.ts";
import type { KeysOptions } from "./keys.ts";
import type { Settings, Surroundings } from "./load_config.ts";
import type { TailOptions } from "./tail.ts";
import type { TapeOptions } from "./tape.ts";

/**
 * The work of the commands. It is loaded when a command runs, so that none pays for another's
 * imports. Each resolves with an exit code, or rejects with a {@link CommandError}.
 */
export interface Runs {
  /** Resolves when the gateway listens. */
  readonly serve: (settings: Settings) => Promise<number>;
  /** Rejects when the connection ends. */
  readonly tail: (options: TailOptions) => Promise<number>;
  /** Resolves when the tape was played, or stopped by Ctrl-C. */
  readonly tape: (options: TapeOptions) => Promise<number>;
  /** Resolves when the file is whole and checked. */
  readonly backup: (options: BackupOptions) => Promise<number>;
  /** Resolves when the new epochs are on the disk. */
  readonly rotateEpoch: (config: Config) => Promise<number>;
  /** Resolves when the keys file is changed, or shown. */
  readonly keys: (options: KeysOptions) => Promise<number>;
}

/** The outside of the program. */
export interface CommandContext extends Surroundings {
  /** What each command does. */
  readonly runs: Runs;
  /** Writes text to standard output as it is. */
  readonly write: (text: string) => void;
  /** Writes a line to standard error. */
  readonly printError: (line: string) => void;
}

/** Hands the exit code of a command to the program. */
export type End = (exitCode: number) => void;
