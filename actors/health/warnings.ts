/**
 * The one way in which the gateway speaks on `system-warnings`.
 *
 * What is raised again and again becomes one event per code, subject and minute: the first goes out
 * at once, the others are counted and go out as one at the end of the minute.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { SystemWarning } from "../../protocol/events/system_warning.ts";
import { MAX_ID_LENGTH } from "../../protocol/events/fields.ts";
import { draftEvent } from "../../protocol/events/mod.ts";
import {
  type AnnouncedWarningCode,
  CONTRARY,
  type StoredWarningCode,
  type WarningCode,
  WARNINGS,
} from "../../protocol/warning_codes.ts";
import type { EventLog } from "../log/event_log.ts";
import type { Clock, Logger } from "../ports.ts";
import { SteadyTime } from "../steady_time.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";

/** At most one event of a code and subject in so many ms. */
export const COALESCE_MILLIS = 60_000;

/**
 * Most subjects of a code that are told apart within a minute; the others share one entry. Of a
 * hundred slow clients the next one is no news, and memory and noise need a bound.
 */
export const MAX_SUBJECTS = 100;

/** The name under which the gateway publishes. */
export const GATEWAY_PRINCIPAL = "gateway";

/** The subject of those beyond {@link MAX_SUBJECTS}. */
const OTHERS = "others";

/** What a warning says beside its code; numbers are sent as text. */
export type WarningDetails = Readonly<Record<string, string | number>>;

/** What {@link Warnings} works with. */
export interface WarningsDeps {
  /** Time. */
  readonly clock: Clock;
  /** The channels, for what is known of `system-warnings`. */
  readonly streams: ReadonlyMap<Channel, Pick<ChannelStream, "spec">>;
  /** Where every warning is written as well. */
  readonly log: Logger;
  /** Numbers, stores and distributes them. */
  readonly eventLog: Pick<EventLog, "append">;
  /** Tells the connected clients of a warning that has no number, as it is not stored. */
  readonly announce: (warning: SystemWarning) => void;
}

/** What was last said about a subject. */
interface Statement {
  readonly message: string;
  readonly details: WarningDetails;
}

/** A code and subject that a warning went out for less than a minute ago. */
interface Entry {
  /** The id of the incident: minutes that follow each other without a quiet one are one. */
  readonly id: string;
  /** When the next event may go out, monotonic ms. */
  readonly dueAt: number;
  /** How often it was raised since the last event. */
  count: number;
  /** What waits for the end of the minute; absent when nothing does or it is no longer true. */
  pending?: Statement | undefined;
}

/** Raises and coalesces the gateway's own warnings. */
export class Warnings {
  readonly #deps: WarningsDeps;
  /** By code and subject; subjects in the order in which they are due. */
  readonly #entries = new Map<StoredWarningCode, Map<string, Entry>>();
  readonly #steady: SteadyTime;
  #failureLoggedAt = -Infinity;

  /** Starts with nothing said. */
  constructor(deps: WarningsDeps) {
    this.#deps = deps;
    this.#steady = new SteadyTime(deps.clock);
  }

  /**
   * Publishes a warning, or counts it if one of the same code and subject went out less than a
   * minute ago. Never throws. What waits about the contrary is withdrawn: it is no longer true.
   *
   * @param subject What it is about: a channel, a client.
   */
  raise(
    code: StoredWarningCode,
    subject: string,
    message: string,
    details: WarningDetails = {},
  ): void {
    this.#withdraw(code, subject);
    let entries = this.#entries.get(code);
    if (entries === undefined) this.#entries.set(code, entries = new Map());
    let statement = { message, details };
    if (!entries.has(subject) && entries.size >= MAX_SUBJECTS) {
      subject = OTHERS;
      statement = { message: WARNINGS[code].meaning, details: {} };
    }
    const entry = entries.get(subject);
    if (entry === undefined) {
      const id = this.#idOf(code, subject);
      entries.set(subject, this.#entry(id));
      this.#publish(code, id, statement, 1);
    } else {
      entry.count += 1;
      entry.pending = statement;
    }
  }

  /** Tells the connected clients without storing anything, for what must get out in any case. */
  announce(
    code: AnnouncedWarningCode,
    subject: string,
    message: string,
    details: WarningDetails = {},
  ): void {
    const warning = this.#warning(code, this.#idOf(code, subject), { message, details }, 1);
    this.#log(warning, { ...details, count: 1 });
    this.#deps.announce(warning);
  }

  /** Publishes what was counted in a minute that is over. Called a few times a second. */
  poll(): void {
    const now = this.#deps.clock.now();
    for (const [code, entries] of this.#entries) {
      for (const [subject, { id, dueAt, count, pending }] of entries) {
        if (dueAt > now) break;
        entries.delete(subject);
        if (pending === undefined) continue;
        entries.set(subject, this.#entry(id));
        this.#publish(code, id, pending, count);
      }
    }
  }

  #entry(id: string): Entry {
    return { id, dueAt: this.#deps.clock.now() + COALESCE_MILLIS, count: 0 };
  }

  #withdraw(code: StoredWarningCode, subject: string): void {
    const contrary = CONTRARY[code];
    const entry = contrary && this.#entries.get(contrary)?.get(subject);
    if (entry !== undefined) entry.pending = undefined;
  }

  /** Names the incident by its first minute: it takes a quiet minute for another one to begin. */
  #idOf(code: WarningCode, subject: string): string {
    const minute = Math.floor(this.#steady.now() / COALESCE_MILLIS);
    const room = MAX_ID_LENGTH - code.length - String(minute).length - 2;
    return `${code}:${subject.slice(0, room).toWellFormed()}:${minute}`;
  }

  #warning(code: WarningCode, id: string, statement: Statement, count: number): SystemWarning {
    const { message, details } = statement;
    const createdAt = new Date(this.#deps.clock.epochMillis()).toISOString();
    const { severity } = WARNINGS[code];
    const texts = Object.entries({ ...details, count }).map(([name, value]) => [name, `${value}`]);
    return { id, severity, code, message, details: Object.fromEntries(texts), createdAt };
  }

  #publish(code: StoredWarningCode, id: string, statement: Statement, count: number): void {
    const { clock, eventLog, announce, streams } = this.#deps;
    const warning = this.#warning(code, id, statement, count);
    this.#log(warning, { ...statement.details, count });
    const event = draftEvent(streams.get("system-warnings")!.spec, warning, clock.epochMillis());
    eventLog.append(GATEWAY_PRINCIPAL, [event]).catch((error) => {
      this.#logFailure(error);
      announce(warning);
    });
  }

  #log({ severity, code, id, message }: SystemWarning, details: WarningDetails): void {
    const { log } = this.#deps;
    const properties = { code, id, ...details };
    if (severity === "CRITICAL") log.error(message, properties);
    else if (severity === "WARNING") log.warn(message, properties);
    else log.info(message, properties);
  }

  #logFailure(error: unknown): void {
    const now = this.#deps.clock.now();
    if (now - this.#failureLoggedAt < COALESCE_MILLIS) return;
    this.#failureLoggedAt = now;
    this.#deps.log.warn("warnings are not stored", { error: String(error) });
  }
}
