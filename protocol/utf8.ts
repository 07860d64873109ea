/**
 * Decodes UTF-8, and refuses bytes that are not.
 *
 * @module
 */

/** Bytes that are decoded at a time: 3 ms at most, where every character has several bytes. */
const SLICE_BYTES = 524_288;

/** What a decoder writes for bytes that are no text; it may stand in a text as well. */
const REPLACEMENT = "\uFFFD";

/** Fast: of plain ASCII it makes strings of one byte a character, which a strict one does not. */
const LENIENT = new TextDecoder("utf-8", { ignoreBOM: true });
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8; a byte order mark is left out. Pauses are up to the caller, who goes on with
 * `next()`.
 *
 * @returns `undefined` when the bytes are not UTF-8.
 */
export function* decodeUtf8(bytes: Uint8Array): Generator<void, string | undefined> {
  const parts: string[] = [];
  for (let at = 0, end: number; at < bytes.length; at = end) {
    if (at > 0) yield;
    end = startOfCharacter(bytes, Math.min(at + SLICE_BYTES, bytes.length));
    if (end <= at) return undefined; // Nothing but continuations.
    const part = decode(bytes.subarray(at, end));
    if (part === undefined) return undefined;
    parts.push(part);
  }
  const text = parts.length === 1 ? parts[0]! : parts.join("");
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The last position up to `end` where no character is cut; `end` itself at the end of the bytes. */
function startOfCharacter(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at < bytes.length && at > 0 && (bytes[at]! & 0xc0) === 0x80) at--;
  return at;
}

function decode(bytes: Uint8Array): string | undefined {
  const text = LENIENT.decode(bytes);
  if (!text.includes(REPLACEMENT)) return text;
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}
