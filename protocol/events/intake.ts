/**
 * Reads a payload from outside before its schema sees it: leaves out what is absent, unknown or not
 * for others, and lets through only values of the right type, in bounded number.
 *
 * Schemas are safe on what comes out of here and not on what comes from outside: zod's `max` of one
 * type reads the `length` of another, and its lists and records collect every issue they have.
 *
 * @module
 */
import type { ChannelDefinition, ChannelSet } from "../channel_set.ts";
import { type Fault, joinPath, MAX_REPORTED_FAULTS } from "../fault.ts";
import { MAX_ID_LENGTH, MAX_TEXT_LENGTH } from "./fields.ts";
import { nearestKey } from "./near_miss.ts";
import type { FieldShape, ObjectShape } from "./shape.ts";

/** What to do with an unknown field: leave it out and name it in the receipt, or refuse it. */
export type UnknownFields = "ignore" | "reject";

/** Most unknown fields of an event that are left out; one more is a fault. */
export const MAX_IGNORED_FIELDS = 32;

/** The last millisecond of the year 9999, the last that an ISO time of four digits can say. */
const MAX_TIMESTAMP = 253_402_300_799_999;

/**
 * Most entries of details in an event. With its quotes, colon and comma an entry takes seven bytes
 * at least, so that more would not fit into an event.
 */
const MAX_DETAILS = 10_000;

/** A payload as it was read: known fields, ignored paths and faults. */
export interface ReadPayload {
  /** The known fields that are there, each of the right type. */
  readonly value: Record<string, unknown>;
  /** Paths of the unknown fields that were left out. */
  readonly ignored: readonly string[];
  /** What is wrong so far, at most {@link MAX_REPORTED_FAULTS}. */
  readonly faults: readonly Fault[];
  /** Whether everything was read: false for what is no object and after too many faults. */
  readonly whole: boolean;
}

/** What the replaced service's classes write beside the fields of a payload. */
const TRANSPORT_KEYS = ["type", "channel", "timestamp"] as const;

/**
 * Reads the `data` of an event. Never throws, whatever it is given.
 *
 * @param channels The channels that there are, of which `channel` is one.
 * @param data A value that was parsed from JSON.
 * @param path How faults name it.
 */
export function readPayload(
  channels: ChannelSet,
  channel: ChannelDefinition,
  data: unknown,
  path: string,
  unknownFields: UnknownFields,
): ReadPayload {
  return new PayloadReader(channels, channel, path, unknownFields).read(data);
}

class PayloadReader {
  readonly #channels: ChannelSet;
  readonly #channel: ChannelDefinition;
  readonly #unknownFields: UnknownFields;
  /** Where the reader is: the path of `data`, and keys and indexes below it. */
  readonly #place: PropertyKey[];
  readonly #ignored: string[] = [];
  readonly #faults: Fault[] = [];
  #details = 0;
  #stopped = false;

  constructor(
    channels: ChannelSet,
    channel: ChannelDefinition,
    path: string,
    unknownFields: UnknownFields,
  ) {
    this.#channels = channels;
    this.#channel = channel;
    this.#unknownFields = unknownFields;
    this.#place = [path];
  }

  read(data: unknown): ReadPayload {
    const known = isRecord(data);
    const value = known ? this.#payload(data) : this.#wrongType("object", data) ?? {};
    const whole = known && !this.#stopped;
    return { value, ignored: this.#ignored, faults: this.#faults, whole };
  }

  #payload(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { fields, timeKey } = this.#channel;
    const value = this.#object(data, fields, true);
    const { timestamp } = data;
    if (typeof timestamp === "number" && value[timeKey] === undefined && isTimestamp(timestamp)) {
      value[timeKey] = new Date(timestamp).toISOString();
    }
    return value;
  }

