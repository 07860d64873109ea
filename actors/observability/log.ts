/**
 * Structured logs through LogTape: JSON lines for machines, one readable line for people.
 *
 * @module
 */
import {
  configureSync,
  getAnsiColorFormatter,
  getLogger,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";
import type { Logger } from "../ports.ts";

/** How logs are written. */
export interface LogOptions {
  /** The lowest level that is written. */
  readonly level: LogLevel;
  /** `json`: one object per line; `pretty`: for a terminal. */
  readonly format: "json" | "pretty";
  /** Takes each line, without its line feed; an urgent one may be the last of the process. */
  readonly write: (line: string, urgent: boolean) => void;
}

/** The category of every record. */
const CATEGORY = ["gateway"];

const LOGGER = getLogger(CATEGORY);

/** Configures logging for the process; a second call replaces the first. */
export function createLogger(options: LogOptions): Logger {
  const format = options.format === "json" ? jsonFormatter() : prettyFormatter();
  const out = (record: LogRecord) => options.write(format(record).trimEnd(), isUrgent(record));
  configureSync({
    reset: true,
    sinks: { out },
    loggers: [
      { category: CATEGORY, sinks: ["out"], lowestLevel: options.level },
      { category: ["logtape", "meta"], sinks: ["out"], lowestLevel: "warning" },
    ],
  });
  return {
    debug: (message, properties = {}) => LOGGER.debug(message, properties),
    info: (message, properties = {}) => LOGGER.info(message, properties),
    warn: (message, properties = {}) => LOGGER.warn(message, properties),
    error: (message, properties = {}) => LOGGER.error(message, properties),
  };
}

/** Warnings and errors are written at once: the process may end right after them. */
function isUrgent({ level }: LogRecord): boolean {
  return level !== "debug" && level !== "info";
}

/**
 * One object a line. The formatter of the library makes the same at several times the cost, as it
 * inspects every value. `rawMessage` is the message before placeholders are filled in: data in a
 * message is never taken for a template.
 */
function jsonFormatter(): (record: LogRecord) => string {
  let lastTimestamp = NaN;
  let time = "";
  return ({ timestamp, level, rawMessage, category, properties }) => {
    if (timestamp !== lastTimestamp) {
      lastTimestamp = timestamp;
      time = new Date(timestamp).toISOString();
    }
    const line = {
      "@timestamp": time,
      level: level.toUpperCase(),
      message: rawMessage,
      logger: category.join("."),
      properties,
    };
    return JSON.stringify(line, hasError(properties) ? describeError : undefined);
  };
}

function hasError(properties: Readonly<Record<string, unknown>>): boolean {
  for (const key in properties) if (properties[key] instanceof Error) return true;
  return false;
}

function describeError(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, cause };
}

function prettyFormatter(): (record: LogRecord) => string {
  return getAnsiColorFormatter({
    timestamp: "time",
    level: "ABBR",
    format: ({ timestamp, level, record }) =>
      `${timestamp} ${level} ${record.rawMessage}${formatProperties(record.properties)}`,
  });
}

function formatProperties(properties: Readonly<Record<string, unknown>>): string {
  return Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `  ${key}=${formatValue(value)}`)
    .join("");
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return /[\s"\p{Cc}]/u.test(value) ? quote(value) : value;
  if (value instanceof Error) return quote(value.stack ?? value.message);
  return quote(value);
}

/** JSON, with the control characters escaped that JSON allows and terminals obey. */
function quote(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.replace(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
