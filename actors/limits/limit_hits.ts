/**
 * How often a limit that an operator can set has refused something.
 *
 * @module
 */

/** The options that are limits. */
export const LIMIT_OPTIONS = [
  "server.maxConnections",
  "server.maxConnectionsPerAddress",
  "server.maxConnectionsPerKey",
  "server.handshakesPerSecond",
  "server.handshakesPerSecondPerAddress",
  "server.requestsPerSecondPerKey",
  "telemetry.maxSubscriptions",
  "telemetry.maxFilterValues",
  "telemetry.inboundMessagesPerSecond",
] as const;

/** An option that is a limit. */
export type LimitOption = (typeof LIMIT_OPTIONS)[number];

/** Counts refusals by the option that can be changed. */
export class LimitHits {
  readonly #counts = new Map<LimitOption, number>(LIMIT_OPTIONS.map((option) => [option, 0]));

  /** Refusals since the start, of every option. */
  get counts(): ReadonlyMap<LimitOption, number> {
    return this.#counts;
  }

  /** Notes that a limit has refused something. */
  record(option: LimitOption): void {
    this.#counts.set(option, this.#counts.get(option)! + 1);
  }
}
