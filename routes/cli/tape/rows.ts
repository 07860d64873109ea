/**
 * Turns the lines of a tape into prices.
 *
 * @module
 */
import { CsvError } from "csv-parse/sync";
import { Decimal, MAX_DECIMAL_LENGTH } from "../../../protocol/decimal.ts";
import { Id } from "../../../protocol/events/fields.ts";
import type { Line } from "./lines.ts";
import { Big } from "../../../actors/sources/money.ts";
import {
  type ColumnRole,
  detectLayout,
  parseColumns,
  splitRow,
  type TapeLayout,
  TapeLayoutError,
} from "./layout.ts";
import { detectTimeFormat, parseTime, type TimeFormat } from "./time.ts";

/** One price of a tape. */
export interface TapeRow {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Recorded time, epoch ms; may have a fraction. */
  readonly time: number;
  /** What the price is of. */
  readonly symbol: string;
  /** Decimal string, as it was written wherever that is a valid one. */
  readonly price: string;
  /** Where the price comes from. */
  readonly source: string;
}

/** A row that cannot be read. The message names the line and what is expected. */
export class TapeRowError extends Error {
  /** The name of the class. */
  override readonly name = "TapeRowError";
  /** Line of the file, from 1. */
  readonly line: number;

  /** An error of the form `line 7: what is wrong`. */
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.line = line;
  }
}

/** How a tape is to be read. */
export interface RowOptions {
  /** The columns, as {@link parseColumns} reads them; detected from the first line by default. */
  readonly columns?: string;
  /** The symbol of every row; needed when no column names it, and stronger than a column. */
  readonly symbol?: string;
  /** The source of every row; a column, or else `tape`, by default. */
  readonly source?: string;
}

/** Floats as programs print them; converted exactly. Longer ones are not decimals. */
const SCIENTIFIC = /^[+-]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([eE][+-]?\d{1,2})?$/;

const HALF = new Big("0.5");

/** Reads one tape; keeps the layout and the time format of its first lines. */
export class RowReader {
  readonly #options: RowOptions;
  #layout: TapeLayout | undefined;
  #timeFormat: TimeFormat | undefined;
  #first = true;

  /**
   * A reader before its first line.
   *
   * @throws {TapeLayoutError} When the options name unusable columns.
   * @throws {RangeError} When the symbol is no identifier.
   */
  constructor(options: RowOptions) {
    this.#options = options;
    if (options.columns !== undefined) this.#layout = this.#checked(parseColumns(options.columns));
    if (options.symbol !== undefined && !Id.safeParse(options.symbol).success) {
      throw new RangeError("symbol: expected 1 to 128 characters");
    }
  }

  /**
   * Reads a line.
   *
   * @returns `undefined` for a blank line or a header.
   * @throws {TapeRowError} When the line is no row; others may well be.
   * @throws {TapeLayoutError} When the tape cannot be read at all.
   */
  read(line: Line): TapeRow | undefined {
    if (line.text.trim() === "") return undefined;
    const fields = readFields(line);
    if (this.#first) {
      const header = this.#isHeader(fields);
      this.#first = false;
      if (header) return undefined;
    }
    const { columns, width } = this.#layout!;
    if (fields.length < width) {
      throw new TapeRowError(
        line.number,
        `expected at least ${width} columns, found ${fields.length}`,
      );
    }
    const field = (role: ColumnRole) =>
      columns[role] === undefined ? undefined : fields[columns[role]];
    const { symbol, source } = this.#options;
    return {
      line: line.number,
      time: this.#time(field("timestamp")!, line.number),
      symbol: symbol ?? readSymbol(field("symbol")!, line.number),
      price: field("price") === undefined
        ? readMiddle(field("bid")!, field("ask")!, line.number)
        : readPrice(field("price")!, "price", line.number),
      source: source ?? field("source") ?? "tape",
    };
  }

  #isHeader(fields: readonly string[]): boolean {
    if (this.#layout === undefined) {
      const { layout, header } = detectLayout(fields);
      this.#layout = this.#checked(layout);
      return header;
    }
    // With the columns given, a first line where neither time nor price is one is a header.
    const { columns } = this.#layout;
    const price = fields[columns.price ?? columns.bid!] ?? "";
    return detectTimeFormat(fields[columns.timestamp!] ?? "") === undefined &&
      toDecimal(price) === undefined;
  }

  #checked(layout: TapeLayout): TapeLayout {
    if (layout.columns.symbol === undefined && this.#options.symbol === undefined) {
      throw new TapeLayoutError("no column names the symbol; say which symbol the tape is of");
    }
    this.#timeFormat = layout.timeFormat;
    return layout;
  }

  #time(text: string, line: number): number {
    // The first time decides: a later one in another unit is a bad row.
    this.#timeFormat ??= detectTimeFormat(text);
    const format = this.#timeFormat;
    const time = format === undefined ? undefined : parseTime(text, format);
    if (time !== undefined) return time;
    const expected = {
      s: "seconds since 1970",
      ms: "milliseconds since 1970",
      us: "microseconds since 1970",
      ns: "nanoseconds since 1970",
      iso: "an ISO-8601 time such as 2026-01-31T12:00:00Z",
      compact: "YYYYMMDD HHMMSSmmm",
    }[format ?? "iso"];
    throw new TapeRowError(line, `timestamp "${clip(text)}": expected ${expected}`);
  }
}

function readFields({ text, number }: Line): string[] {
  try {
    return splitRow(text);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new TapeRowError(number, "quotes: expected them around a whole field, doubled inside it");
  }
}

function readSymbol(text: string, line: number): string {
  if (Id.safeParse(text).success) return text;
  throw new TapeRowError(line, `symbol "${clip(text)}": expected 1 to 128 characters`);
}

function readPrice(text: string, role: ColumnRole, line: number): string {
  const price = toDecimal(text);
  if (price !== undefined) return price;
  throw new TapeRowError(line, `${role} "${clip(text)}": expected a decimal such as 9750.25`);
}

/** Half the sum, exact: halving adds one decimal and never rounds. */
function midpoint(bid: Big, ask: Big): Big {
  return bid.plus(ask).times(HALF);
}

function readMiddle(bid: string, ask: string, line: number): string {
  const middle = midpoint(
    new Big(readPrice(bid, "bid", line)),
    new Big(readPrice(ask, "ask", line)),
  ).toFixed();
  if (middle.length <= MAX_DECIMAL_LENGTH) return middle;
  throw new TapeRowError(line, `bid and ask: more than ${MAX_DECIMAL_LENGTH} characters together`);
}

/** The number as a decimal string: as it is if it is one, else exactly what it means. */
function toDecimal(text: string): string | undefined {
  if (Decimal.safeParse(text).success) return text;
  if (!SCIENTIFIC.test(text)) return undefined;
  const exact = new Big(text.replace(/^\+/, "")).toFixed();
  return exact.length <= MAX_DECIMAL_LENGTH ? exact : undefined;
}

/** Keeps messages readable when a field is not. */
function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
