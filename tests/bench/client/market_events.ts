/**
 * The events of the bench: prices, whose frames have about 290 bytes in protocol v1.
 *
 * @module
 */

const SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT"];

/** An event as a line of NDJSON; the same index makes the same event. */
export function eventLine(index: number): string {
  const symbol = SYMBOLS[index % SYMBOLS.length]!;
  const price = (9_000 + (index * 7) % 900 + 0.25).toFixed(2);
  const time = new Date(1_769_860_800_000 + index).toISOString();
  const data = {
    id: symbol,
    symbol,
    price,
    source: "binance",
    change24h: 1.25,
    isSnapshot: false,
    updatedAt: time,
  };
  return JSON.stringify({ channel: "market-data", data }) + "\n";
}

/** So many events as a body of NDJSON. */
export function eventLines(first: number, count: number): string {
  let lines = "";
  for (let index = first; index < first + count; index++) lines += eventLine(index);
  return lines;
}
