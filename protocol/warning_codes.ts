/**
 * What the gateway says about itself: the codes of `system-warnings`. The guide and the warnings
 * themselves read this catalogue.
 *
 * @module
 */
import type { SystemWarning } from "./events/system_warning.ts";

/** One kind of warning. */
export interface WarningKind {
  /** How bad it is; `INFO` for an all-clear. */
  readonly severity: SystemWarning["severity"];
  /** What it says, in one sentence. */
  readonly meaning: string;
  /** Whether it is an event of the channel: numbered, stored, replayed. Else it is announced alone. */
  readonly stored: boolean;
}

/** Every code with what it means. */
export const WARNINGS = {
  STALE_CHANNEL: {
    severity: "WARNING",
    meaning: "a channel had neither an event nor a publisher's heartbeat for its maximum age",
    stored: true,
  },
  FRESH_CHANNEL: {
    severity: "INFO",
    meaning: "a stale channel is alive again",
    stored: true,
  },
  NOBODY_WATCHING: {
    severity: "WARNING",
    meaning: "no client has been subscribed to risk-alerts for 30 seconds",
    stored: true,
  },
  SOMEBODY_WATCHING: {
    severity: "INFO",
    meaning: "a client is subscribed to risk-alerts again",
    stored: true,
  },
  SLOW_CONSUMER: {
    severity: "WARNING",
    meaning: "a client does not read as fast as it is sent to",
    stored: true,
  },
  SEQUENCE_ROLLED_BACK: {
    severity: "CRITICAL",
    meaning:
      "a client has seen later events than are stored: the store was replaced by an older one",
    stored: true,
  },
  IGNORED_FIELDS: {
    severity: "WARNING",
    meaning: "a publisher sends fields that the gateway does not know; they are left out",
    stored: true,
  },
  CLOCK_STEPPED: {
    severity: "WARNING",
    meaning: "the clock of the machine was set by more than a few seconds",
    stored: true,
  },
  STORE_FAILING: {
    severity: "CRITICAL",
    meaning: "events are refused, as they cannot be stored",
    stored: false,
  },
  STORE_RECOVERED: {
    severity: "INFO",
    meaning: "events are stored again",
    stored: false,
  },
  SHUTTING_DOWN: {
    severity: "INFO",
    meaning: "the gateway is about to close every connection",
    stored: false,
  },
} as const satisfies Record<string, WarningKind>;

/** The code of a warning. */
export type WarningCode = keyof typeof WARNINGS;

type CodeWhere<Stored extends boolean> = {
  [Code in WarningCode]: (typeof WARNINGS)[Code]["stored"] extends Stored ? Code : never;
}[WarningCode];

/** The code of a warning that is stored. */
export type StoredWarningCode = CodeWhere<true>;

/** The code of a warning that is only announced. */
export type AnnouncedWarningCode = CodeWhere<false>;

/** Codes that say the opposite of each other about the same subject. */
export const CONTRARY: Readonly<Partial<Record<StoredWarningCode, StoredWarningCode>>> = {
  STALE_CHANNEL: "FRESH_CHANNEL",
  FRESH_CHANNEL: "STALE_CHANNEL",
  NOBODY_WATCHING: "SOMEBODY_WATCHING",
  SOMEBODY_WATCHING: "NOBODY_WATCHING",
};
