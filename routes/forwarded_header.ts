/**
 * The header `Forwarded` (RFC 7239), read from its end.
 *
 * @module
 */

/** What one proxy wrote; only what is used here. */
export interface ForwardedElement {
  /** The address that called the proxy, perhaps with a port, or a made-up name. */
  readonly for?: string;
  /** The scheme that it was called with. */
  readonly proto?: string;
}

/** `name=value` or `name="value"`; escapes are not read, as no address or scheme needs them. */
const PAIR = /^\s*([!#$%&'*+.^_`|~0-9a-z-]+)=(?:"([^"\\]*)"|([!#$%&'*+.^_`|~0-9a-z-]+))\s*$/i;

/**
 * The elements of the header, the last one first; `undefined` for what is not well-formed.
 *
 * From the end, because the beginning is whatever the client sent: a quote that it opened must not
 * swallow what proxies appended.
 */
export function* forwardedElements(header: string): Generator<ForwardedElement | undefined> {
  let end = header.length;
  while (end >= 0) {
    const comma = lastOutsideQuotes(header, ",", end);
    yield parseElement(header.slice(comma + 1, end));
    end = comma;
  }
}

function parseElement(text: string): ForwardedElement | undefined {
  const element: { for?: string; proto?: string } = {};
  let end = text.length;
  while (end >= 0) {
    const semicolon = lastOutsideQuotes(text, ";", end);
    const [, name, quoted, token] = PAIR.exec(text.slice(semicolon + 1, end)) ?? [];
    if (name === undefined) return undefined;
    const key = name.toLowerCase();
    if (key === "for" || key === "proto") {
      // Each parameter may be given once (section 4).
      if (element[key] !== undefined) return undefined;
      element[key] = quoted ?? token ?? "";
    }
    end = semicolon;
  }
  return element;
}

/** Where a separator stands last before `end`, outside quotes as seen from there; -1 when nowhere. */
function lastOutsideQuotes(text: string, separator: string, end: number): number {
  let quoted = false;
  for (let i = end - 1; i >= 0; i--) {
    if (text[i] === '"') quoted = !quoted;
    else if (text[i] === separator && !quoted) return i;
  }
  return -1;
}
