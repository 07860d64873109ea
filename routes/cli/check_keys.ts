/**
 * Checks a keys file as a start would.
 *
 * @module
 */
import { KeyError } from "../../protocol/keys/edits.ts";
import { keysOf } from "../auth/keys/edit_keys_file.ts";
import { CommandError } from "./command_error.ts";

/**
 * Checks the text of a keys file.
 *
 * @throws {CommandError} With the line of what is wrong.
 */
export function checkKeys(path: string, text: string): void {
  try {
    keysOf(text, path);
  } catch (error) {
    throw error instanceof KeyError ? new CommandError(error.message) : error;
  }
}
