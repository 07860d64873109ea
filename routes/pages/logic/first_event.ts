/**
 * The command that publishes a first event, for a floor on which there is nothing.
 *
 * @module
 */

const EXAMPLE = {
  channel: "trader-status",
  data: {
    id: "first",
    name: "First trader",
    status: "RUNNING",
    exchange: "binance",
    symbol: "BTCUSDT",
    strategy: "by hand",
    reason: "started from the command line",
  },
};

/** How the command says who publishes. */
export type Publisher =
  /** With the development key, which lies in the data directory of the project's folder. */
  | { readonly kind: "development" }
  /** With a ticket for one request; one that is shown only, where there is none. */
  | { readonly kind: "ticket"; readonly ticket?: string }
  /** With a key that has to be put in. */
  | { readonly kind: "key" };

/** Writes the command. */
export function firstEventCommand(origin: string, publisher: Publisher): string {
  const query = publisher.kind === "ticket" ? `?ticket=${publisher.ticket ?? "…"}` : "";
  const key = publisher.kind === "development" ? "$(cat data/development.key)" : "$KEY";
  return [
    `curl "${origin}/api/v1/telemetry/events${query}" \\`,
    ...(publisher.kind === "ticket" ? [] : [`  -H "X-API-Key: ${key}" \\`]),
    `  -H "Content-Type: application/json" \\`,
    `  -d '${JSON.stringify(EXAMPLE, undefined, 2)}'`,
  ].join("\n");
}
