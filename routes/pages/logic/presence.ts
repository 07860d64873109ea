/**
 * What the connection is doing, in words.
 *
 * @module
 */
import type { ConnectionState } from "../../../protocol/client/mod.ts";
import { formatAge } from "./durations.ts";

/** Silence after which what is shown is not called live any more, in ms. */
export const STALE_AFTER_MILLIS = 2_000;

/** How a state looks: a tone is never the only sign, the words say the same. */
export interface Presence {
  readonly tone: "live" | "late" | "lost";
  readonly word: string;
  readonly detail: string;
}

/**
 * Describes it.
 *
 * @param silenceMs Since the last sign of life, in ms.
 * @param untilRetryMs Until the next attempt, in ms, while it waits.
 */
export function describePresence(
  state: ConnectionState,
  silenceMs: number,
  untilRetryMs: number,
): Presence {
  const heard = `heard ${formatAge(silenceMs)} ago`;
  switch (state.status) {
    case "live":
      return silenceMs < STALE_AFTER_MILLIS
        ? { tone: "live", word: "Live", detail: heard }
        : { tone: "late", word: "Silent", detail: heard };
    case "connecting":
      return { tone: "late", word: "Connecting", detail: "" };
    case "waiting": {
      const seconds = Math.ceil(Math.max(0, untilRetryMs) / 1_000);
      const next = seconds > 0 ? `next try in ${seconds} s` : "trying now";
      return { tone: "lost", word: WORDS[state.why.code] ?? "Not connected", detail: next };
    }
    case "ended":
      return { tone: "lost", word: WORDS[state.why.code] ?? "Disconnected", detail: "" };
  }
}

/** The reasons that have a name of their own, by the code of the client's error. */
const WORDS: Readonly<Record<string, string>> = {
  unreachable: "Gateway away",
  lost: "Connection lost",
  stalled: "Connection stalled",
  going_away: "Gateway restarting",
  overloaded: "Gateway busy",
  unauthorized: "Session ended",
  forbidden: "Not allowed",
  replaced: "Replaced",
  disconnected: "Disconnected",
};
