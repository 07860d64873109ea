/**
 * Counts every refusal and logs it; the number of lines is limited, so that a flood of refusals does
 * not bury the rest of the log.
 *
 * @module
 */
import type { ErrorCode } from "../../protocol/api.ts";
import { CoalescedCall } from "../coalesced_call.ts";
import type { Clock, Logger } from "../ports.ts";
import { addressGroup } from "./address_group.ts";

/** Most lines about refusals in {@link WINDOW_MILLIS}, the one with the counts included. */
export const MAX_LINES = 50;

/** Time in which the lines are limited, in all and for one address and code; in ms. */
export const WINDOW_MILLIS = 1_000;

/** What was refused: a WebSocket, or an HTTP request. */
export type RefusedKind = "handshake" | "request";

/** A refusal as it is written. Nothing in it may be a credential. */
export interface RefusedAttempt {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The code of the answer. */
  readonly code: ErrorCode;
  /** The address of the peer, without its port. */
  readonly address: string;
  /** The path, without its query. */
  readonly path: string;
  /** The origin, where it is the reason. */
  readonly origin?: string;
  /** The host, where it is the reason. */
  readonly host?: string;
  /** The name of the key, if it is known. */
  readonly principal?: string;
}

/** Refusals since the start by code. */
export type RefusalCounts = Readonly<
  Record<RefusedKind, Readonly<Partial<Record<ErrorCode, number>>>>
>;

interface WrittenLine {
  readonly at: number;
  /** Kind, code and address. */
  readonly subject: string;
}

/** Counts and writes refusals. It remembers the lines of one second, and so at most as many addresses. */
export class Refusals {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #counts: Record<RefusedKind, Partial<Record<ErrorCode, number>>>;
  /** What was counted and not written since the last line about that. */
  #unwritten: Record<string, number> = {};
  /** The lines of the last second, oldest first. */
  readonly #lines: WrittenLine[] = [];
  readonly #summary: CoalescedCall;

  /** Begins to count. */
  constructor(clock: Clock, log: Logger) {
    this.#summary = new CoalescedCall(clock, () => this.#writeCounts());
    this.#clock = clock;
    this.#log = log;
    this.#counts = { handshake: {}, request: {} };
  }

  /** Refusals since the start. */
  get counts(): RefusalCounts {
    return this.#counts;
  }

  /** Notes a refusal. */
  record(kind: RefusedKind, attempt: RefusedAttempt): void {
    const { code } = attempt;
    this.#counts[kind][code] = (this.#counts[kind][code] ?? 0) + 1;
    const subject = `${kind} ${code} ${addressGroup(attempt.address)}`;
    if (this.#mayWrite(subject)) {
      this.#log.warn(`${kind} refused`, { ...attempt });
      return;
    }
    const name = `${kind} ${code}`;
    this.#unwritten[name] = (this.#unwritten[name] ?? 0) + 1;
    const now = this.#clock.now();
    this.#summary.at(now + WINDOW_MILLIS, now);
  }

  /** One line is kept for the counts. */
  #mayWrite(subject: string): boolean {
    const now = this.#clock.now();
    while (this.#lines.length > 0 && now - this.#lines[0]!.at >= WINDOW_MILLIS) this.#lines.shift();
    if (this.#lines.length >= MAX_LINES - 1) return false;
    if (this.#lines.some((line) => line.subject === subject)) return false;
    this.#lines.push({ at: now, subject });
    return true;
  }

  #writeCounts(): void {
    this.#log.warn("more refusals, counted by code and not logged one by one", {
      counts: this.#unwritten,
    });
    this.#unwritten = {};
  }
}
