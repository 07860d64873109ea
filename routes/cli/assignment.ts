/**
 * One option set in one place: what flags, environment and file are read into.
 *
 * @module
 */
import type { ConfigOption } from "../../protocol/config/options.ts";
import type { Origin } from "./config_error.ts";

/** One option set in one place; the value is not checked yet. */
export interface Assignment {
  /** Which option. */
  readonly option: ConfigOption;
  /** What it is set to. */
  readonly value: unknown;
  /** Where. */
  readonly origin: Origin;
}

/** Text of a flag or variable as the value that the file would hold; unreadable text stays text. */
export function parseText(option: ConfigOption, text: string): unknown {
  switch (option.kind) {
    case "integer":
    case "number":
      return /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : text;
    case "boolean": {
      const word = text.trim().toLowerCase();
      return word === "true" ? true : word === "false" ? false : text;
    }
    case "list":
      return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
    case "text":
      return text;
  }
}