  #object(
    source: Readonly<Record<string, unknown>>,
    fields: ObjectShape,
    top: boolean,
  ): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const key in source) {
      if (this.#stopped) break;
      const given = source[key];
      if (given === null || given === undefined) continue; // Absent.
      const field = fields.get(key);
      if (field !== undefined) {
        const read = this.#field(key, given, field);
        if (read !== undefined) value[key] = read;
      } else if (!top || !this.#transport(key, given)) {
        this.#unknown(key, fields, top);
      }
    }
    return value;
  }

  /** The value of a field; `undefined` after a fault. */
  #field(key: PropertyKey, given: unknown, field: FieldShape): unknown {
    // The common kinds need no place.
    if (typeof given === field.kind && field.kind !== "object") return given;
    this.#place.push(key);
    const value = this.#nested(given, field);
    this.#place.pop();
    return value;
  }

  #nested(given: unknown, field: FieldShape): unknown {
    switch (field.kind) {
      case "object":
        if (isRecord(given)) return this.#object(given, field.fields, false);
        return this.#wrongType("object", given);
      case "details":
        return isRecord(given) ? this.#textDetails(given) : this.#wrongType("object", given);
      case "list":
        return Array.isArray(given)
          ? this.#list(given, field.item, field.max)
          : this.#wrongType("array", given);
      default:
        return this.#wrongType(field.kind, given);
    }
  }

  #list(given: readonly unknown[], item: FieldShape, max: number): unknown {
    if (given.length > max) return this.#fault(`at most ${max} are allowed`);
    const list: unknown[] = [];
    for (let index = 0; index < given.length && !this.#stopped; index++) {
      list.push(this.#field(index, given[index], item));
    }
    return list;
  }

  /** Numbers and booleans become text; `null` stays, the one place where it does not mean absent. */
  #textDetails(given: Readonly<Record<string, unknown>>): Record<string, string | null> {
    const details: Record<string, string | null> = {};
    for (const key in given) {
      if (this.#stopped) break;
      this.#details += 1;
      if (this.#details > MAX_DETAILS) {
        this.#fault("too many details for one event");
        this.#stopped = true;
        break;
      }
      const text = detailText(given[key]);
      const wrong = key === "__proto__"
        ? "this name is not allowed"
        : key.length === 0 || key.length > MAX_ID_LENGTH
        ? `a name has 1 to ${MAX_ID_LENGTH} characters`
        : text === undefined
        ? "expected text, a finite number, true, false or null"
        : text !== null && text.length > MAX_TEXT_LENGTH
        ? `at most ${MAX_TEXT_LENGTH} characters are allowed`
        : undefined;
      if (wrong === undefined) details[key] = text!;
      else this.#fault(wrong, key);
    }
    return details;
  }

  /**
   * Checks what is allowed in `data` and goes no further, and refuses what only the gateway writes.
   * Says whether the key is one of those.
   */
  #transport(key: string, given: unknown): boolean {
    switch (key) {
      case "type":
        if (typeof given !== "string") this.#fault("expected text", key);
        return true;
      case "channel":
        if (typeof given !== "string" || this.#channels.parse(given) !== this.#channel.name) {
          this.#fault(`expected ${this.#channel.name}, the channel of the event`, key);
        }
        return true;
      case "timestamp":
        if (typeof given !== "number" || !isTimestamp(given)) {
          this.#fault("expected a whole number of ms within the years 1970 to 9999", key);
        }
        return true;
      case "acknowledgedBy":
      case "acknowledgedAt":
        if (this.#channel.alerts !== true) return false;
        this.#fault("only the gateway says who acknowledged an alert, and when", key);
        return true;
      default:
        return false;
    }
  }

  #unknown(key: string, fields: ObjectShape, top: boolean): void {
    const near = nearestKey(key, fields.keys()) ??
      (top ? nearestKey(key, TRANSPORT_KEYS) : undefined);
    if (key === "__proto__") {
      this.#fault("this name is not allowed", key);
    } else if (near !== undefined) {
      this.#fault(`unknown field; did you mean ${near}?`, key);
    } else if (this.#unknownFields === "reject") {
      this.#fault("unknown field", key);
    } else if (this.#ignored.length < MAX_IGNORED_FIELDS) {
      this.#ignored.push([...this.#place, key].reduce<string>(joinPath, ""));
    } else {
      this.#fault(`more than ${MAX_IGNORED_FIELDS} unknown fields in an event`);
      this.#stopped = true;
    }
  }

  #wrongType(expected: string, given: unknown): undefined {
    return this.#fault(`Invalid input: expected ${expected}, received ${typeName(given)}`);
  }

  /** Reports a fault here, or at a key below. */
  #fault(message: string, key?: string): undefined {
    const place = key === undefined ? this.#place : [...this.#place, key];
    this.#faults.push({ path: place.reduce<string>(joinPath, ""), message });
    if (this.#faults.length >= MAX_REPORTED_FAULTS) this.#stopped = true;
  }
}

/** A value of details as text; `undefined` when it has none. */
function detailText(value: unknown): string | null | undefined {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

function isTimestamp(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_TIMESTAMP;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
