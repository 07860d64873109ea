/**
 * The common form of what clients send on a socket: one JSON object a text frame, with an `action`.
 *
 * @module
 */
import { isTooDeep, MAX_JSON_DEPTH } from "./json_scan.ts";

/** Longest accepted client message, in characters (UTF-16 code units). */
export const MAX_CLIENT_MESSAGE_LENGTH = 16_384;

/** Length at which a message ends its connection instead of being answered (1 Mi characters). */
export const MAX_TOLERATED_LENGTH = 1_048_576;

/** Most channel names in one message. */
export const MAX_CHANNEL_NAMES = 64;

/** Why a frame holds no action. */
export interface ActionFault {
  /** What kind of fault it is; the same words in every dialect. */
  readonly code: "invalid_payload" | "unknown_action" | "too_large";
  /** For people: what is wrong and what is expected. */
  readonly message: string;
  /** The `id` of the message, when it has a valid one. */
  readonly id?: string;
}

/** The outcome of {@link readAction}. */
export type ActionResult<Action extends string> =
  | {
    readonly ok: true;
    /** The object, its `action` in lower case. */
    readonly value: Readonly<Record<string, unknown>> & { readonly action: Action };
  }
  | { readonly ok: false; readonly fault: ActionFault };

/** Longest `id` of a message that is echoed, in characters. */
export const MAX_MESSAGE_ID_LENGTH = 128;

/** Longest explanation of a fault, in characters: it may quote what was sent. */
export const MAX_MESSAGE_LENGTH = 512;

/** Clips an explanation to {@link MAX_MESSAGE_LENGTH}. */
export function clipMessage(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH
    ? message
    : `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}

/**
 * Reads one text frame as far as its action. Never throws.
 *
 * @param maxLength Longest accepted frame, in characters.
 * @param actions The actions that are understood, in lower case; any case is accepted.
 */
export function readAction<Action extends string>(
  text: string,
  maxLength: number,
  actions: readonly Action[],
): ActionResult<Action> {
  if (text.length > maxLength) {
    return reject("too_large", `a message may have ${maxLength} characters`);
  }
  // What checks the parts of a message may recurse into them.
  if (isTooDeep(text)) {
    return reject("invalid_payload", `nested deeper than ${MAX_JSON_DEPTH} levels`);
  }
  const known = actions.join(", ");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return reject("invalid_payload", "not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return reject("invalid_payload", `expected an object with "action": ${known}`);
  }
  const { action, id } = value as Record<string, unknown>;
  if (typeof action !== "string") {
    return reject("invalid_payload", `"action" is missing; use one of ${known}`, id);
  }
  const name = actions.find((candidate) => candidate === action.toLowerCase());
  if (name === undefined) {
    return reject("unknown_action", `unknown action; use one of ${known}`, id);
  }
  return { ok: true, value: { ...value, action: name } };
}

/** The `id` of a message as it can be echoed; `undefined` when it cannot. */
export function echoableId(id: unknown): string | undefined {
  return typeof id === "string" && id.length > 0 && id.length <= MAX_MESSAGE_ID_LENGTH
    ? id
    : undefined;
}

function reject(
  code: ActionFault["code"],
  message: string,
  id?: unknown,
): { readonly ok: false; readonly fault: ActionFault } {
  const echoed = echoableId(id);
  return { ok: false, fault: { code, message, ...(echoed !== undefined && { id: echoed }) } };
}
