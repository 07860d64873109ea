/**
 * Takes the events out of a publisher's message before it is parsed.
 *
 * @module
 */
import { type Elements, runToEnd, scanList, skipSpace, ValueScanner } from "../json_scan.ts";

/** A message of a publisher in two parts. */
export interface CollectorFrame {
  /** The message with an empty list in the place of its events. */
  readonly envelope: string;
  /** The events, still to be parsed; `undefined` when the message has no list `events`. */
  readonly events: Elements | undefined;
}

/**
 * Splits a message. What is not an object comes back as it is, for the parser to say what is wrong.
 *
 * @param most Most events to list; the others are counted.
 * @returns `undefined` when the text cannot be JSON, or holds `events` twice.
 */
export function splitMessage(text: string, most: number): CollectorFrame | undefined {
  const start = skipSpace(text, 0);
  if (text[start] !== "{") return { envelope: text, events: undefined };
  let events: Elements | undefined;
  let envelope = text;
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const key = endOfString(text, at);
    const isEvents = text.slice(at + 1, key - 1) === "events";
    at = skipSpace(text, key);
    if (text[at] !== ":") return undefined;
    at = skipSpace(text, at + 1);
    if (isEvents && text[at] === "[") {
      if (events !== undefined) return undefined;
      const list = runToEnd(scanList(text, at, most));
      if (list === undefined) return undefined;
      events = list.elements;
      envelope = `${text.slice(0, at)}[]${text.slice(list.end)}`;
      at = list.end;
    } else {
      const value = new ValueScanner(text, at);
      while (!value.step());
      at = value.position;
    }
    at = skipSpace(text, at);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return { envelope, events };
}

/** The index behind the closing quote of a string; that of the end when there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
