/**
 * Events as the classes of the replaced service write them, made up for tests: each as its hub writes
 * it (with `type`, `channel`, `timestamp`, defaults and `null`), and as its own serialiser does, which
 * leaves out what has its default.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import { DEFAULT_METRICS } from "../protocol/events/payloads.ts";
import { projectPath } from "./paths.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An event of a core. */
export interface CorePayload {
  /** What is special about it. */
  readonly name: string;
  /** Which serialiser wrote it. */
  readonly form: string;
  readonly channel: Channel;
  readonly data: Fields;
}

/** The objects of the replaced service's own serialisers; not part of the project, may be absent. */
export const CORE_PAYLOADS_FILE: string = projectPath("../shared/data/core-payloads.ndjson");

/** The events of {@link CORE_PAYLOADS_FILE}. */
export function readCorePayloads(): readonly CorePayload[] {
  const lines = Deno.readTextFileSync(CORE_PAYLOADS_FILE).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as CorePayload);
}

interface Prototype {
  readonly name: string;
  readonly channel: Channel;
  /** What is written in either form. */
  readonly data: Fields;
  /** What the hub writes beside it. */
  readonly defaults: Fields;
}

const TIME = "2026-02-03T04:05:06.123456789Z";

const EMPTY_METRICS: Fields = {
  ...DEFAULT_METRICS,
  profitFactor: null,
  sharpeRatio: null,
  startTime: null,
  lastSignalAction: null,
  lastSignalConfidence: null,
  lastSignalTime: null,
};

const TRADER: Fields = {
  id: "7",
  name: "Breakout",
  status: "RUNNING",
  exchange: "KRAKEN",
  symbol: "ETHEUR",
  strategy: "BREAKOUT",
  reason: "",
  updatedAt: TIME,
};

const POSITION: Fields = {
  id: "p-7",
  traderId: "7",
  symbol: "ETHEUR",
  action: "SHORT",
  quantity: "3",
  entryPrice: "2100.5",
  currentPrice: "2100.25",
  unrealizedPnL: "0.75",
  status: "UPDATED",
  isActive: true,
  updatedAt: TIME,
};

const ALERT: Fields = {
  id: "7:WARNING:LEVERAGE",
  traderId: "7",
  severity: "WARNING",
  message: "leverage",
  createdAt: TIME,
};

const PRICE: Fields = {
  id: "ETHEUR",
  symbol: "etheur",
  price: "2100.25",
  source: "kraken",
  updatedAt: TIME,
};

const POSITION_DEFAULTS: Fields = {
  realizedPnL: null,
  reason: null,
  trailingStopActivated: false,
  stopLossPrice: null,
  takeProfitPrice: null,
};

const ALERT_DEFAULTS: Fields = { recommendation: null, violations: [], status: "ACTIVE" };

const PROTOTYPES: readonly Prototype[] = [
  { name: "trader", channel: "trader-status", data: TRADER, defaults: { metrics: null } },
  {
    name: "trader without trades",
    channel: "trader-status",
    data: { ...TRADER, metrics: {} },
    defaults: { metrics: EMPTY_METRICS },
  },
  ...["PT-5S", "PT-1.5S", "PT74H", "PT0.000000001S", "PT1H1M"].map((uptime) => ({
    name: `trader up for ${uptime}`,
    channel: "trader-status" as const,
    data: { ...TRADER, metrics: { uptime } },
    defaults: { metrics: { ...EMPTY_METRICS, uptime } },
  })),
  {
    name: "trader with large and small ratios",
    channel: "trader-status",
    data: { ...TRADER, metrics: { profitFactor: 1.0e300, sharpeRatio: -1.0e-10 } },
    defaults: { metrics: { ...EMPTY_METRICS, profitFactor: 1.0e300, sharpeRatio: -1.0e-10 } },
  },
  { name: "position", channel: "positions", data: POSITION, defaults: POSITION_DEFAULTS },
  {
    name: "closed position with long decimals",
    channel: "positions",
    data: {
      ...POSITION,
      quantity: `0.${"6".repeat(100)}`,
      realizedPnL: "-123456789012345678901234567890.000000000000000001",
      status: "CLOSED",
      isActive: false,
      trailingStopActivated: true,
    },
    defaults: { reason: null, stopLossPrice: null, takeProfitPrice: null },
  },
  { name: "alert", channel: "risk-alerts", data: ALERT, defaults: ALERT_DEFAULTS },
  {
    name: "alert of nobody",
    channel: "risk-alerts",
    data: {
      ...ALERT,
      traderId: null,
      violations: [{ type: "LEVERAGE", message: "m", details: { limit: null, current: "3E+1" } }],
    },
    defaults: { recommendation: null, status: "ACTIVE" },
  },
  {
    name: "price",
    channel: "market-data",
    data: PRICE,
    defaults: { change24h: null, isSnapshot: false },
  },
  {
    name: "price of a whole minute",
    channel: "market-data",
    data: { ...PRICE, isSnapshot: true, change24h: -0.5, updatedAt: "2026-02-03T04:05:00Z" },
    defaults: {},
  },
];

/** Every made-up event in both forms. */
export const CORE_PAYLOADS: readonly CorePayload[] = PROTOTYPES.flatMap(
  ({ name, channel, data, defaults }) => {
    const transport = {
      type: "com.example.core.TelemetryEvent",
      channel: channel.toUpperCase().replaceAll("-", "_"),
      timestamp: Date.parse((data["updatedAt"] ?? data["createdAt"]) as string),
    };
    return [
      { name, channel, form: "hub", data: { ...data, ...defaults, ...transport } },
      { name, channel, form: "own serialiser", data },
    ];
  },
);
