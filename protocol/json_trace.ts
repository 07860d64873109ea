/**
 * Finds in JSON text what `JSON.parse` would change without a word: whole numbers that no double
 * holds, and keys `__proto__`, which code that copies objects takes for something else.
 *
 * Works on the text, as parsing loses both. Several times as dear as a scan, so it is asked only
 * about elements that {@link Element.suspicious} marks.
 *
 * @module
 */
import { skipSpace } from "./json_scan.ts";
import { type Fault, joinPath, MAX_REPORTED_FAULTS } from "./publish.ts";

/** Beyond ±2^53 a double cannot represent every whole number. */
const LARGEST_DIGITS = "9007199254740992";

/** Longest number that a message quotes, in characters. */
const MAX_QUOTED = 40;

/** A list or an object that is being walked through. */
interface Level {
  /** Path of the list or object. */
  readonly path: string;
  /** Index of the element that is next; `undefined` in an object. */
  index: number | undefined;
  /** The key that was read last, in an object. */
  key: string;
}

/**
 * Every whole number written beyond ±2^53 and every key `__proto__`, at most
 * {@link MAX_REPORTED_FAULTS}.
 *
 * @param text Valid JSON: the caller has parsed it.
 * @param path How faults name the value.
 */
export function findLossyParts(text: string, path: string): Fault[] {
  const faults: Fault[] = [];
  const levels: Level[] = [];
  let expectsKey = false;
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    if (faults.length >= MAX_REPORTED_FAULTS) break;
    const level = levels.at(-1);
    const character = text[at]!;
    switch (character) {
      case "{":
      case "[":
        levels.push({
          path: pathOf(level, path),
          index: character === "[" ? 0 : undefined,
          key: "",
        });
        expectsKey = character === "{";
        at++;
        break;
      case "}":
      case "]":
        levels.pop();
        expectsKey = false;
        at++;
        break;
      case ",":
        if (level!.index === undefined) expectsKey = true;
        else level!.index += 1;
        at++;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (expectsKey) {
          level!.key = JSON.parse(text.slice(at, end));
          if (level!.key === "__proto__") {
            faults.push({ path: pathOf(level, path), message: "is not allowed as a key" });
          }
          expectsKey = false;
        }
        at = end;
        break;
      }
      case ":":
        at++;
        break;
      default: {
        const end = endOfWord(text, at);
        const word = text.slice(at, end);
        if (isLossy(word)) {
          faults.push({ path: pathOf(level, path), message: describeNumber(word) });
        }
        at = end;
      }
    }
  }
  return faults;
}

/** The path of what comes next at a level. */
function pathOf(level: Level | undefined, root: string): string {
  return level === undefined ? root : joinPath(level.path, level.index ?? level.key);
}

function describeNumber(word: string): string {
  const quoted = word.length > MAX_QUOTED ? `${word.slice(0, MAX_QUOTED)}…` : word;
  return `the whole number ${quoted} would be changed; at most ±${LARGEST_DIGITS} (2^53), ` +
    "or send it as text";
}

/** The index behind the closing quote of a string. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** The index behind a number, `true`, `false` or `null`. */
function endOfWord(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && /[-+.\w]/.test(text[at]!)) at++;
  return at;
}

/** Whether a number is written without point or exponent, and lies beyond ±2^53. */
function isLossy(word: string): boolean {
  if (!/^-?\d+$/.test(word)) return false;
  const digits = word.startsWith("-") ? word.slice(1) : word;
  return digits.length > LARGEST_DIGITS.length ||
    (digits.length === LARGEST_DIGITS.length && digits > LARGEST_DIGITS);
}
