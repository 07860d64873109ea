/**
 * Looks over JSON text before it is parsed: where the elements of a list stand, how deep they nest,
 * and whether one may hold something that parsing would silently change.
 *
 * `JSON.parse` has no bounds: what comes after it pays for depth and size. One pass over the
 * characters costs about a twentieth of parsing and validating (ADR 0024).
 *
 * @module
 */

/** Deepest nesting of what peers send, in levels of lists and objects. Payloads need six. */
export const MAX_JSON_DEPTH = 32;

/** Characters that are scanned or parsed between two chances to pause. */
export const STEP_CHARACTERS = 16_384;

/** Shortest run of digits that may be a whole number beyond 2^53. */
const UNSAFE_DIGITS = 16;

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** One element of a list, as it stands in its text. */
export interface Element {
  /** Index of its first character. */
  readonly start: number;
  /** Index behind its last character. */
  readonly end: number;
  /** Whether it nests deeper than {@link MAX_JSON_DEPTH}. */
  readonly deep: boolean;
  /** Whether it may hold a whole number beyond 2^53 or a key `__proto__`: to be looked at closely. */
  readonly suspicious: boolean;
  /** Number of its line in NDJSON, from 1; 0 elsewhere. */
  readonly line: number;
}

/** The elements of a list. Each is still to be parsed: between them, only the commas were checked. */
export interface Elements {
  /** The text that the elements are part of. */
  readonly text: string;
  /** How many there are. */
  readonly count: number;
  /** The first of them, as many as were asked for. */
  readonly list: readonly Element[];
}

/**
 * Walks over one value. Whether it is JSON is up to the parser: brackets are counted, not matched.
 */
export class ValueScanner {
  /** Index of the next character. */
  position: number;
  /** The deepest level so far. */
  deepest = 0;
  /** Whether a long run of digits or an escaped underscore was seen. */
  suspicious = false;
  readonly #text: string;
  readonly #end: number;
  readonly #whole: boolean;
  #depth = 0;
  #inString = false;

  /**
   * Starts at a position.
   *
   * @param end Index of the end of the value. When it is absent, the value ends before the comma or
   *   the bracket that does not belong to it.
   */
  constructor(text: string, position: number, end?: number) {
    this.#text = text;
    this.position = position;
    this.#end = end ?? text.length;
    this.#whole = end !== undefined;
  }

  /**
   * Goes on for about {@link STEP_CHARACTERS}.
   *
   * @returns Whether it has arrived at the end of the value.
   */
  step(): boolean {
    const text = this.#text;
    const end = this.#end;
    const whole = this.#whole;
    const limit = Math.min(end, this.position + STEP_CHARACTERS);
    let at = this.position;
    let depth = this.#depth;
    let deepest = this.deepest;
    let inString = this.#inString;
    let arrived = false;
    while (at < limit) {
      let code = text.charCodeAt(at);
      if (inString || code === QUOTE) {
        if (!inString) at++;
        for (inString = true; at < limit; at++) {
          code = text.charCodeAt(at);
          if (code === QUOTE) break;
          if (code !== BACKSLASH) continue;
          if (isUnderscore(text, at + 1)) this.suspicious = true;
          at++;
        }
        if (at >= limit) break;
        inString = false;
      } else if (code >= ZERO && code <= NINE) {
        const from = at;
        do code = text.charCodeAt(++at); while (code >= ZERO && code <= NINE);
        if (at - from >= UNSAFE_DIGITS) this.suspicious = true;
        continue;
      } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
        if (++depth > deepest) deepest = depth;
      } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
        if (--depth < 0 && !whole) {
          arrived = true;
          break;
        }
      } else if (code === COMMA && depth === 0 && !whole) {
        arrived = true;
        break;
      }
      at++;
    }
    this.position = Math.min(at, end);
    this.#depth = depth;
    this.deepest = deepest;
    this.#inString = inString;
    return arrived || at >= end;
  }
}

/** Whether an escape, from the character behind its backslash on, is that of an underscore. */
function isUnderscore(text: string, at: number): boolean {
  return text.startsWith("u005", at) && (text.charCodeAt(at + 4) | 0x20) === 0x66;
}

/** Whether a text nests deeper than {@link MAX_JSON_DEPTH}. */
export function isTooDeep(text: string): boolean {
  // Each level takes two characters.
  if (text.length <= 2 * MAX_JSON_DEPTH) return false;
  const scanner = new ValueScanner(text, 0, text.length);
  while (!scanner.step());
  return scanner.deepest > MAX_JSON_DEPTH;
}

/** Whether the text spells a key that could only be meant to change what an object inherits. */
function namesPrototype(text: string): boolean {
  return text.includes("__proto__");
}

/** Collects elements. */
class ElementList implements Elements {
  readonly list: Element[] = [];
  count = 0;
  readonly text: string;
  readonly #most: number;
  readonly #suspicious: boolean;

  constructor(text: string, most: number) {
    this.text = text;
    this.#most = most;
    this.#suspicious = namesPrototype(text);
  }

  /** Adds a value; without a scanner that has walked over it, nothing is remarkable about it. */
  add(start: number, end: number, scanner: ValueScanner | undefined, line = 0): void {
    this.count += 1;
    if (this.list.length >= this.#most) return;
    const deep = scanner !== undefined && scanner.deepest > MAX_JSON_DEPTH;
    const suspicious = this.#suspicious || (scanner?.suspicious ?? false);
    this.list.push({ start, end, deep, suspicious, line });
  }
}

/**
 * Finds the elements of a JSON body: those of its list, or the one value that it is. Pauses are up to
 * the caller, who goes on with `next()`.
 *
 * @param most Most elements to list; the others are counted.
 * @returns `undefined` when the text is not JSON.
 */
export function* scanJson(text: string, most: number): Generator<void, Elements | undefined> {
  const start = skipSpace(text, 0);
  if (text.charCodeAt(start) !== OPEN_LIST) {
    const elements = new ElementList(text, most);
    const scanner = new ValueScanner(text, start, text.length);
    while (!scanner.step()) yield;
    elements.add(start, text.length, scanner);
    return elements;
  }
  const list = yield* scanList(text, start, most);
  if (list === undefined || skipSpace(text, list.end) < text.length) return undefined;
  return list.elements;
}

/**
 * Finds the elements of a list within a text.
 *
 * @param start Index of its opening bracket.
 * @param most Most elements to list; the others are counted.
 * @returns The elements and the index behind the closing bracket; `undefined` when it is not a list.
 */
export function* scanList(
  text: string,
  start: number,
  most: number,
): Generator<void, { readonly elements: Elements; readonly end: number } | undefined> {
  const elements = new ElementList(text, most);
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === CLOSE_LIST) return { elements, end: at + 1 };
  let pausedAt = at;
  while (true) {
    const scanner = new ValueScanner(text, at);
    while (!scanner.step()) yield;
    const end = scanner.position;
    elements.add(at, end, scanner);
    const code = text.charCodeAt(end);
    if (code === CLOSE_LIST) return { elements, end: end + 1 };
    if (code !== COMMA) return undefined;
    at = end + 1;
    if (at - pausedAt < STEP_CHARACTERS) continue;
    pausedAt = at;
    yield;
  }
}

/**
 * Finds the lines of an NDJSON body that are not empty. Where a search for rare characters shows that
 * a line is harmless, it is not walked over.
 *
 * @param most Most lines to list; the others are counted.
 */
export function* scanLines(text: string, most: number): Generator<void, Elements> {
  const elements = new ElementList(text, most);
  const lists = new Occurrences(text, "[");
  const objects = new Occurrences(text, "{");
  const isCalm = !mayBeSuspicious(text);
  let pausedAt = 0;
  let line = 1;
  for (let at = 0, end: number; at < text.length; at = end + 1, line++) {
    end = text.indexOf("\n", at);
    if (end < 0) end = text.length;
    const start = skipSpace(text, at, end);
    if (start < end) {
      const isFlat = objects.countBefore(end) + lists.countBefore(end) <= MAX_JSON_DEPTH;
      const scanner = isFlat && isCalm ? undefined : new ValueScanner(text, start, end);
      while (scanner !== undefined && !scanner.step()) yield;
      elements.add(start, end, scanner, line);
    }
    if (end - pausedAt < STEP_CHARACTERS) continue;
    pausedAt = end;
    yield;
  }
  return elements;
}

/** Counts a character in the consecutive parts of a text. */
class Occurrences {
  readonly #text: string;
  readonly #character: string;
  #next: number;

  constructor(text: string, character: string) {
    this.#text = text;
    this.#character = character;
    this.#next = text.indexOf(character);
  }

  /** How many there are from the last `end` on; no more than are needed to know that they are many. */
  countBefore(end: number): number {
    let count = 0;
    while (this.#next >= 0 && this.#next < end) {
      if (++count > MAX_JSON_DEPTH) {
        this.#next = this.#text.indexOf(this.#character, end);
        break;
      }
      this.#next = this.#text.indexOf(this.#character, this.#next + 1);
    }
    return count;
  }
}

/** Whether there may be anything in a text that makes an element suspicious. */
function mayBeSuspicious(text: string): boolean {
  if (text.includes("\\u005")) return true;
  // A run of so many digits covers a position that is a multiple of their number.
  for (let at = UNSAFE_DIGITS - 1; at < text.length; at += UNSAFE_DIGITS) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let from = at;
    while (from > 0 && isDigit(text.charCodeAt(from - 1))) from--;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    if (end - from >= UNSAFE_DIGITS) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** The index of the first character that is not white space, from a position on. */
export function skipSpace(text: string, from: number, end: number = text.length): number {
  let at = from;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** White space between the tokens of JSON. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Runs a generator to its end without a pause. */
export function runToEnd<T>(steps: Generator<void, T>): T {
  for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
}
